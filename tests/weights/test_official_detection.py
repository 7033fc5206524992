"""Published checkpoints of the detection networks, with both encoders and with one."""

import pytest
import torch

from hypersigma.errors import WeightsError
from hypersigma.nn.detection import AnomalyNetwork, TargetNetwork, published_config
from hypersigma.nn.sizes import Size
from hypersigma.weights.fit import fit
from hypersigma.weights.official import detection
from hypersigma.weights.official.checkpoint import read_checkpoint
from hypersigma.weights.official.names import publish, translate
from hypersigma.weights.receipt import Receipt

SIZE = Size(8, 4, 2, 2, (0, 1, 2, 3))
COMMON = {"conv_features.weight"}
SPATIAL = {
    "pos_embed",
    "patch_embed.proj.weight",
    "patch_embed.proj.bias",
    "fpn1.weight",
    "fpn2.weight",
    "fpn3.weight",
    "fpn4.weight",
}
SPECTRAL = {"pos_embed", "spat_map.weight", "spat_map.bias", "l1.weight"}
ALONE = COMMON | {f"encoder.{name}" for name in SPATIAL}
BOTH = (
    COMMON
    | {f"spat_encoder.{name}" for name in SPATIAL}
    | {f"spec_encoder.{name}" for name in SPECTRAL}
    | {"fc_spec.0.weight", "fc_spec.2.weight"}
)
ANOMALY = {"conv_fc.0.weight"}
TARGET = {"conv_ts.0.weight", "conv_ts.1.weight", "conv_ts.1.bias", "conv_ts.3.weight"}
UNUSED = [f"spec_encoder.{name}" for name in ("norm.weight", "norm.bias", "conv_q.0.weight", "conv_v.0.bias")]

NETWORKS = pytest.mark.parametrize(
    ("build", "table", "gated", "names"),
    [
        (AnomalyNetwork, detection.ANOMALY, True, BOTH | ANOMALY),
        (AnomalyNetwork, detection.ANOMALY_SPATIAL, False, ALONE | ANOMALY),
        (TargetNetwork, detection.TARGET, True, BOTH | TARGET),
        (TargetNetwork, detection.TARGET_SPATIAL, False, ALONE | TARGET),
    ],
    ids=["anomaly", "anomaly spatial", "target", "target spatial"],
)


def network(build, gated, **changes):
    return build(published_config(SIZE, gated=gated, **{"channels": 6, "image": (4, 4)} | changes))


def published_state(build, table, gated):
    """A network and its state as published files have it, with tensors that nobody uses."""
    source = network(build, gated)
    state = publish(source.state_dict(), table)
    if gated:
        state["spec_encoder.spat_map.weight"] = state["spec_encoder.spat_map.weight"].flatten(1)
        state |= {name: torch.zeros(3) for name in UNUSED}
    return source, state


@NETWORKS
def test_a_published_checkpoint_loads_with_a_receipt(tmp_path, build, table, gated, names):
    source, state = published_state(build, table, gated)
    assert {name for name in state if ".blocks." not in name} - set(UNUSED) == names
    # As DataParallel names its tensors.
    torch.save({"model": {f"module.{name}": tensor for name, tensor in state.items()}}, tmp_path / "published.pth")
    filled, receipt = network(build, gated), Receipt()
    fit(filled, translate(read_checkpoint(tmp_path / "published.pth"), table, receipt), receipt)
    assert receipt.names("dropped") == (UNUSED if gated else [])
    assert receipt.names("new") == receipt.names("resized") == []
    assert len(receipt.names("used")) == len(filled.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), filled.parameters(), strict=True))


def test_pictures_of_another_size_and_other_bands():
    _, state = published_state(AnomalyNetwork, detection.ANOMALY, gated=True)
    larger, receipt = network(AnomalyNetwork, gated=True, channels=9, image=(6, 8)), Receipt()
    fit(larger, translate(state, detection.ANOMALY, receipt), receipt)
    assert receipt.names("resized") == [
        "features.backbone.spatial.positions.table",
        "features.backbone.spectral.embed.weight",
    ]
    assert receipt.names("dropped") == [*UNUSED, "features.backbone.spatial.embed.weight"]


@pytest.mark.parametrize(
    ("table", "stranger"),
    [(detection.ANOMALY, "conv_ts.0.weight"), (detection.TARGET_SPATIAL, "spat_encoder.")],
)
def test_a_table_of_another_network_is_refused(table, stranger):
    _, state = published_state(TargetNetwork, detection.TARGET, gated=True)
    with pytest.raises(WeightsError, match=f"'{stranger}.*wrong network"):
        translate(state, table, Receipt())

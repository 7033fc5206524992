"""Published checkpoints of the change networks, for windows and for multispectral images."""

import pytest
import torch

from hypersigma.errors import WeightsError
from hypersigma.nn import change, multispectral_change
from hypersigma.nn.sizes import Size
from hypersigma.weights.fit import fit
from hypersigma.weights.official import change as names
from hypersigma.weights.official.checkpoint import read_checkpoint
from hypersigma.weights.official.multispectral_change import MULTISPECTRAL
from hypersigma.weights.official.names import publish, translate
from hypersigma.weights.receipt import Receipt

SIZE = Size(8, 4, 2, 2, (0, 1, 2, 3))
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
SPATIAL = {"patch_embed.proj.weight", "patch_embed.proj.bias"}
SPECTRAL = {"spat_map.weight", "spat_map.bias", "l1.weight"}
ENCODERS = {f"spat_encoder.{name}" for name in SPATIAL} | {f"spec_encoder.{name}" for name in SPECTRAL}


def layers(*stems):
    return {f"{stem}.{part}" for stem in stems for part in ("weight", "bias")}


def normed(prefix, convolutions, norms):
    return layers(*(f"{prefix}.{index}" for index in convolutions)) | {
        f"{prefix}.{index}.{part}" for index in norms for part in BATCH_NORM
    }


LEVELS = range(1, 5)
HEAD = (
    {f"conv_features{level}.weight" for level in LEVELS}
    | set().union(*(normed(f"conv{level}.double_conv", (0, 3), (1, 4)) for level in LEVELS))
    | layers("BCD_classifier.0", "BCD_classifier.2", "BCD_classifier.4")
)
GATES = {f"fc_spec{level}.{index}.weight" for level in LEVELS for index in (0, 2)}
BOTH = ENCODERS | HEAD | GATES | {f"spec_encoder.l{level}.weight" for level in LEVELS}
ALONE = HEAD | {f"encoder.{name}" for name in SPATIAL}
FUSED = (
    ENCODERS
    | layers("dim_red", "spat_encoder.fpn1.0", "main_clf_1")
    | {"fc_spec.0.weight", "fc_spec.2.weight"}
    | set().union(*(normed(f"fuse_layer_{level}", (0,), (1,)) for level in LEVELS))
)

# What the published files hold beside, by the name of the network: nobody uses it.
NORMS = [f"{encoder}.norm.{part}" for encoder in ("spat_encoder", "spec_encoder") for part in ("weight", "bias")]
SMOOTH = [f"smooth_layer_{level}.{part}" for level in (1, 2, 3) for part in ("weight", "bias")]
BLOCKS = [f"spec_encoder.blocks.{block}.attn.proj.bias" for block in (1, 3)]
DEAD = [*NORMS, *(f"spec_encoder.l{level}.weight" for level in (2, 3, 4)), "conv_features.weight", *SMOOTH]


def windows(gated, **changes):
    return change.ChangeNetwork(change.published_config(SIZE, gated=gated, **{"channels": 6, "window": 5} | changes))


def multispectral(**changes):
    config = multispectral_change.published_config(SIZE, **{"channels": 5, "image": (32, 32)} | changes)
    return multispectral_change.MultispectralChangeNetwork(config)


NETWORKS = pytest.mark.parametrize(
    ("build", "table", "expected", "unused", "unbuilt"),
    [
        (lambda: windows(True), names.BOTH, BOTH, NORMS, []),
        (lambda: windows(False), names.ALONE, ALONE, ["encoder.norm.weight", "encoder.norm.bias"], []),
        (multispectral, MULTISPECTRAL, FUSED, DEAD, BLOCKS),
    ],
    ids=["windows", "windows spatial", "multispectral"],
)


def published_state(network, table):
    """The state of a network as published files have it, the spectral map flat."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_()
            module.num_batches_tracked.fill_(7)
    state = publish(network.state_dict(), table)
    if "spec_encoder.spat_map.weight" in state:
        state["spec_encoder.spat_map.weight"] = state["spec_encoder.spat_map.weight"].flatten(1)
    return state


@NETWORKS
def test_a_published_checkpoint_loads_with_a_receipt(tmp_path, build, table, expected, unused, unbuilt):
    source = build()
    state = published_state(source, table)
    assert {name for name in state if ".blocks." not in name} == expected
    state |= {name: torch.zeros(8) for name in [*unused, *unbuilt]}
    # As DataParallel names its tensors.
    torch.save({"model": {f"module.{name}": tensor for name, tensor in state.items()}}, tmp_path / "published.pth")
    filled, receipt = build(), Receipt()
    fit(filled, translate(read_checkpoint(tmp_path / "published.pth"), table, receipt), receipt)
    ours = [f"backbone.spectral.encoder.blocks.{name.split('.')[2]}.attention.projection.bias" for name in unbuilt]
    assert sorted(receipt.names("dropped")) == sorted([*unused, *ours])
    assert receipt.names("new") == receipt.names("resized") == []
    assert len(receipt.names("used")) == len(filled.state_dict())
    for name, tensor in source.state_dict().items():
        assert torch.equal(filled.state_dict()[name], tensor), name


def test_windows_of_other_bands():
    state = published_state(windows(True), names.BOTH)
    other, receipt = windows(True, channels=9), Receipt()
    fit(other, translate(state, names.BOTH, receipt), receipt)
    assert receipt.names("dropped") == ["features.backbone.spatial.embed.weight"]


def test_multispectral_images_of_another_size_and_other_bands():
    state = published_state(multispectral(), MULTISPECTRAL)
    other, receipt = multispectral(channels=4, image=(48, 64)), Receipt()
    fit(other, translate(state, MULTISPECTRAL, receipt), receipt)
    assert receipt.names("dropped") == ["embed.weight"]
    assert receipt.names("resized") == ["backbone.spectral.embed.weight"]


@pytest.mark.parametrize(
    ("table", "stranger"),
    [(names.ALONE, "spat_encoder."), (MULTISPECTRAL, "conv_features1.weight")],
)
def test_a_table_of_another_network_is_refused(table, stranger):
    state = published_state(windows(True), names.BOTH)
    with pytest.raises(WeightsError, match=f"'{stranger}.*wrong network"):
        translate(state, table, Receipt())

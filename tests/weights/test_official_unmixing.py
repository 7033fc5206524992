"""Published checkpoints of the unmixing networks."""

import pytest
import torch

from hypersigma.errors import WeightsError
from hypersigma.nn.sizes import Size
from hypersigma.nn.unmixing import UnmixingNetwork, published_config
from hypersigma.weights.fit import fit
from hypersigma.weights.official import unmixing as names
from hypersigma.weights.official.checkpoint import read_checkpoint
from hypersigma.weights.official.names import publish, translate
from hypersigma.weights.receipt import Receipt

SIZE = Size(8, 4, 2, 2, (0, 1, 2, 3))
BATCH_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
LEVELS = range(1, 5)


def layers(*stems):
    return {f"{stem}.{part}" for stem in stems for part in ("weight", "bias")}


def convolution(stem):
    return layers(f"{stem}.0") | {f"{stem}.2.{part}" for part in BATCH_NORM}


HEAD = (
    {f"conv_features{level}.weight" for level in LEVELS}
    | set().union(*(convolution(f"conv{level}") for level in range(1, 6)))
    | {"decoder.decoder.weight"}
)
BOTH = (
    HEAD
    | layers("spat_encoder.patch_embed.proj", "spec_encoder.spat_map", "smooth.4")
    | convolution("smooth")
    | {"spec_encoder.l4.weight"}
    | {f"fc_spec{level}.{index}.weight" for level in LEVELS for index in (0, 2)}
)
ALONE = HEAD | layers("encoder.patch_embed.proj", "smooth")

# What the published files hold beside: nobody uses it.
UNUSED = {
    *layers("spat_encoder.norm", "spec_encoder.norm"),
    *(f"spec_encoder.l{level}.weight" for level in (1, 2, 3)),
    *set().union(*(convolution(f"conv{level}_") for level in (2, 3, 4))),
}


def network(gated, **changes):
    settings = {"channels": 6, "num_endmembers": 3, "image": (8, 8)} | changes
    return UnmixingNetwork(published_config(SIZE, gated=gated, **settings))


def published_state(source, table):
    """The state of a network as published files have it, the spectral map flat."""
    for module in source.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_()
            module.num_batches_tracked.fill_(7)
    state = publish(source.state_dict(), table)
    if "spec_encoder.spat_map.weight" in state:
        state["spec_encoder.spat_map.weight"] = state["spec_encoder.spat_map.weight"].flatten(1)
    return state


@pytest.mark.parametrize(
    ("gated", "table", "expected", "unused"),
    [(True, names.BOTH, BOTH, UNUSED), (False, names.ALONE, ALONE, layers("encoder.norm"))],
    ids=["both", "spatial"],
)
def test_a_published_checkpoint_loads_with_a_receipt(tmp_path, gated, table, expected, unused):
    source = network(gated)
    state = published_state(source, table)
    assert {name for name in state if ".blocks." not in name} == expected
    torch.save({"model": state | {name: torch.zeros(8) for name in unused}}, tmp_path / "published.pth")
    filled, receipt = network(gated), Receipt()
    fit(filled, translate(read_checkpoint(tmp_path / "published.pth"), table, receipt), receipt)
    assert sorted(receipt.names("dropped")) == sorted(unused)
    assert receipt.names("new") == receipt.names("resized") == []
    for name, tensor in source.state_dict().items():
        assert torch.equal(filled.state_dict()[name], tensor), name


def test_a_scene_of_another_number_of_endmembers_is_refused():
    state = published_state(network(True), names.BOTH)
    with pytest.raises(WeightsError, match="different sizes"):
        fit(network(True, num_endmembers=5), translate(state, names.BOTH, Receipt()), Receipt())


def test_images_of_another_size():
    receipt = Receipt()
    state = published_state(network(True), names.BOTH)
    fit(network(True, image=(12, 10)), translate(state, names.BOTH, receipt), receipt)
    assert receipt.names("resized") == ["features.backbone.spectral.embed.weight"]


def test_a_table_of_another_network_is_refused():
    state = published_state(network(True), names.BOTH)
    with pytest.raises(WeightsError, match="wrong network"):
        translate(state, names.ALONE, Receipt())

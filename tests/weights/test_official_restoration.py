"""Published checkpoints of the networks for denoising and super-resolution."""

import pytest
import torch

from hypersigma.errors import WeightsError
from hypersigma.nn import denoising, super_resolution
from hypersigma.nn.sizes import Size
from hypersigma.weights.fit import fit
from hypersigma.weights.official import denoising as denoising_names
from hypersigma.weights.official import super_resolution as super_resolution_names
from hypersigma.weights.official.checkpoint import read_checkpoint
from hypersigma.weights.official.names import publish, translate
from hypersigma.weights.receipt import Receipt

SIZE = Size(8, 4, 2, 2, (0, 1, 2, 3))


def layers(*stems):
    return {f"{stem}.{part}" for stem in stems for part in ("weight", "bias")}


MIX = layers("conv3_reconstruct", "conv_tail")
FINE = layers("upsample.0", "upsample.2", "skip_conv")
GATE = {"spec_encoder.l1.weight", "fc_spec.0.weight", "fc_spec.2.weight"}
ENCODERS = layers("spat_encoder.patch_embed.proj", "spec_encoder.spat_map", "adapter.patch_embed_add.proj")
POSITIONS = {"spat_encoder.pos_embed", "spec_encoder.pos_embed", "adapter.pos_embed_add"}
ALONE = layers("patch_embed.proj", "patch_embed_add.proj", "conv1_reconstruct", "conv2_reconstruct")

# What the published files hold beside, as far as it has names of its own: nobody uses it.
DEAD = [
    *layers("spat_encoder.norm", "spat_encoder.conv_head", "spat_encoder.patch_embed_add.proj", "spec_encoder.norm"),
    *layers("spat_encoder.conv1_reconstruct", "spat_encoder.conv_tail", "spec_encoder.conv_head"),
    *layers("spec_encoder.conv1_reconstruct", "spec_encoder.conv_q.0", "spat_encoder.blocks_add.0.norm1"),
    *layers("adapter.patch_embed.proj", "adapter.norm", "adapter.up1", "adapter.conv_head"),
    *layers("adapter.conv2_reconstruct", "adapter_spec.spat_map", "adapter_spec.norm", "adapter_spec.conv_k.0"),
    *("adapter.pos_embed", "adapter_spec.pos_embed", "adapter_spec.l1.weight", "spat_encoder.pos_embed_add"),
]
DEAD_ALONE = [*layers("norm", "conv_head")]


def denoiser(gated, channels=6, image=(8, 8)):
    return denoising.DenoisingNetwork(denoising.published_config(SIZE, channels=channels, image=image, gated=gated))


def super_resolver(gated):
    config = super_resolution.published_config(SIZE, channels=6, image=(8, 8), gated=gated)
    return super_resolution.SuperResolutionNetwork(config)


NETWORKS = pytest.mark.parametrize(
    ("build", "table", "expected", "unused"),
    [
        (
            lambda: denoiser(True),
            denoising_names.BOTH,
            ENCODERS | POSITIONS | GATE | MIX | layers("spat_encoder.up1"),
            DEAD,
        ),
        (
            lambda: denoiser(False),
            denoising_names.ALONE,
            ALONE | MIX | layers("up1") | {"pos_embed", "pos_embed_add"},
            DEAD_ALONE,
        ),
        (
            lambda: super_resolver(True),
            super_resolution_names.BOTH,
            ENCODERS | GATE | MIX | FINE,
            [*DEAD, *layers("spat_encoder.up1")],
        ),
        (
            lambda: super_resolver(False),
            super_resolution_names.ALONE,
            ALONE | MIX | FINE,
            [*DEAD_ALONE, *layers("up1")],
        ),
    ],
    ids=["denoising", "denoising spatial", "super-resolution", "super-resolution spatial"],
)


def published_state(network, table):
    """The state of a network as published files have it, the spectral map flat."""
    state = publish(network.state_dict(), table)
    if "spec_encoder.spat_map.weight" in state:
        state["spec_encoder.spat_map.weight"] = state["spec_encoder.spat_map.weight"].flatten(1)
    return state


@NETWORKS
def test_a_published_checkpoint_loads_with_a_receipt(tmp_path, build, table, expected, unused):
    source = build()
    state = published_state(source, table)
    assert {name for name in state if "blocks" not in name} == expected
    state |= {name: torch.zeros(8) for name in unused}
    # As DataParallel names its tensors.
    torch.save({"model": {f"module.{name}": tensor for name, tensor in state.items()}}, tmp_path / "published.pth")
    filled, receipt = build(), Receipt()
    fit(filled, translate(read_checkpoint(tmp_path / "published.pth"), table, receipt), receipt)
    assert sorted(receipt.names("dropped")) == sorted(unused)
    assert receipt.names("new") == receipt.names("resized") == []
    for name, tensor in source.state_dict().items():
        assert torch.equal(filled.state_dict()[name], tensor), name


def test_blocks_have_the_names_of_their_adapters():
    state = publish(denoiser(True).state_dict(), denoising_names.BOTH)
    assert state["adapter.blocks_add.3.attn.proj.weight"].shape == (6, 6)
    assert state["adapter_spec.blocks.0.attn.sampling_offsets.weight"].shape == (2 * 8 * 2, 128)


def test_images_of_another_size():
    state = published_state(denoiser(True), denoising_names.BOTH)
    other, receipt = denoiser(True, image=(12, 12)), Receipt()
    fit(other, translate(state, denoising_names.BOTH, receipt), receipt)
    assert receipt.names("dropped") == receipt.names("new") == []
    assert sorted(receipt.names("resized")) == [
        "features.backbone.spatial.positions.table",
        "features.backbone.spectral.embed.weight",
        "features.positions.table",
    ]


def test_a_table_of_another_network_is_refused():
    state = published_state(super_resolver(False), super_resolution_names.ALONE)
    with pytest.raises(WeightsError, match="wrong network"):
        translate(state, denoising_names.ALONE, Receipt())

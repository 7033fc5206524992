"""Names that the published networks for denoising and for super-resolution share (SSFusionFramework, SpatViT)."""

from __future__ import annotations

from hypersigma.weights.official.encoders import BLOCK, SPATIAL, SPECTRAL
from hypersigma.weights.official.names import Rule, Table, under

_UNUSED = "the published network never uses this layer"

# The spatial adapter is a whole published encoder, of which only the layers with "_add" in their names are used.
_ADAPTER: Table = (
    Rule("patch_embed_add.proj.{p}", "reduce.{p}"),
    Rule("pos_embed_add", "positions.table"),
    *under(BLOCK, "blocks_add.{i}.", "adapter.blocks.{i}."),
)
_OTHERS_OF_ADAPTER: Table = tuple(
    Rule(f"adapter.{name}", None, _UNUSED)
    for name in ("pos_embed", "patch_embed.{rest}", "norm.{p}", "up1.{p}", "conv{rest}")
)

# Behind the layers of a spatial encoder; in SpatSIGMA, which is one encoder with all of them, most are used.
_ENLARGE: Table = (Rule("up1.{p}", "enlarge.0.{p}"),)
_OTHERS_OF_ENCODER: Table = tuple(
    Rule(name, None, _UNUSED) for name in ("pos_embed_add", "patch_embed_add.{rest}", "blocks_add.{rest}", "conv{rest}")
)

_SPECTRAL_ADAPTER: Table = (
    *under(BLOCK, "blocks.{i}.", "blocks.{i}."),
    *(Rule(name, None, _UNUSED) for name in ("pos_embed", "spat_map.{p}", "norm.{p}", "l1.weight", "conv{rest}")),
)

_SHARED: Table = (
    *under(_ADAPTER, "adapter.", "features."),
    *_OTHERS_OF_ADAPTER,
    *under(SPATIAL, "spat_encoder.", "features.backbone.spatial."),
    *under(_OTHERS_OF_ENCODER, "spat_encoder.", ""),
    Rule("spec_encoder.l1.weight", "features.gate.projection.weight"),
    *under(SPECTRAL, "spec_encoder.", "features.backbone.spectral."),
    Rule("spec_encoder.conv1_reconstruct.{p}", None, _UNUSED),
    *under(_SPECTRAL_ADAPTER, "adapter_spec.", "features.gate.adapter."),
    Rule("fc_spec.0.weight", "features.gate.gate.squeeze.weight"),
    Rule("fc_spec.2.weight", "features.gate.gate.excite.weight"),
)

MIX: Table = (Rule("conv3_reconstruct.{p}", "mix.{p}"), Rule("conv_tail.{p}", "tail.{p}"))

ALONE: Table = (
    *under(_ADAPTER, "", "features."),
    *(Rule(f"conv{i + 1}_reconstruct.{{p}}", f"features.to_bands.{i}.{{p}}") for i in range(2)),
    Rule("conv_head.{p}", None, _UNUSED),
    *under(SPATIAL, "", "features.backbone.spatial."),
    *MIX,
)


def both(*, enlarged: bool) -> Table:
    """Both encoders and what stands behind them; whether the spatial one is followed by the layer that enlarges."""
    rule = under(_ENLARGE, "spat_encoder.", "features.") if enlarged else (Rule("spat_encoder.up1.{p}", None, _UNUSED),)
    return (*rule, *_SHARED, *MIX)


def alone(*, enlarged: bool) -> Table:
    """The spatial encoder alone, and what stands behind it."""
    rule = under(_ENLARGE, "", "features.") if enlarged else (Rule("up1.{p}", None, _UNUSED),)
    return (*rule, *ALONE)

"""Names of the published encoders: SpatViT over space, SpectralVisionTransformer over spectrum."""

from __future__ import annotations

from hypersigma.weights.official.names import Rule, Table, under

BLOCK: Table = (
    Rule("norm1.{p}", "attention_norm.{p}"),
    Rule("attn.qkv.{p}", "attention.qkv.{p}"),
    Rule("attn.sampling_offsets.{p}", "attention.offsets.{p}"),
    Rule("attn.proj.{p}", "attention.projection.{p}"),
    Rule("norm2.{p}", "mlp_norm.{p}"),
    Rule("mlp.fc1.{p}", "mlp.expand.{p}"),
    Rule("mlp.fc2.{p}", "mlp.contract.{p}"),
    Rule("gamma_1", "attention_scale.factor"),
    Rule("gamma_2", "mlp_scale.factor"),
)

# A single attention layer, full or sparse sampling.
ATTENTION: Table = tuple(
    Rule(rule.published.removeprefix("attn."), rule.ours.removeprefix("attention."))
    for rule in BLOCK
    if rule.ours is not None and rule.ours.startswith("attention.")
)

SPATIAL: Table = (
    Rule("patch_embed.proj.{p}", "embed.{p}"),
    Rule("pos_embed", "positions.table"),
    *under(BLOCK, "blocks.{i}.", "encoder.blocks.{i}."),
    Rule("norm.{p}", None, "the last norm is never applied"),
    Rule("classifier{rest}", None, "the published network never uses this head"),
    Rule("cls.{p}", None, "the published network never uses this head"),
)

PYRAMID: Table = (
    Rule("fpn1.0.{p}", "steps.0.0.{p}"),
    Rule("fpn1.1.ln.{p}", "steps.0.1.{p}"),
    Rule("fpn1.3.{p}", "steps.0.3.{p}"),
    Rule("fpn2.0.{p}", "steps.1.0.{p}"),
)

SPECTRAL: Table = (
    Rule("spat_map.{p}", "embed.{p}"),
    Rule("pos_embed", "positions.table"),
    *under(BLOCK, "blocks.{i}.", "encoder.blocks.{i}."),
    Rule("norm.{p}", None, "the last norm is never applied"),
    Rule("conv_{rest}", None, "the published network never uses these convolutions"),
)

SPATIAL_PYRAMID: Table = (*SPATIAL, *under(PYRAMID, "", "pyramid."))

SPECTRAL_PROJECTION: Table = (*SPECTRAL, Rule("l1.weight", "projection.weight"))

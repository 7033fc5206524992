"""Names of the published masked autoencoders (SpatMAE, SpecMAE), which the released files hold."""

from __future__ import annotations

from hypersigma.weights.official.encoders import BLOCK
from hypersigma.weights.official.names import Rule, Table, under

_COMMON: Table = (
    Rule("pos_embed", None, "never read in pre-training, so it holds the random numbers it began with"),
    *under(BLOCK, "blocks.{i}.", "encoder.blocks.{i}."),
    Rule("norm.{p}", "norm.{p}"),
    Rule("mask_token", "mask_token"),
    Rule("decoder_embed.{p}", "decoder_embed.{p}"),
    Rule("decoder_pos_embed", "decoder_positions.table"),
    *under(BLOCK, "decoder_blocks.{i}.", "decoder.blocks.{i}."),
    Rule("decoder_norm.{p}", "decoder_norm.{p}"),
    Rule("decoder_pred.{p}", "predict.{p}"),
)

SPATIAL_MASKING: Table = (Rule("patch_embed.proj.{p}", "embed.{p}"), *_COMMON)
SPECTRAL_MASKING: Table = (Rule("spat_map.{p}", "embed.{p}"), *_COMMON)

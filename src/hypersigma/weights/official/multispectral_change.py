"""Names of the published change network for multispectral images (MSCDNet)."""

from __future__ import annotations

from hypersigma.weights.official.encoders import PYRAMID, SPATIAL, SPECTRAL
from hypersigma.weights.official.names import Rule, Table, under

# Levels count from the shallowest, as ours do. Batch norms have statistics beside weight and bias.
_LEVELS: Table = tuple(
    Rule(f"fuse_layer_{level + 1}.{{i}}.{{rest}}", f"fuse.{level}.{{i}}.{{rest}}") for level in range(4)
)

MULTISPECTRAL: Table = (
    Rule("dim_red.{p}", "embed.{p}"),
    *under(PYRAMID, "spat_encoder.", "pyramid."),
    *under(SPATIAL, "spat_encoder.", "backbone.spatial."),
    *under(SPECTRAL, "spec_encoder.", "backbone.spectral."),
    Rule("spec_encoder.l1.weight", "projection.weight"),
    Rule("spec_encoder.l{i}.weight", None, "the published network reads the first spectral tap alone"),
    Rule("fc_spec.0.weight", "gate.squeeze.weight"),
    Rule("fc_spec.2.weight", "gate.excite.weight"),
    *_LEVELS,
    Rule("main_clf_1.{p}", "classifier.{p}"),
    Rule("conv_features.weight", None, "the published network never uses this convolution"),
    Rule("smooth_layer_{i}.{p}", None, "the published network never uses this convolution"),
)

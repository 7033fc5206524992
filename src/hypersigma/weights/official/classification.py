"""Names of the published classification networks (SSFusionFramework), patch and dense head."""

from __future__ import annotations

from hypersigma.weights.official.encoders import PYRAMID, SPATIAL, SPECTRAL
from hypersigma.weights.official.names import Rule, Table, under

# Published levels count from the deepest, ours from the shallowest.
_LEVELS: Table = tuple(
    rule
    for level in range(4)
    for rule in (
        Rule(f"DR{4 - level}.weight", f"fusion.reductions.{level}.weight"),
        Rule(f"fc_spec{4 - level}.0.weight", f"fusion.gates.{level}.squeeze.weight"),
        Rule(f"fc_spec{4 - level}.2.weight", f"fusion.gates.{level}.excite.weight"),
    )
)

_COMMON: Table = (
    *under(PYRAMID, "spat_encoder.", "pyramid."),
    *under(SPATIAL, "spat_encoder.", "backbone.spatial."),
    *under(SPECTRAL, "spec_encoder.", "backbone.spectral."),
    Rule("spec_encoder.l1.weight", "fusion.projection.weight"),
    *_LEVELS,
    Rule("conv_features.weight", None, "the published network never uses this convolution"),
)

PATCH: Table = (
    *_COMMON,
    Rule("classifier.{i}.{p}", "classifier.{i}.{p}"),
    Rule("conv.{p}", None, "the published network never uses this convolution"),
)

DENSE: Table = (
    *_COMMON,
    Rule("conv.{p}", "classifier.0.{p}"),
    Rule("cls.{p}", "classifier.2.{p}"),
)

"""Names of the published change networks, HyperSIGMA_CD with both encoders and SpatSIGMA_CD with the spatial one."""

from __future__ import annotations

from hypersigma.weights.official.encoders import SPATIAL, SPECTRAL
from hypersigma.weights.official.names import Rule, Table, under

# Published reductions and gates count from the shallowest level, as ours do; published differences from the deepest.
# Batch norms have statistics beside weight and bias.
_LEVELS: Table = tuple(
    rule
    for level in range(4)
    for rule in (
        Rule(f"conv_features{level + 1}.weight", f"features.reductions.{level}.weight"),
        Rule(f"conv{4 - level}.double_conv.{{i}}.{{rest}}", f"differences.{level}.{{i}}.{{rest}}"),
    )
)

_HEAD: Table = (*_LEVELS, Rule("BCD_classifier.{i}.{p}", "classifier.{i}.{p}"))

_GATES: Table = tuple(
    rule
    for level in range(4)
    for rule in (
        Rule(f"spec_encoder.l{level + 1}.weight", f"features.projections.{level}.weight"),
        Rule(f"fc_spec{level + 1}.0.weight", f"features.gates.{level}.squeeze.weight"),
        Rule(f"fc_spec{level + 1}.2.weight", f"features.gates.{level}.excite.weight"),
    )
)

BOTH: Table = (
    *under(SPATIAL, "spat_encoder.", "features.backbone.spatial."),
    *under(SPECTRAL, "spec_encoder.", "features.backbone.spectral."),
    *_GATES,
    *_HEAD,
)

ALONE: Table = (*under(SPATIAL, "encoder.", "features.backbone.spatial."), *_HEAD)

"""Names of the published detection networks, HAD and HTD, with both encoders (SS...) or the spatial one alone."""

from __future__ import annotations

from hypersigma.weights.official.encoders import SPATIAL, SPECTRAL
from hypersigma.weights.official.names import Rule, Table, under

_MIX: Table = (Rule("conv_features.weight", "features.mix.weight"),)

# Published reductions are a part of the spatial encoder; they count from the shallowest tap, as ours do.
_REDUCED: Table = (
    *(Rule(f"fpn{level + 1}.weight", f"features.reductions.{level}.weight") for level in range(4)),
    *under(SPATIAL, "", "features.backbone.spatial."),
)

_SPATIAL_ALONE: Table = (*under(_REDUCED, "encoder.", ""), *_MIX)

_BOTH: Table = (
    *under(_REDUCED, "spat_encoder.", ""),
    *under(SPECTRAL, "spec_encoder.", "features.backbone.spectral."),
    Rule("spec_encoder.l1.weight", "features.projection.weight"),
    *_MIX,
    Rule("fc_spec.0.weight", "features.gate.squeeze.weight"),
    Rule("fc_spec.2.weight", "features.gate.excite.weight"),
)

_ANOMALY_HEAD: Table = (Rule("conv_fc.0.weight", "classifier.weight"),)
_TARGET_HEAD: Table = (Rule("conv_ts.{i}.{p}", "embed_target.{i}.{p}"),)

ANOMALY: Table = (*_BOTH, *_ANOMALY_HEAD)
ANOMALY_SPATIAL: Table = (*_SPATIAL_ALONE, *_ANOMALY_HEAD)
TARGET: Table = (*_BOTH, *_TARGET_HEAD)
TARGET_SPATIAL: Table = (*_SPATIAL_ALONE, *_TARGET_HEAD)

"""Names of the published unmixing networks, HyperSIGMA_Unmix with both encoders, SpatSIGMA_Unmix with the spatial one.

Their decoders hold the endmembers of the scene that they were trained on, and are of no use for another one.
"""

from __future__ import annotations

from hypersigma.weights.official.encoders import SPATIAL, SPECTRAL
from hypersigma.weights.official.names import Rule, Table, under

# Published reductions and gates count from the shallowest level, as ours do; published convolutions from the deepest.
# Batch norms have statistics beside weight and bias.
_LEVELS: Table = tuple(
    rule
    for level in range(4)
    for rule in (
        Rule(f"conv_features{level + 1}.weight", f"features.reductions.{level}.weight"),
        Rule(f"conv{4 - level}.{{i}}.{{rest}}", f"features.levels.{level}.{{i}}.{{rest}}"),
    )
)

_HEAD: Table = (
    *_LEVELS,
    Rule("conv5.{i}.{rest}", "logits.{i}.{rest}"),
    Rule("decoder.decoder.weight", "decoder.weight"),
)

_GATES: Table = (
    Rule("spec_encoder.l4.weight", "features.projection.weight"),
    Rule("spec_encoder.l{i}.weight", None, "the published network reads the last spectral tap alone"),
    *(
        Rule(f"fc_spec{level + 1}.{index}.weight", f"features.gates.{level}.{layer}.weight")
        for level in range(4)
        for index, layer in ((0, "squeeze"), (2, "excite"))
    ),
)

BOTH: Table = (
    *under(SPATIAL, "spat_encoder.", "features.backbone.spatial."),
    *under(SPECTRAL, "spec_encoder.", "features.backbone.spectral."),
    *_GATES,
    *_HEAD,
    Rule("smooth.{i}.{rest}", "smooth.{i}.{rest}"),
    Rule("conv{i}_.{rest}", None, "the published network never uses these convolutions"),
)

ALONE: Table = (*under(SPATIAL, "encoder.", "features.backbone.spatial."), *_HEAD, Rule("smooth.{p}", "smooth.{p}"))

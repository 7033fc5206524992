"""Unmixing networks that reference files describe, rebuilt from our modules."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from hypersigma.nn import unmixing
from hypersigma.weights.official import unmixing as names
from tests.golden.change_kinds import size_of
from tests.golden.kinds import Golden, Outputs, Rebuilt, encoder_config, filled, pair


def network(golden: Golden) -> Rebuilt:
    """The network with both encoders or the spatial one alone."""
    args = golden.config["args"] | golden.config.get("sizes", {})
    spat, spec = encoder_config(golden, "spat_"), encoder_config(golden, "spec_")
    gated = golden.config["model"].startswith("Hyper")
    config = unmixing.published_config(
        size_of(spat),
        channels=args["channels"],
        num_endmembers=args["num_em"],
        image=pair(args["patch_size"]),
        gated=gated,
    )
    spatial, spectral = config.backbone.spatial, config.backbone.spectral
    backbone = replace(config.backbone, spatial=replace(spatial, encoder=spat, patch=args["seg_patches"]))
    if spectral is not None:
        last = replace(spec, taps=spec.taps[-1:])
        backbone = replace(backbone, spectral=replace(spectral, encoder=last, tokens=args["NUM_TOKENS"]))
    config = replace(config, backbone=backbone, width=args["NUM_TOKENS"], scale=args["scale"])
    built = unmixing.UnmixingNetwork(config)
    table = names.BOTH if gated else names.ALONE
    filled(built, golden.group("state"), table)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        return built(inputs["x"])._asdict() | {"endmembers": built.endmembers().T}

    return Rebuilt(built, table, run)

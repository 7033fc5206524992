"""Networks for denoising and super-resolution that reference files describe, rebuilt from our modules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from hypersigma.nn import denoising, super_resolution
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.restoration import RestorationConfig
from hypersigma.weights.official import denoising as denoising_names
from hypersigma.weights.official import super_resolution as super_resolution_names
from tests.golden.change_kinds import size_of
from tests.golden.kinds import Golden, Outputs, Rebuilt, encoder_config, filled, pair


def features(golden: Golden, config: RestorationConfig) -> RestorationConfig:
    """The published features with the sizes of a file."""
    sizes: dict[str, Any] = golden.config.get("sizes", {})
    spatial, spectral = config.backbone.spatial, config.backbone.spectral
    assert spectral is not None
    spat, spec = deepest(encoder_config(golden, "spat_")), deepest(encoder_config(golden, "spec_"))
    patch = sizes.get("spatial_patch_size", spatial.patch)
    backbone = replace(
        config.backbone,
        spatial=replace(spatial, encoder=spat, patch=patch, grid=(config.grid[0] // patch, config.grid[1] // patch)),
        spectral=replace(spectral, encoder=spec, tokens=sizes.get("NUM_TOKENS", spectral.tokens)),
    )
    return replace(
        config,
        backbone=backbone,
        adapter=replace(config.adapter, points=spat.points),
        spectral_width=sizes.get("spectral_adapter_dim", config.spectral_width),
    )


def deepest(encoder: EncoderConfig) -> EncoderConfig:
    """The encoder read at its deepest tap alone."""
    return replace(encoder, taps=encoder.taps[-1:])


def rebuilt(golden: Golden, network: Any, table: Any) -> Rebuilt:
    """A network with the file's state inside."""
    filled(network, golden.group("state"), table)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        gate = network.features.gate
        (tokens,) = network.features.backbone.spectral(inputs["x"])
        return {
            "out": network(*(inputs[name] for name in ("x", "lms") if name in inputs)),
            "inner_spec_encoder0": gate.projection(tokens),
            "inner_adapter_spec": gate.adapted(tokens),
        }

    return Rebuilt(network, table, run)


def denoiser(golden: Golden) -> Rebuilt:
    """The network for denoising, with both encoders."""
    args = golden.config["args"]
    config = denoising.published_config(
        size_of(encoder_config(golden, "spat_")), channels=args["in_channels"], image=pair(args["img_size"])
    )
    network = denoising.DenoisingNetwork(replace(config, features=features(golden, config.features)))
    return rebuilt(golden, network, denoising_names.BOTH)


def super_resolver(golden: Golden) -> Rebuilt:
    """The network for super-resolution, with both encoders."""
    args = golden.config["args"]
    config = super_resolution.published_config(
        size_of(encoder_config(golden, "spat_")),
        channels=args["in_channels"],
        image=pair(args["img_size"]),
        scale=args["scale"],
    )
    network = super_resolution.SuperResolutionNetwork(replace(config, features=features(golden, config.features)))
    return rebuilt(golden, network, super_resolution_names.BOTH)

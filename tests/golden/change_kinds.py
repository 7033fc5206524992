"""Change networks that reference files describe, rebuilt from our modules."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from hypersigma.nn import change, multispectral_change
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.sizes import Size
from hypersigma.weights.official import change as change_names
from hypersigma.weights.official.multispectral_change import MULTISPECTRAL
from tests.golden.kinds import Golden, Outputs, Rebuilt, encoder_config, filled, pair


def size_of(encoder: EncoderConfig) -> Size:
    return Size(encoder.dim, encoder.depth, encoder.heads, encoder.interval, encoder.taps)


def windows(golden: Golden) -> Rebuilt:
    """The network that compares windows, with both encoders or the spatial one alone."""
    args = golden.config["args"] | golden.config.get("sizes", {})
    spat, spec = encoder_config(golden, "spat_"), encoder_config(golden, "spec_")
    gated = golden.config["model"].startswith("Hyper")
    config = change.published_config(size_of(spat), channels=args["channels"], window=args["patch_size"], gated=gated)
    width = args.get("head_dim", config.width)
    backbone = replace(config.backbone, spatial=replace(config.backbone.spatial, encoder=spat))
    if backbone.spectral is not None:
        backbone = replace(
            backbone, spectral=replace(backbone.spectral, encoder=spec, tokens=args.get("NUM_TOKENS", 144))
        )
    classifier = tuple(channels * width // config.width for channels in config.classifier)
    network = change.ChangeNetwork(replace(config, backbone=backbone, width=width, classifier=classifier))
    table = change_names.BOTH if gated else change_names.ALONE
    filled(network, golden.group("state"), table)
    return Rebuilt(network, table, lambda inputs: {"out": network(inputs["x"], inputs["y"])})


def multispectral(golden: Golden) -> Rebuilt:
    """The network for multispectral images."""
    sizes = golden.config.get("sizes", {})
    spat, spec = encoder_config(golden, "spat_", points=4), encoder_config(golden, "spec_")
    config = multispectral_change.published_config(
        size_of(spat), channels=sizes.get("in_channels", 13), image=pair(sizes.get("img_size", 128))
    )
    spatial, spectral = config.backbone.spatial, config.backbone.spectral
    assert spectral is not None
    backbone = replace(
        config.backbone,
        spatial=replace(
            spatial,
            encoder=spat,
            channels=sizes.get("reduced_channels", spatial.channels),
            patch=sizes.get("patch_size", spatial.patch),
        ),
        spectral=replace(
            spectral, encoder=replace(spec, taps=spec.taps[:1]), tokens=sizes.get("NUM_TOKENS", spectral.tokens)
        ),
    )
    config = replace(config, backbone=backbone, width=sizes.get("fpn_dim", config.width))
    network = multispectral_change.MultispectralChangeNetwork(config)
    filled(network, golden.group("state"), MULTISPECTRAL)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        fused = network.fused(torch.cat([inputs["x"], inputs["y"]]))
        outputs = {f"inner_fuse_layer_{index + 1}": level for index, level in enumerate(fused)}
        return outputs | {"out": network(inputs["x"], inputs["y"])}

    return Rebuilt(network, MULTISPECTRAL, run)

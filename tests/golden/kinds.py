"""Networks that reference files describe, rebuilt from our modules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hypersigma.nn import detection
from hypersigma.nn.attention import Attention, SparseSamplingAttention
from hypersigma.nn.backbone import SpatialConfig, SpatialEncoder, SpectralConfig, SpectralEncoder
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.layout import Grid
from hypersigma.nn.mae import MaskedAutoencoder, SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.nn.necks import Pyramid, published_steps
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.tasks.classification.network import ClassificationNetwork, published_config
from hypersigma.weights.fit import fit
from hypersigma.weights.official import classification, encoders, masked_autoencoders
from hypersigma.weights.official import detection as detection_names
from hypersigma.weights.official.names import Table, translate
from hypersigma.weights.official.positions import published_spatial_positions, published_spectral_positions
from hypersigma.weights.receipt import Receipt

Outputs = dict[str, Tensor]


@dataclass(frozen=True)
class Golden:
    """One reference file: settings and tensors by name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]

    @classmethod
    def read(cls, path: Path) -> Golden:
        with np.load(path) as file:
            config = json.loads(str(file["config"]))
            return cls(config, {name: torch.from_numpy(file[name]) for name in file.files if name != "config"})

    def group(self, name: str) -> dict[str, Tensor]:
        """Tensors of "state", "input", "output" or "grad", by the rest of their names."""
        return {key.split("/", 1)[1]: tensor for key, tensor in self.tensors.items() if key.startswith(f"{name}/")}

    @property
    def kind(self) -> str:
        """What kind of network the file is of."""
        if "model" not in self.config:
            return str(self.config.get("what", "unknown"))
        detail = [str(self.config[key]) for key in ("head", "task", "version") if key in self.config]
        return "/".join([self.config["model"], *detail])


@dataclass(frozen=True)
class Rebuilt:
    """A network with the file's state inside, and how it is run on the file's inputs."""

    module: nn.Module
    table: Table
    run: Callable[[dict[str, Tensor]], Outputs]


def filled(module: nn.Module, state: dict[str, Tensor], table: Table) -> nn.Module:
    """The module with all its tensors from a published state."""
    receipt = Receipt()
    fit(module, translate(state, table, receipt), receipt)
    assert not receipt.names("new"), f"no weights for {receipt.names('new')}"
    assert not receipt.names("resized"), f"other shapes: {receipt.lines()}"
    return module.eval()


def pair(size: int | list[int]) -> tuple[int, int]:
    """Rows and columns of a published size."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def encoder_config(golden: Golden, prefix: str = "", points: int = 8, taps: list[int] | None = None) -> EncoderConfig:
    """The blocks that `args` or, in a framework, `sizes` describe; `taps` where the file names none."""
    args = golden.config["args"] | golden.config.get("sizes", {})
    base = SIZES[args.get("model_size", "base")]
    taps = args.get("out_indices", args.get(f"{prefix}out_indices", taps or list(base.taps)))
    scaled = any(name.endswith("gamma_1") for name in golden.group("state"))
    return EncoderConfig(
        dim=args.get("embed_dim", base.dim),
        depth=args.get("depth", base.depth),
        heads=args.get("num_heads", base.heads),
        interval=args.get(f"{prefix}interval", args.get("interval", base.interval)),
        taps=tuple(taps),
        points=args.get(f"{prefix}n_points", args.get("n_points", points)),
        mlp_ratio=args.get("mlp_ratio", 4.0),
        qkv_bias=args.get("qkv_bias", True),
        layer_scale=1.0 if scaled else None,
        offsets="near_zero",
    )


def attention(golden: Golden, build: type[Attention]) -> Rebuilt:
    """One attention layer alone."""
    args, state = golden.config["args"], golden.group("state")
    options = {"start": "near_zero", "points": args.get("n_points", 8)} if build is SparseSamplingAttention else {}
    module = build(args["dim"], args["num_heads"], bias=args.get("qkv_bias", True), **options)
    filled(module, state, encoders.ATTENTION)
    grid = Grid(golden.config["H"], golden.config["W"])
    return Rebuilt(module, encoders.ATTENTION, lambda inputs: {"out": module(inputs["x"], grid)})


class SpatialPyramid(SpatialEncoder):
    """A spatial encoder with its pyramid, deepest first."""

    def __init__(self, config: SpatialConfig, steps: Any) -> None:
        super().__init__(config)
        self.pyramid = Pyramid(config.encoder.dim, steps)

    def levels(self, image: Tensor) -> tuple[Tensor, ...]:
        return self.pyramid(self(image))[::-1]


def spatial_config(golden: Golden) -> SpatialConfig:
    args = golden.config["args"] | golden.config.get("sizes", {})
    state = golden.group("state")
    rows, cols = pair(args["img_size"])
    weight = next(tensor for name, tensor in state.items() if name.endswith("patch_embed.proj.weight"))
    patch = weight.shape[-1]
    learned = any(name in state for name in ("pos_embed", "spat_encoder.pos_embed", "encoder.pos_embed"))
    return SpatialConfig(
        encoder=encoder_config(golden, "spat_", points=4),
        channels=weight.shape[1],
        patch=patch,
        positions="learned" if learned else "none",
        grid=(rows // patch, cols // patch),
    )


def spatial(golden: Golden) -> Rebuilt:
    """The spatial encoder: a pyramid of maps, or all of them resized to the image."""
    config, version = spatial_config(golden), golden.config["version"]
    module = SpatialPyramid(config, published_steps(config.patch, dense=version == "fusion"))
    filled(module, golden.group("state"), encoders.SPATIAL_PYRAMID)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        levels = module.levels(inputs["x"])
        if version == "fusion":
            levels = tuple(to_image(level, inputs["x"]) for level in levels)
        return {f"feature{index}": level for index, level in enumerate(levels)}

    return Rebuilt(module, encoders.SPATIAL_PYRAMID, run)


def to_image(level: Tensor, image: Tensor) -> Tensor:
    """A map at the size of the image."""
    return interpolate(level, size=image.shape[-2:], mode="bilinear", align_corners=True)


class ProjectedSpectral(SpectralEncoder):
    """A spectral encoder that is read at all its taps, the first of them projected."""

    def __init__(self, config: SpectralConfig, width: int) -> None:
        super().__init__(config)
        self.config = config
        self.projection = nn.Linear(config.encoder.dim, width, bias=False)

    def features(self, image: Tensor) -> Outputs:
        first, *others = self(image)
        return {str(index): tensor for index, tensor in enumerate([self.projection(first), *others])}


def spectral_module(golden: Golden, state: dict[str, Tensor]) -> ProjectedSpectral:
    args = golden.config["args"] | golden.config.get("sizes", {})
    encoder = encoder_config(golden, "spec_")
    config = SpectralConfig(
        encoder=encoder,
        tokens=args.get("NUM_TOKENS", 100),
        kind="pooled",
        tile=pair(args["img_size"]),
        # Without sparse sampling the number of tokens need not be a square.
        axis="line" if encoder.interval == 1 else "picture",
        positions="learned" if "pos_embed" in state else "none",
    )
    module = ProjectedSpectral(config, state["l1.weight"].shape[0])
    filled(module, state, encoders.SPECTRAL_PROJECTION)
    return module


def spectral(golden: Golden) -> Rebuilt:
    """The spectral encoder."""
    module = spectral_module(golden, golden.group("state"))

    def run(inputs: dict[str, Tensor]) -> Outputs:
        return {f"feature{name}": tensor for name, tensor in module.features(inputs["x"]).items()}

    return Rebuilt(module, encoders.SPECTRAL_PROJECTION, run)


def fusion(golden: Golden) -> Rebuilt:
    """The classification networks."""
    args, sizes = golden.config["args"], golden.config.get("sizes", {})
    dense = golden.config["head"] == "segmentation"
    state = golden.group("state")
    inner = inner_spectral(golden)
    assert inner is not None
    spat = encoder_config(golden, "spat_")
    spec = encoder_config(golden, "spec_")
    spec = replace(spec, taps=spec.taps[:1])
    config = published_config(
        Size(spat.dim, spat.depth, spat.heads, spat.interval, spat.taps),
        head="dense" if dense else "patch",
        channels=args["in_channels"],
        image=pair(args["img_size"]),
        patch=args["patch_size"],
        num_classes=args["classes"],
    )
    backbone = config.backbone
    assert backbone.spectral is not None
    backbone = replace(
        backbone,
        spatial=replace(backbone.spatial, encoder=spat, positions=spatial_config(golden).positions),
        spectral=replace(backbone.spectral, encoder=spec, tokens=sizes.get("NUM_TOKENS", 100), axis=inner.axis),
    )
    network = ClassificationNetwork(replace(config, backbone=backbone))
    table = classification.DENSE if dense else classification.PATCH
    filled(network, state, table)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        logits = network(inputs["x"])
        levels = network.pyramid(network.backbone.spatial(inputs["x"]))[::-1]
        outputs = {"logits": logits.flatten(2).transpose(1, 2) if dense else logits}
        for index, level in enumerate(levels):
            outputs[f"inner_spat_encoder{index}"] = to_image(level, inputs["x"]) if dense else level
        for name, tensor in inner.features(inputs["x"]).items():
            outputs[f"inner_spec_encoder{name}"] = tensor
        return outputs

    return Rebuilt(network, table, run)


def inner_spectral(golden: Golden) -> ProjectedSpectral | None:
    """The spectral encoder inside a framework by itself, read at all its taps."""
    prefix = "spec_encoder."
    state = {k.removeprefix(prefix): v for k, v in golden.group("state").items() if k.startswith(prefix)}
    return spectral_module(golden, state) if state else None


def detection_network(golden: Golden) -> Rebuilt:
    """The networks for anomalies and targets, with both encoders or the spatial one alone."""
    args, inner = golden.config["args"], inner_spectral(golden)
    spat = encoder_config(golden, "spat_")
    size = Size(spat.dim, spat.depth, spat.heads, spat.interval, spat.taps)
    config = detection.published_config(
        size, channels=args["in_channels"], image=pair(args["img_size"]), gated=inner is not None
    )
    backbone = replace(config.backbone, spatial=replace(spatial_config(golden), encoder=spat))
    if inner is not None:
        first = replace(inner.config.encoder, taps=inner.config.encoder.taps[:1])
        backbone = replace(backbone, spectral=replace(inner.config, encoder=first))
    config = replace(config, backbone=backbone)
    build, tables = DETECTORS[golden.config["model"].removeprefix("SS").removeprefix("Spatial")]
    network, table = build(config), tables[inner is None]
    filled(network, golden.group("state"), table)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        outputs = {"out": network(*(inputs[name] for name in ("x", "ts") if name in inputs))}
        if inner is not None:
            return outputs | {f"inner_spec_encoder{name}": part for name, part in inner.features(inputs["x"]).items()}
        levels = network.features.reduced(network.features.backbone.spatial(inputs["x"]))
        return outputs | {f"inner_encoder{index}": level for index, level in enumerate(levels)}

    return Rebuilt(network, table, run)


DETECTORS: dict[str, tuple[Any, tuple[Table, Table]]] = {
    "HADFramework": (detection.AnomalyNetwork, (detection_names.ANOMALY, detection_names.ANOMALY_SPATIAL)),
    "HTDFramework": (detection.TargetNetwork, (detection_names.TARGET, detection_names.TARGET_SPATIAL)),
}


def masked_autoencoder(golden: Golden) -> Rebuilt:
    """The masked autoencoders of pre-training."""
    args, state = golden.config["args"], golden.group("state")
    depth = args.get("depth", 12)
    encoder = replace(encoder_config(golden, taps=[depth - 1]), interval=1)
    decoder = replace(
        encoder,
        dim=args.get("decoder_embed_dim", 512),
        depth=args.get("decoder_depth", 8),
        heads=args.get("decoder_num_heads", 16),
        taps=(args.get("decoder_depth", 8) - 1,),
    )
    common: dict[str, Any] = {
        "encoder": encoder,
        "decoder": decoder,
        "channels": args["in_chans"],
        "tile": pair(args["img_size"]),
        "positions": "none",
        "decoder_positions": "learned",
        "mask_ratio": golden.config["mask_ratio"],
    }
    if golden.config["model"] == "SpatMAE":
        table = masked_autoencoders.SPATIAL_MASKING
        module = MaskedAutoencoder(SpatialMaskingConfig(patch=args["patch_size"], **common))
    else:
        table = masked_autoencoders.SPECTRAL_MASKING
        module = MaskedAutoencoder(SpectralMaskingConfig(tokens=args.get("NUM_TOKENS", 100), **common))
    filled(module, state, table)

    def run(inputs: dict[str, Tensor]) -> Outputs:
        plain = module(inputs["x"], inputs["noise"])
        target = module.target(inputs["x"])
        return {
            "loss": plain.loss(target),
            "loss_norm_pix": plain.loss(target, normalised=True),
            "pred": plain.predicted,
            "mask": plain.masked.to(target.dtype),
            "latent": plain.latent,
            "target": target,
            "ids_restore": plain.restore,
        }

    return Rebuilt(module, table, run)


def position_resize(golden: Golden) -> Rebuilt:
    """The resize of position tables when published weights are loaded."""
    spat, spec = golden.config.get("spat"), golden.config.get("spec")

    def run(inputs: dict[str, Tensor]) -> Outputs:
        outputs = {}
        if spat is not None:
            rows, cols = (length // spat["patch_size"] for length in pair(spat["img_size"]))
            outputs["spat_fusion_pos_embed"] = published_spatial_positions(
                inputs["pos_embed"], (rows, cols), dropped=spat.get("leading_tokens_dropped", 0)
            )
        if spec is not None:
            outputs["spec_pos_embed"] = published_spectral_positions(
                inputs["spec_pos_embed"], spec["NUM_TOKENS"], dropped=spec.get("leading_tokens_dropped", 0)
            )
        return outputs

    return Rebuilt(nn.Identity(), (), run)

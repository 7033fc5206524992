"""A pre-training that is over in a moment, for the tests of the engine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from hypersigma.engine.masking import MaskedObjective
from hypersigma.engine.masking_settings import MaskingSettings
from hypersigma.engine.objective import Draws, Workload
from hypersigma.engine.pretrain import pretrain
from hypersigma.engine.recipe import ExecutionConfig, OptimisationConfig, PretrainConfig, RecordsConfig
from hypersigma.engine.views import Images
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.mae import MaskedAutoencoder, SpatialMaskingConfig, SpectralMaskingConfig

ENCODER = EncoderConfig(dim=32, depth=2, heads=2, interval=1, taps=(1,), drop_path=0.0)
DECODER = EncoderConfig(dim=16, depth=1, heads=2, interval=1, taps=(0,), drop_path=0.0)
CONFIG = PretrainConfig(
    optimisation=OptimisationConfig(
        steps=3, batch_size=4, learning_rate=1e-3, warmup=2, clip=0.1, layer_decay=0.8, average=0.5
    ),
    records=RecordsConfig(save_every=2, log_every=1, picture_every=0),
)
BANDS, TILE = 6, 16
PLAIN = MaskingSettings(
    tile=TILE,
    patch=4,
    patches=(4,),
    grids=(4,),
    spectral_tiles=(TILE,),
    spans=(1,),
    spatial_target="values",
    spectral_target="values",
)

# One line a tensor and checkpoint, which pytest would keep for every test.
logging.getLogger("c10d-NullHandler-dcp_logger").setLevel(logging.WARNING)


def executed(config: PretrainConfig = CONFIG, **changes: Any) -> PretrainConfig:
    return replace(config, execution=ExecutionConfig(**changes))


def optimised(config: PretrainConfig = CONFIG, **changes: Any) -> PretrainConfig:
    return replace(config, optimisation=replace(config.optimisation, **changes))


def build(dtype: torch.dtype = torch.float32) -> MaskedObjective:
    shared: dict[str, Any] = {"encoder": ENCODER, "decoder": DECODER, "channels": BANDS, "tile": (TILE, TILE)}
    networks = {
        "spatial": MaskedAutoencoder(SpatialMaskingConfig(patch=4, **shared)),
        "spectral": MaskedAutoencoder(SpectralMaskingConfig(tokens=BANDS, **shared)),
    }
    return MaskedObjective(networks, PLAIN).to(dtype)


def images(config: PretrainConfig, dtype: torch.dtype, step: int, part: int, num_parts: int) -> Images:
    """Smooth images: a ramp in space and in spectrum of random steepness, with some noise."""
    size = config.optimisation.batch_size // num_parts
    draws = Draws(1, step, part * size, size)
    axes = [torch.linspace(-1, 1, length) for length in (BANDS, TILE, TILE)]
    slope = draws.uniform("slope", 3, 1, 1, 1) - 0.5
    ramp = sum(slope[:, axis] * grid for axis, grid in enumerate(torch.meshgrid(*axes, indexing="ij")))
    return Images((ramp + 0.1 * draws.uniform("noise", BANDS, TILE, TILE)).to(dtype))


def toy(config: PretrainConfig = CONFIG, dtype: torch.dtype = torch.float32) -> Workload:
    return Workload(partial(build, dtype), partial(images, config, dtype))


def trained(config: PretrainConfig, folder: Path, **changes: Any) -> dict[str, torch.Tensor]:
    """The weights that a run on the CPU ends with."""
    work = changes.pop("workload", None) or toy(config)
    return load_file(pretrain(config, work, folder, device="cpu", **changes))


def stop_after(step: int) -> Callable[[int], None]:
    """What a run calls after each step, and stops at one."""

    def advance(done: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    return advance

"""`hypersigma plan --size SIZE --devices N`: what a pre-training needs, told before it begins."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console

if TYPE_CHECKING:
    from hypersigma.engine.plan import Plan
    from hypersigma.engine.recipe import PretrainConfig


def plan(
    *,
    size: str = "tiny",
    devices: int = 1,
    batch: int = 64,
    steps: int = 20_000,
    rate: float = 100.0,
    config: Path | None = None,
    common: Common = DEFAULTS,
) -> None:
    """Tell what a pre-training needs: parameters, memory of a device, time.

    Args:
        size: Of the encoders: tiny, small, base, large or huge.
        devices: How many train together; each keeps a share of the weights.
        batch: Samples of a step, over all devices.
        steps: Optimiser steps.
        rate: What a device really does, in 10^12 products and sums a second.
        config: A recipe to plan for; size, batch and steps are then its own.
    """
    from hypersigma.config import load_yaml
    from hypersigma.engine.plan import plan as needs
    from hypersigma.engine.plan import recipe
    from hypersigma.engine.recipe import PretrainConfig

    console = Console(common)
    chosen = load_yaml(config, PretrainConfig) if config else recipe(size, devices, batch, steps=steps)
    found = needs(chosen, devices, rate * 1e12)
    _show(console, found, chosen, devices, rate)
    console.result({"size": chosen.size, "devices": devices, "rate_tflops": rate, **asdict(found)})


def _show(console: Console, found: Plan, config: PretrainConfig, devices: int, rate: float) -> None:
    """The plan for a person."""
    from hypersigma.products import Table

    how, checkpointing = config.optimisation, config.execution.checkpointing
    activations = found.activations_checkpointed if checkpointing else found.activations
    rows = (
        ("parameters of the encoders, as fine-tuned", f"{found.num_encoder_parameters:,}"),
        ("parameters that are pre-trained, with decoders", f"{found.num_parameters:,}"),
        ("a device: parameters", _gigabytes(found.parameters)),
        ("a device: gradients", _gigabytes(found.gradients)),
        ("a device: moments of the optimiser", _gigabytes(found.moments)),
        ("a device: running average", _gigabytes(found.average)),
        ("a device: activations, all kept", _gigabytes(found.activations)),
        ("a device: activations, with checkpointing", _gigabytes(found.activations_checkpointed)),
        ("a device: in all, as the recipe says", _gigabytes(found.weights + activations)),
        ("work of a step", f"{found.step_flops / 1e12:.3g} TFLOP"),
        ("time", _duration(found.seconds)),
    )
    title = f"{config.size}, {config.encoders}: {how.steps} steps of {how.batch_size} on {devices} x {rate:g} TFLOP/s"
    laid_out = f"sharding: {config.execution.sharding}, checkpointing: {'on' if checkpointing else 'off'}"
    note = f"{laid_out}; the time leaves out reading and the network between devices"
    console.table(Table(title, ("what", "how much"), rows, note))


def _gigabytes(num_bytes: int) -> str:
    return f"{num_bytes / 1e9:.2f} GB"


def _duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} seconds"

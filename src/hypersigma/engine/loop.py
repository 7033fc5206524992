"""The training loop of every task: seeded step by step, so that a killed run goes on as it would have."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hypersigma.engine.checkpoint import load_checkpoint, save_checkpoint
from hypersigma.engine.optim import adamw, learning_rate, set_rate
from hypersigma.errors import ConfigError
from hypersigma.tasks._contract import Learner, TrainingConfig

_SAVE_EVERY = 50  # steps between checkpoints

Curve = list[tuple[int, float]]


def train(
    task: Learner,
    batches: Callable[[int], Any],
    config: TrainingConfig,
    seed: int,
    *,
    checkpoint: Path | None = None,
    advance: Callable[[int], None] = lambda step: None,
) -> Curve:
    """The learning curve, (step, loss) pairs, of a task's network that is trained in place.

    Args:
        task: the network, on its device.
        batches: step -> batch, a NamedTuple of tensors; must depend on the step alone.
        config: optimiser and schedule.
        seed: of stochastic depth and dropout; batches have their own.
        checkpoint: file to resume from if it exists and to save to now and then.
        advance: called after each step with the number of steps done.

    Raises:
        ConfigError: training diverges.
        OutputError: the checkpoint cannot be written.
    """
    optimizer = adamw(task, config, weight_decay=config.weight_decay, layer_decay=config.layer_decay or 1.0)
    curve: Curve = []
    first = load_checkpoint(checkpoint, task, optimizer, curve) if checkpoint else 0
    device = next(task.parameters()).device
    task.train()
    for step in range(first, config.steps):
        # Not once before the loop: a resumed run must draw what an uninterrupted one draws.
        torch.manual_seed(seed * 1_000_003 + step)
        set_rate(optimizer, learning_rate(config, step))
        batch = batches(step)
        losses = task.loss(batch._make(part.to(device) for part in batch))
        optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        if config.clip:
            nn.utils.clip_grad_norm_(task.parameters(), config.clip)
        optimizer.step()
        curve.append((step, _finite(losses["loss"].item(), step)))
        if checkpoint and (step + 1) % _SAVE_EVERY == 0:
            save_checkpoint(checkpoint, task, optimizer, curve, step + 1)
        advance(step + 1)
    task.eval()
    return curve


def _finite(loss: float, step: int) -> float:
    """The loss, which must be a number: from one that is not, nothing more is learned."""
    if not math.isfinite(loss):
        raise ConfigError(f"training diverged: the loss is {loss} at step {step + 1}; lower training.learning_rate")
    return loss

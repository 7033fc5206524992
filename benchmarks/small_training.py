"""How the small networks that ship are trained: on one thread, with products of bfloat16, and the same every time.

AdamW, whose rate rises for 200 steps and then falls as a cosine. What is kept is the running mean of the weights, which
is a little better than the last of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

SEED = 100
RATE, LAST_RATE, FIRST_STEPS, DECAY = 1.5e-3, 1e-5, 200, 1e-4
MEMORY = 0.999  # of the running mean
EVERY = 500  # steps from one line, and one file, to the next


def settled() -> np.random.Generator:
    """Set everything that draws, and say where else to draw from."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    return np.random.default_rng(SEED)


def train(
    network: nn.Module,
    steps: int,
    error: Callable[[nn.Module, float], Tensor],
    file: Path,
    told: Callable[[nn.Module], str] = lambda network: "",
) -> None:
    """Train a network, and write what it learned.

    Args:
        network: to train.
        steps: how many.
        error: of the network on a batch of its own, after a share of the training from 0 to 1.
        file: npz, an array a tensor by its name.
        told: what to print of the network that is kept.
    """
    network = network.to(memory_format=torch.channels_last)
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(MEMORY))
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    rise = LinearLR(optimiser, 1 / FIRST_STEPS, total_iters=FIRST_STEPS)
    fall = CosineAnnealingLR(optimiser, steps - FIRST_STEPS, LAST_RATE)
    schedule = SequentialLR(optimiser, [rise, fall], [FIRST_STEPS])
    for step in range(steps):
        with torch.autocast("cpu", torch.bfloat16):
            found = error(network, step / steps)
        optimiser.zero_grad()
        found.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean.update_parameters(network)
        if step % EVERY == EVERY - 1 or step == steps - 1:
            np.savez_compressed(file, **{name: tensor.numpy() for name, tensor in mean.module.state_dict().items()})
            print("step", step + 1, f"error {found.item():.4f}", told(mean.module), flush=True)

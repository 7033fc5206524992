"""One step of pre-training, on one process or many."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from hypersigma.engine.devices import drawing_apart
from hypersigma.engine.distributed import World, blocks, clip_gradients, complete, distributed, synchronised
from hypersigma.engine.objective import Batch, Batches, Draws, Losses, Objective, Workload
from hypersigma.engine.optim import Average, adamw, learning_rate, set_rate
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.errors import ConfigError


@dataclass(frozen=True)
class _Part:
    """Samples that a device takes at once, and their random numbers."""

    batch: Batch
    draws: Draws


class _Ahead:
    """Examples, of which the next step's are read while this one's are trained on.

    Args:
        batches: (step, part, num_parts) -> examples.
        parts: (part, num_parts) of this process, in turn.
        last: the last step.
    """

    def __init__(self, batches: Batches, parts: list[tuple[int, int]], last: int) -> None:
        self._batches = batches
        self._parts = parts
        self._last = last
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="examples")
        self._coming: dict[int, list[Future[Batch]]] = {}

    def step(self, step: int) -> list[Batch]:
        """The examples of a step, part by part."""
        coming = self._coming.pop(step, None) or self._begun(step)
        self._coming = {step + 1: self._begun(step + 1)} if step < self._last else {}
        return [part.result() for part in coming]

    def _begun(self, step: int) -> list[Future[Batch]]:
        return [self._reader.submit(self._batches, step, *part) for part in self._parts]


class Trainer:
    """Network, optimiser and running average of a run.

    Every process builds the same network from the seed; samples and draws of a step follow from the seed, the step
    and a sample's place in it.
    """

    def __init__(self, config: PretrainConfig, workload: Workload, world: World, seed: int) -> None:
        self._config = config
        self._world = world
        self._seed = seed
        self._part_size = config.part_size(world.size)
        num_parts = world.size * config.execution.accumulation
        self._parts = list(range(world.rank, num_parts, world.size))
        self._examples = _Ahead(
            workload.batches, [(part, num_parts) for part in self._parts], config.optimisation.steps - 1
        )
        self.objective = _built(workload, seed).to(world.device)
        if config.execution.checkpointing:
            checkpoint_blocks(self.objective)
        self._network = distributed(self.objective, config.execution.sharding, world)
        how = config.optimisation
        self._optimizer = adamw(
            self.objective, how, weight_decay=how.weight_decay, layer_decay=how.layer_decay, beta=how.beta
        )
        self._trained = {name: weight for name, weight in self.objective.named_parameters() if weight.requires_grad}
        self._average = Average(self._trained, how.average) if how.average else None
        self._begin_moments()
        self._latest: list[_Part] = []

    @property
    def num_parameters(self) -> int:
        """Numbers that are trained, over all devices."""
        return sum(weight.numel() for weight in self._trained.values())

    def step(self, step: int) -> dict[str, float]:
        """Do a step, counted from 0, and return its losses, learning rate and norm of the gradient.

        Raises:
            ConfigError: a loss or the gradient is no number; the weights are left as they were.
        """
        self._network.train()
        # For stochastic depth alone: which is then repeatable, but not the same for another number of processes.
        torch.manual_seed(_mixed(self._seed, step, self._world.rank))
        self._optimizer.zero_grad(set_to_none=True)
        self._latest = self._read(step)
        losses = self._backward(self._latest)
        norm = clip_gradients(self._trained.values(), self._config.optimisation.clip, self._world)
        self._check({**losses, "norm of the gradient": norm}, step)
        rate = learning_rate(self._config.optimisation, step)
        set_rate(self._optimizer, rate)
        self._optimizer.step()
        if self._average is not None:
            self._average.follow(self._trained, step)
        return {**losses, "learning_rate": rate, "gradient_norm": norm}

    @torch.no_grad()
    def picture(self) -> Tensor | None:
        """What the network makes of the latest samples; all processes must ask."""
        self._network.eval()
        with self._autocast():
            return self.objective.picture(*_of(self._latest[0]))

    def state(self) -> dict[str, Tensor]:
        """All that a run is resumed from, by name; the tensors are those in use, so filling them resumes it."""
        state = {f"network.{name}": tensor for name, tensor in self.objective.state_dict().items()}
        for name, weight in self._trained.items():
            moments = self._optimizer.state[weight]
            state |= {f"moment_{order}.{name}": moments[key] for order, key in enumerate(_MOMENTS, start=1)}
        if self._average is not None:
            state |= {f"average.{name}": tensor for name, tensor in self._average.weights.items()}
        return state

    def resumed(self, step: int) -> None:
        """Go on after so many steps, now that the state is that of then."""
        for weight in self._trained.values():
            self._optimizer.state[weight]["step"].fill_(step)

    def weights(self) -> dict[str, Tensor]:
        """The complete network on the CPU, averaged if there is an average; all processes must ask."""
        state = self.objective.state_dict()
        if self._average is not None:
            state |= self._average.weights
        return {name: complete(tensor).detach().cpu().contiguous() for name, tensor in state.items()}

    def _begin_moments(self) -> None:
        """Make the optimiser's state now and not at the first step, so that it can be filled from a checkpoint."""
        for weight in self._trained.values():
            moments = {key: torch.zeros_like(weight) for key in _MOMENTS}
            self._optimizer.state[weight] = {"step": torch.zeros((), device=weight.device), **moments}

    def _read(self, step: int) -> list[_Part]:
        """The parts of this process, in turn."""
        draws = [Draws(self._seed, step, part * self._part_size, self._part_size) for part in self._parts]
        batches = [batch.to(self._world.device) for batch in self._examples.step(step)]
        return [_Part(batch, drawn) for batch, drawn in zip(batches, draws, strict=True)]

    def _backward(self, parts: list[_Part]) -> dict[str, float]:
        """Gradients of the parts, and the losses of the step over all processes."""
        totals: dict[str, Tensor] = {}
        # Sums are divided by counts of the whole step, which one part alone does not know.
        counts = self._counted([self.objective.counts(*_of(part)) for part in parts]) if len(parts) > 1 else {}
        for part in parts:
            with synchronised(self._network, part is parts[-1]):
                with self._autocast():
                    losses: Losses = self._network(*_of(part))
                counts = counts or self._counted([{name: loss.number for name, loss in losses.items()}])
                # Gradients are averaged over processes, so each gives its share as many times as there are processes.
                shares = [loss.total * (loss.weight * self._world.size / counts[name]) for name, loss in losses.items()]
                torch.stack(shares).sum().backward()  # type: ignore[no-untyped-call]
            for name, loss in losses.items():
                totals[name] = totals.get(name, 0) + loss.total.detach().double()
        return {name: total / counts[name] for name, total in self._world.sums(totals).items()}

    def _counted(self, parts: list[dict[str, Tensor]]) -> dict[str, float]:
        """Counts of the whole step by name, at least 1."""
        own = {name: torch.stack([part[name].double() for part in parts]).sum() for name in parts[0]}
        return {name: max(count, 1.0) for name, count in self._world.sums(own).items()}

    @contextmanager
    def _autocast(self) -> Iterator[None]:
        """Products in the precision of the recipe."""
        enabled = self._config.optimisation.precision == "bf16"
        with torch.autocast(self._world.device.type, dtype=torch.bfloat16, enabled=enabled):
            yield

    def _check(self, figures: Mapping[str, float], step: int) -> None:
        """Refuse figures that are no numbers: from such a step nothing more is learned."""
        for name, value in figures.items():
            if not math.isfinite(value):
                raise ConfigError(
                    f"pre-training stopped: the {name} is {value} at step {step} (seed {self._seed}, samples 0 to "
                    f"{self._config.optimisation.batch_size - 1} of that step); the last checkpoint is as it was. Look "
                    "at those samples, or lower optimisation.learning_rate and begin anew"
                )


_MOMENTS = ("exp_avg", "exp_avg_sq")


def checkpoint_blocks(network: nn.Module) -> None:
    """Let every block compute itself anew in the backward pass instead of keeping its activations."""
    for block, _ in blocks(network):
        # The call itself stays the block's: hooks that gather a sharded block run before, and once.
        block.forward = partial(checkpoint, block.forward, use_reentrant=False)  # type: ignore[method-assign]


def _built(workload: Workload, seed: int) -> Objective:
    """The network as every process draws it."""
    with drawing_apart(torch.device("cpu")):
        torch.manual_seed(seed)
        return workload.build()


def _of(part: _Part) -> tuple[Batch, Draws]:
    return part.batch, part.draws


def _mixed(*numbers: int) -> int:
    """One seed made of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])

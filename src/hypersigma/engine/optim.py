"""The optimiser of every training: AdamW by groups, its schedule, clipping, and the running average of weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

# Vectors in spirit, though they have the dimensions of a batch of tokens.
_UNDECAYED = ("mask_token", "hidden_token", "table")
_ENDMEMBERS = ".decoder.weight"  # of an unmixing network: spectra, which are not to shrink


class Schedule(Protocol):
    """What the learning rate of a step follows from."""

    @property
    def steps(self) -> int:
        """Optimiser steps."""

    @property
    def learning_rate(self) -> float:
        """At its highest."""

    @property
    def warmup(self) -> int:
        """Steps of linear rise."""


def learning_rate(config: Schedule, step: int) -> float:
    """Linear warm-up, then a half-cosine to zero; `step` counts from 0."""
    warm = min(1.0, (step + 1) / (config.warmup + 1))
    return config.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * step / config.steps))


def adamw(
    network: nn.Module, config: Schedule, *, weight_decay: float, layer_decay: float = 1.0, beta: float = 0.999
) -> torch.optim.AdamW:
    """AdamW over what is trained of a network, in the groups of `parameter_groups`; `beta` is of the second moment."""
    groups = parameter_groups(network, weight_decay=weight_decay, layer_decay=layer_decay)
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, beta), fused=True)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its share of a learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def parameter_groups(network: nn.Module, *, weight_decay: float, layer_decay: float = 1.0) -> list[dict[str, Any]]:
    """What is trained of a network, in groups of one weight decay and one share of the learning rate each.

    Matrices decay; biases, norms, position tables, mask tokens and endmembers do not. With `layer_decay` below 1 the
    share is layer_decay ** (depth + 1 - level), where level is 0 for the embedding and positions of an encoder of
    `depth` blocks, i + 1 for its block i, and depth + 1 for everything behind it.
    """
    named = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    distance = _distances(named) if layer_decay != 1.0 else dict.fromkeys(named, 0)
    groups: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, parameter in named.items():
        decays = parameter.ndim > 1 and name.rpartition(".")[2] not in _UNDECAYED and not name.endswith(_ENDMEMBERS)
        fresh: dict[str, Any] = {
            "params": [],
            "names": [],
            "weight_decay": weight_decay if decays else 0.0,
            "share": layer_decay ** distance[name],
        }
        group = groups.setdefault((distance[name], not decays), fresh)
        group["params"].append(parameter)
        group["names"].append(name)
    return [groups[key] for key in sorted(groups)]


def _distances(named: Mapping[str, Tensor]) -> dict[str, int]:
    """How many levels below the last one each parameter lies.

    A network may hold several encoders, each of its own depth; what stands before "encoder" tells them apart.
    """
    places = {name: _place(name.split(".")) for name in named}
    depths: dict[str, int] = {}
    for owner, level in places.values():
        depths[owner] = max(depths.get(owner, 0), level)
    return {name: depths[owner] + 1 - level if level >= 0 else 0 for name, (owner, level) in places.items()}


def _place(words: list[str]) -> tuple[str, int]:
    """To which encoder a parameter belongs, and at which level: 0 before its blocks, -1 for behind them."""
    for index, word in enumerate(words):
        if word in ("embed", "positions"):
            return ".".join(words[:index]), 0
        if word == "encoder" and words[index + 1] == "blocks":
            return ".".join(words[:index]), int(words[index + 2]) + 1
    return "", -1


class Average:
    """A running average of weights, w <- decay w + (1 - decay) weights, that follows faster at the beginning.

    Args:
        weights: by name; the average has their shapes, and their sharding.
    """

    def __init__(self, weights: Mapping[str, Tensor], decay: float) -> None:
        self.weights = {name: weight.detach().clone() for name, weight in weights.items()}
        self._decay = decay

    @torch.no_grad()
    def follow(self, weights: Mapping[str, Tensor], step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for name, average in self.weights.items():
            average.lerp_(weights[name].detach(), 1.0 - decay)

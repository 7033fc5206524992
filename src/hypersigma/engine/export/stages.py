"""The graphs that a model is made of, each where sizes change: before tiles, on tiles, after blending."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from hypersigma.engine.export.finishing import finishing
from hypersigma.engine.export.front_end import FrontEndGraph
from hypersigma.engine.export.networks import EnsembleGraph
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.errors import InputError
from hypersigma.nn.packed import unpacked

_SIDE = (24, 20)  # rows and columns of examples whose size stays free


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """One graph.

    Attributes:
        name: "front", "network" or "finish".
        module: what computes it.
        examples: tensors that it is traced with.
        inputs, outputs: their names.
        free: axes of each input whose size may change.
    """

    name: str
    module: nn.Module
    examples: tuple[Tensor, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    free: tuple[tuple[int, ...], ...]


def front_stage(graph: FrontEndGraph) -> Stage:
    """From the bands of a picture of any size to channels and bonds."""
    example = torch.rand(graph.front_end.bands.total, *_SIDE)
    return Stage(
        name="front",
        module=graph.eval(),
        examples=(example,),
        inputs=("bands",),
        outputs=("channels", "bonds"),
        free=((1, 2),),
    )


def network_stage(module: nn.Module, num_channels: int, tile: int) -> Stage:
    """From the channels of any number of tiles to what is blended."""
    return Stage(
        name="network",
        module=module.eval(),
        examples=(torch.rand(2, num_channels, tile, tile),),
        inputs=("channels",),
        outputs=("quantities",),
        free=((0,),),
    )


def finish_stage(decision: Any, num_quantities: int) -> Stage:
    """From blended quantities of a scene of any size to layers.

    Raises:
        InputError: the decision has no graph.
    """
    module = finishing(decision)
    wanted = tuple(inspect.signature(module.forward).parameters)
    examples = {
        "quantities": torch.rand(num_quantities, *_SIDE),
        "bonds": torch.rand(4, *_SIDE),
        "labels": torch.zeros(_SIDE, dtype=torch.int32),
    }
    return Stage(
        name="finish",
        module=module.eval(),
        examples=tuple(examples[name] for name in wanted),
        inputs=wanted,
        outputs=module.layers,
        free=tuple((examples[name].dim() - 2, examples[name].dim() - 1) for name in wanted),
    )


def stages_of(fitted: NeuralFitted) -> tuple[Stage, ...]:
    """The graphs of a fitted network.

    Raises:
        InputError: a part of it has no graph; the message says which, and what to use instead.
    """
    if fitted.takes_pairs:
        raise InputError("a model that compares two dates has no exported form; use  hypersigma predict")
    if any(member.margin for member in fitted.members):
        raise InputError(
            "head: patch looks at one window a pixel, mirrored at the scene's border, which is no graph of a tile; fit "
            "with  --set head=dense"
        )
    ensemble = EnsembleGraph([unpacked(member).cpu() for member in fitted.members])
    network = network_stage(ensemble, fitted.front_end.num_channels, fitted.config.tile)
    with torch.no_grad():
        num_quantities = ensemble(network.examples[0][:1]).shape[1]
    return (front_stage(FrontEndGraph(fitted.front_end)), network, finish_stage(fitted.decision, num_quantities))

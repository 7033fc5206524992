"""Decisions as graphs: from blended quantities to the layers of a scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hypersigma.data.score_maps import MASK, score_name
from hypersigma.data.unmixing_maps import ABUNDANCES, ANGLE, RESIDUAL
from hypersigma.engine.export.regions import among, spread
from hypersigma.errors import InputError
from hypersigma.tasks._detection_task import DetectionDecision
from hypersigma.tasks.classification import decision as classes
from hypersigma.tasks.unmixing.task import UnmixingDecision


class ClassificationGraph(nn.Module):
    """What `classification.Decision.finish` computes."""

    layers = ("map", "confidence")

    def __init__(self, decision: classes.Decision) -> None:
        super().__init__()
        self.decision = decision

    def forward(self, quantities: Tensor, bonds: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Map (h, w) and confidence (h, w) of quantities (2 K, h, w), bonds (4, h, w) and labels (h, w)."""
        known = quantities.isfinite().all(dim=0)
        bonds = bonds * among(known)
        context, plain = torch.where(known, quantities, 0.0).chunk(2)
        labelled = labels > 0
        share = self.decision.context_far + (classes.CONTEXT_NEAR - self.decision.context_far) * _near(labelled, bonds)
        mixed = share * context + (1.0 - share) * plain
        numbers = torch.arange(1, len(mixed) + 1, device=mixed.device)[:, None, None]
        mixed = torch.where(labelled & known, (labels == numbers).to(mixed.dtype), mixed)
        if self.decision.fidelity:
            weight = torch.where(labelled, classes.CERTAIN, self.decision.fidelity)[None]
            mixed = spread(mixed, bonds, weight, [self.decision.fidelity]).clamp(0.0, 1.0)
            mixed = mixed / mixed.sum(dim=0)
        powered = mixed.clamp(min=1e-6) ** (1.0 / self.decision.temperature)
        probabilities = powered / powered.sum(dim=0, keepdim=True)
        kind = torch.uint8 if len(mixed) <= np.iinfo(np.uint8).max else torch.int32
        likeliest = torch.where(known, probabilities.argmax(dim=0) + 1, 0).to(kind)
        return likeliest, torch.where(known, probabilities.amax(dim=0), torch.nan)


def _near(labelled: Tensor, bonds: Tensor) -> Tensor:
    """How near to labelled pixels each pixel (h, w) is, from 0 to 1, as `nearness`."""
    weight = torch.where(labelled, classes.CERTAIN, classes.TIRING)[None]
    chance = spread(labelled[None].to(bonds.dtype), bonds, weight, [classes.TIRING])[0]
    return ((chance - classes.FAR) / (classes.NEAR - classes.FAR)).clamp(0.0, 1.0)


class DetectionGraph(nn.Module):
    """What `DetectionDecision.finish` computes."""

    def __init__(self, decision: DetectionDecision) -> None:
        super().__init__()
        self.threshold = decision.threshold
        self.layers = (score_name(decision.task), MASK)

    def forward(self, quantities: Tensor) -> tuple[Tensor, Tensor]:
        """Score (h, w), and mask (h, w): 1 background, 2 detection, 0 no data."""
        score = quantities[0]
        found = torch.where(score > self.threshold, 2, 1)
        return score.clone(), torch.where(score.isfinite(), found, 0).to(torch.uint8)


class UnmixingGraph(nn.Module):
    """What `UnmixingDecision.finish` computes."""

    layers = (ABUNDANCES, RESIDUAL, ANGLE)

    def __init__(self, decision: UnmixingDecision) -> None:
        super().__init__()

    def forward(self, quantities: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Abundances (K, h, w) with sum one, residual and angle (h, w)."""
        shares = quantities[:-2]
        return shares / shares.sum(dim=0, keepdim=True), quantities[-2].clone(), quantities[-1].clone()


_GRAPHS: dict[type, Any] = {
    classes.Decision: ClassificationGraph,
    DetectionDecision: DetectionGraph,
    UnmixingDecision: UnmixingGraph,
}


def finishing(decision: Any) -> Any:
    """The graph of a decision, with the names of its `layers`.

    Raises:
        InputError: it has none.
    """
    if type(decision) not in _GRAPHS:
        known = ", ".join(sorted(kind.__module__.removeprefix("hypersigma.tasks.") for kind in _GRAPHS))
        raise InputError(f"the decision {type(decision).__name__} has no exported form; those of {known} have")
    return _GRAPHS[type(decision)](decision)

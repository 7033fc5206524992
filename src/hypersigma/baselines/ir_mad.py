"""Iteratively reweighted multivariate alteration detection (Nielsen, 2007)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypersigma.baselines._alteration import AlterationDetector
from hypersigma.baselines._change import Array
from hypersigma.data.alteration import Alteration, alteration

TASK = "change_detection"


@dataclass(frozen=True, kw_only=True)
class ReweightedAlteration(AlterationDetector):
    """IR-MAD: canonical variates of both dates."""

    @property
    def found(self) -> Callable[[Array, Array, int], Alteration]:
        return alteration


METHOD = ReweightedAlteration()

"""Iterative slow feature analysis (Wu, Du, Zhang, 2014)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypersigma.baselines._alteration import AlterationDetector
from hypersigma.baselines._change import Array
from hypersigma.data.alteration import Alteration, slow_features

TASK = "change_detection"


@dataclass(frozen=True, kw_only=True)
class SlowFeatures(AlterationDetector):
    """ISFA: what differs least where nothing changed."""

    @property
    def found(self) -> Callable[[Array, Array, int], Alteration]:
        return slow_features


METHOD = SlowFeatures()

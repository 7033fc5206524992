"""What detectors by variates share: the root of their chi-square as score, which parts better than the square."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._change import Array, ChangeDetector, Learned
from hypersigma.data.alteration import ROUNDS, Alteration, chi_square
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class AlterationDetector(ChangeDetector):
    """The root of the sum of squared variates.

    Attributes:
        rounds: of reweighting at most; 1 for none.
    """

    rounds: int = ROUNDS

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ConfigError(f"rounds must be at least 1, not {self.rounds}")

    @property
    def found(self) -> Callable[[Array, Array, int], Alteration]:
        """What finds the variates."""
        raise NotImplementedError

    def learn(self, before: Array, after: Array) -> Learned:
        return self.found(before, after, self.rounds).arrays()

    def evidence(self, learned: Learned, before: Array, after: Array) -> Array:
        root: Array = np.sqrt(chi_square(Alteration(**learned).variates(before, after)))[None]
        return root

"""Unmixing without training: `data.separation` behind the outer door, and settings that concern it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._unmixing import Floats, Unmixer, brightness
from hypersigma.data.abundances import nnls
from hypersigma.data.bands import Bands
from hypersigma.data.separation import Separation, separate
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_sample import SMOOTHING, Sample, sample_of
from hypersigma.tasks.unmixing.config import Comparison, Freedom

TASK = "unmixing"

_ROUNDS = {"fixed": 0, "refined": 5, "free": 20}
_HELD = {"refined": 0.3, "free": 0.0}  # what staying counts against fitting a mean pixel
_RIDGE = 1e-9  # so that an endmember that no pixel holds stays where it is


@dataclass(frozen=True, kw_only=True)
class SceneUnmixer(Unmixer):
    """The tuning-free unmixer; its settings are those of `UnmixingTaskConfig`.

    Attributes:
        compare: "shape", spectra and endmembers of length one, whatever their brightness; "numbers", as they are; or
            "auto", by what the scene is like: shapes, unless its pixels are convex mixtures. Of a library, shapes.
        endmembers: "fixed", those found or given stay as they are; "refined", they are moved a little towards what
            explains the scene best; "free", they are moved there.
        sum_to_one: whether abundances have sum one; else they say how bright a pixel is against its endmembers, too.
        smoothing: pixels; deviation of the Gaussian over neighbours before endmembers are sought, 0 for none.
    """

    compare: Comparison = "auto"
    endmembers: Freedom = "fixed"
    sum_to_one: bool = True
    smoothing: float = SMOOTHING

    @property
    def free_brightness(self) -> bool:
        return self._by_shape and self.sum_to_one

    @property
    def how(self) -> str:
        if not self.sum_to_one:
            return "at least 0, times the brightness of the pixel"
        return f"{super().how}{'; brightness does not count' if self._by_shape else ''}"

    @property
    def _by_shape(self) -> bool:
        return self.compare != "numbers"

    def sample(self, inputs: Sequence[UnmixingScene], bands: Bands) -> tuple[Sample, list[str]]:
        return sample_of(inputs, bands, self.smoothing)

    def found(self, sample: Sample, num: int, seed: int) -> tuple[Unmixer, Floats]:
        separation = separate(sample.spectra, sample.smooth, num, shade=self.shade)
        settled = self
        if self.compare == "auto":
            settled = replace(self, compare="shape" if separation.by_shape else "numbers")
        return settled, settled.moved(sample.spectra, separation.endmembers)

    def given(self, sample: Sample, endmembers: Floats) -> tuple[Unmixer, Floats]:
        settled = replace(self, compare="shape") if self.compare == "auto" else self
        return settled, settled.moved(sample.spectra, endmembers)

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        shares = Separation(endmembers, self._by_shape).abundances(spectra).astype(np.float64)
        return shares if self.sum_to_one else shares * brightness(spectra, endmembers.T @ shares)

    def moved(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        """Endmembers (K, bands) after the rounds that the settings ask for: shares, then what explains best."""
        if not _ROUNDS[self.endmembers]:
            return endmembers
        lengths = _lengths(endmembers.T)[:, None] if self._by_shape else np.ones((len(endmembers), 1))
        seen = spectra / np.maximum(_lengths(spectra), 1e-30) if self._by_shape else np.asarray(spectra, np.float64)
        start = now = endmembers / np.maximum(lengths, 1e-30)
        for _ in range(_ROUNDS[self.endmembers]):
            # with sum one, mixtures of shapes would be too short
            shares = nnls(seen, now) if self._by_shape else self.amounts(seen, now)[: len(now)]
            now = np.maximum(_refitted(seen, shares, start, _HELD[self.endmembers]), np.minimum(start, 0.0))
        return now * lengths


def _refitted(seen: NDArray[Any], shares: Floats, start: Floats, held: float) -> Floats:
    """Endmembers (K, bands) that minimise |X - E a|^2 / n + held |E - E_0|^2 / K, of spectra X (bands, n)."""
    count, num = shares.shape
    weight = held / count + _RIDGE
    gram = shares @ shares.T / num + weight * np.eye(count)
    refitted: Floats = np.linalg.solve(gram, shares @ seen.T / num + weight * start)
    return refitted


def _lengths(spectra: NDArray[Any]) -> Floats:
    lengths: Floats = np.linalg.norm(np.asarray(spectra, dtype=np.float64), axis=0)
    return lengths


METHOD = SceneUnmixer()

"""Targets without training: angle and strength after whitening, where shapes are small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._background import learn_whitening, squared_lengths, whitened
from hypersigma.baselines._detector import Array, Detector, Learned, View, below, per_pixel
from hypersigma.baselines._ranks import learn_ranks, ranks_in, without_rim
from hypersigma.baselines._smoothing import smoothed, smoothing_radius
from hypersigma.baselines.area_filter import AreaFilter

TASK = "target_detection"

_MOST_TARGETS = 64  # spectra that are looked for one by one
_SHAPES = (AreaFilter(num_components=3), AreaFilter(num_components=5))


@dataclass(frozen=True, kw_only=True)
class TargetFusion(Detector):
    """The tuning-free detector; its settings are those of `TargetDetectionConfig`.

    The score is the product of the coherence (the cosine of pixel and target after whitening) and the matched filter,
    each above 0, on average over the spectra that are given, smoothed, times a power of the mean rank of area filters.
    The background's statistics leave out the pixels most like the target.
    """

    loading: float = 3e-3
    cleaned: float = 0.01
    smoothing: float = 0.5
    compact: float = 6.0

    @property
    def margin(self) -> int:
        shapes = max(part.margin for part in _SHAPES) if self.compact else 0
        return max(shapes, smoothing_radius(self.smoothing))

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        learned, notes = learn_whitening(view, loading=self.loading, cleaned=self.cleaned)
        assert view.targets is not None
        step = -(-len(view.targets) // _MOST_TARGETS)
        learned["targets"] = whitened(learned, view.targets[::step].T.astype(np.float32)).T.astype(np.float64)
        if self.compact:
            shapes, _, _ = learn_ranks(_SHAPES, view, seed)
            learned |= {f"shapes.{name}": array for name, array in shapes.items()}
        return learned, notes

    def score(self, learned: Learned, padded: Array) -> NDArray[Any]:
        seen = without_rim(padded, self.margin - smoothing_radius(self.smoothing))
        scores = smoothed(per_pixel(seen, lambda spectra: _product(learned, spectra)), self.smoothing)
        if not self.compact:
            return scores
        shapes = ranks_in(_SHAPES, below("shapes", learned), padded, self.margin).mean(axis=0)
        compact: NDArray[Any] = scores * shapes**self.compact
        return compact


def _product(learned: Learned, spectra: Array) -> NDArray[Any]:
    """Coherence times matched filter (n,) of spectra (bands, n), 0 where either is below; the mean over the targets."""
    white, targets = whitened(learned, spectra), learned["targets"]
    lengths = np.linalg.norm(targets, axis=1)
    # along each target's direction: the filter's answer is this over the target's length, the cosine over the pixel's
    along = np.maximum((targets / lengths[:, None]).astype(np.float32) @ white, 0)
    strengths = (1 / lengths).astype(np.float32) @ along**2 / len(targets)
    product: NDArray[Any] = strengths / np.maximum(np.sqrt(squared_lengths(white)), np.float32(1e-20))
    return product


METHOD = TargetFusion()

"""Pseudo-labels of a detection: what a coarse detector is sure of, to train a network on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.detection import DetectionScene
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError
from hypersigma.products import Legend

_LEGEND = Legend(("background", "found"), ((200, 200, 200), (220, 40, 40)))


@dataclass(frozen=True, eq=False)
class PseudoScene(LabelledScene):
    """A scene with pseudo-labels, 1 background, 2 found, 0 unknown, and the spectrum (bands,) that is looked for."""

    spectrum: NDArray[np.float64] | None = None


def pseudo_labelled(
    scene: DetectionScene, scores: NDArray[np.float32], background_share: float, target_share: float
) -> PseudoScene:
    """The scene with the lowest coarse scores as background and the highest as found (HyperSIGMA: 30 % and 0.15 %).

    Args:
        scene: without a look at its truth.
        scores: (rows, cols) of a coarse detector, NaN = no data.
        background_share: of the pixels with data, whose scores are lowest.
        target_share: of the pixels with data, whose scores are highest; one pixel at least.

    Raises:
        InputError: fewer than two pixels have a score.
    """
    known = np.flatnonzero(np.isfinite(scores))
    if len(known) < 2:
        raise InputError(f"{scene.cube.name}: {len(known)} pixels have a coarse score; two are needed to learn from")
    order = known[np.argsort(scores.ravel()[known], kind="stable")]
    labels = np.zeros(scores.size, dtype=np.int32)
    labels[order[: max(1, int(background_share * len(order)))]] = 1
    labels[order[-max(1, int(target_share * len(order))) :]] = 2
    spectrum = None if scene.target is None else scene.target.spectrum
    return PseudoScene(scene.cube, labels.reshape(scores.shape), _LEGEND, spectrum)

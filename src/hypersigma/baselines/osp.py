"""Orthogonal subspace projection: the target's part of a pixel outside the directions that background spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._detector import Array, Learned, PixelDetector, View
from hypersigma.data.moments import moments
from hypersigma.errors import InputError

TASK = "target_detection"


@dataclass(frozen=True, kw_only=True)
class OrthogonalSubspace(PixelDetector):
    """t^T P x / t^T P t, P projecting out the leading directions of the scene (Harsanyi and Chang, 1994).

    Attributes:
        num_directions: leading eigenvectors of the correlation that stand for the background.
    """

    num_directions: int = 5

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        assert view.target is not None
        if self.num_directions >= len(view.target):
            raise InputError(
                f"{self.num_directions} directions of {len(view.target)} bands leave nothing; lower num_directions"
            )
        _, vectors = np.linalg.eigh(moments(view.blocks).correlation)
        background = vectors[:, ::-1][:, : self.num_directions]
        rest = view.target - background @ (background.T @ view.target)
        return {"filter": rest / (rest @ rest)}, []

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        return learned["filter"].astype(np.float32) @ spectra


METHOD = OrthogonalSubspace()

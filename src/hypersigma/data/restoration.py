"""What a restoration, denoising or super-resolution, is given of a scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube


@dataclass(frozen=True, kw_only=True, eq=False)
class RestorationScene:
    """A scene, and what is given beside it.

    Attributes:
        cube: the scene.
        truth: the same scene without noise or on the smaller pixels, with the same bands, or None.
        scale: rows and columns of the sharpened scene over those of the scene; None where nothing is sharpened, or
            where the companion tells.
        companion: a sharper scene of the same ground, or None.
        target: spectrum (used bands,) that must not be lost, in the scene's numbers, or None.
    """

    cube: Cube
    truth: Cube | None = None
    scale: int | None = None
    companion: Cube | None = None
    target: NDArray[np.float64] | None = None

"""Cells of ground that are larger than a scene's pixels: what the pixels hold of each, when truth is known by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """A grid of square cells with the upper left corner of the scene.

    Attributes:
        shape: rows and columns of cells.
        side: of a cell, in pixels; it need not be a whole number.
    """

    shape: tuple[int, int]
    side: float

    def __post_init__(self) -> None:
        if min(self.shape) < 1 or not self.side > 0:
            raise InputError(f"{self.shape} cells of {self.side} pixels; expected at least one, of a side above 0")

    def means(self, abundances: NDArray[Any]) -> Floats:
        """Mean abundances (K, *shape) of each cell's ground, of those (K, rows, cols) of pixels.

        A pixel counts by the part of it that lies in the cell. NaN in cells that reach out of the scene, and in those
        with a pixel that has no abundance.
        """
        down, along = (self._parts(num, of) for num, of in zip(self.shape, abundances.shape[1:], strict=True))
        known = np.isfinite(abundances)
        values = np.where(known, abundances, 0.0).astype(np.float64)
        sums = np.einsum("ir,krc,jc->kij", down, values, along, optimize=True)
        seen = np.einsum("ir,krc,jc->kij", down, known.astype(np.float64), along, optimize=True)
        whole = seen > self.side**2 * (1.0 - 1e-6)
        return np.where(whole, sums / self.side**2, np.nan)

    def _parts(self, count: int, num_pixels: int) -> Floats:
        """How much (cells, pixels) of each pixel's length lies in each cell."""
        starts, pixels = np.arange(count)[:, None] * self.side, np.arange(num_pixels)[None]
        parts: Floats = np.minimum(starts + self.side, pixels + 1.0) - np.maximum(starts, pixels)
        return np.maximum(parts, 0.0)

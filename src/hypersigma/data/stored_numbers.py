"""How the numbers of a restored scene are stored: as those of the scene, or in single precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.noise_level import strips

Image = NDArray[np.float32]


class Storage(NamedTuple):
    """A way to store numbers: quantity = stored * scale + offset.

    Attributes:
        dtype: of what is stored.
        scale, offset: one number each for all bands.
        nodata: stored number that means "no data"; None where NaN does, or nothing.
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None

    def stored(self, image: Image) -> NDArray[Any]:
        """An image (bands, rows, cols) in the scene's quantity as it is stored.

        Whole numbers are rounded, what their type cannot hold is cut off, and what is missing becomes the number for
        it.
        """
        if self.dtype.kind not in "iu":
            return image
        limits: Any = np.iinfo(self.dtype)
        result = np.empty(image.shape, dtype=self.dtype)
        for rows in strips(image.shape):
            numbers = (image[:, rows].astype(np.float64) - self.offset) / self.scale
            missing = ~np.isfinite(numbers)
            numbers[missing] = 0.0
            part = np.clip(np.rint(numbers), limits.min, limits.max).astype(self.dtype)
            if self.nodata is not None:
                # a number that happens to be that of no data would be lost
                part[part == self.nodata] = self.nodata - 1 if self.nodata > limits.min else self.nodata + 1
                part[missing] = self.nodata
            result[:, rows] = part
        return result


@dataclass(frozen=True, kw_only=True)
class StoredNumbers:
    """How a restored scene is stored.

    Attributes:
        whole: whether a scene of whole numbers comes out as such, rounded, in its own type and scale.
    """

    whole: bool = True

    def storage(self, cube: Cube, *, gaps: bool = False) -> Storage:
        """How what comes of a scene is stored: as the scene, if it is of whole numbers with one scale for all bands.

        Args:
            cube: the scene.
            gaps: whether the result may lack numbers where the scene does not; the end of the type then stands for
                them, if the scene has no number for it.
        """
        kind = cube.source.dtype
        scale, offset = (np.unique(np.atleast_1d(term)) for term in (cube.scale, cube.offset))
        if not self.whole or kind.kind not in "iu" or len(scale) > 1 or len(offset) > 1 or scale[0] == 0:
            return Storage()
        nodata = cube.nodata
        if nodata is None and gaps:
            limits: Any = np.iinfo(kind)
            nodata = float(limits.min if kind.kind == "i" else limits.max)
        return Storage(kind.newbyteorder("="), float(scale[0]), float(offset[0]), nodata)

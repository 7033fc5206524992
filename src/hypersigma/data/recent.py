"""The last rows of a picture that comes strip by strip, for work that looks at rows above."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Recent:
    """The last rows of a picture (..., rows, cols) of which one strip comes below the other."""

    def __init__(self, num_rows: int, above: float = 0.0) -> None:
        """Nothing yet.

        Args:
            num_rows: how many rows are kept.
            above: what lies above the first strip.
        """
        self._num_rows = num_rows
        self._above = above
        self._rows: NDArray[Any] | None = None

    def joined(self, strip: NDArray[Any]) -> NDArray[Any]:
        """The rows kept and a strip (..., h, cols) below them, whose last rows are kept from now on."""
        if self._rows is None:
            shape = (*strip.shape[:-2], self._num_rows, strip.shape[-1])
            self._rows = np.full(shape, self._above, dtype=strip.dtype)
        whole = np.concatenate([self._rows, strip], axis=-2)
        # a view would keep the whole
        self._rows = whole[..., whole.shape[-2] - self._num_rows :, :].copy()
        return whole

    def delayed(self, strip: NDArray[Any]) -> NDArray[Any]:
        """What lies as many rows above a strip (..., h, cols) as are kept, as high as the strip."""
        return self.joined(strip)[..., : strip.shape[-2], :]

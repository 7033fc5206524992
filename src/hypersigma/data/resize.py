"""Images with other rows and columns of the same ground: bicubic, Lanczos, bilinear, and means over areas.

Pixels are areas: the outer borders of both grids coincide, so that an image twice as large has pixels at a quarter and
three quarters of the old ones. Beyond the borders an image goes on as its mirror image. Where an image shrinks, kernels
widen with the pixels, which holds aliasing back. Bicubic is thus what MATLAB's imresize does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hypersigma.errors import InputError

Floats = NDArray[np.float64]
Weights = sparse.csr_array[np.float64]
Kernel = Literal["cubic", "lanczos", "linear", "mean"]

_NO_PART = 1e-9  # weight below which a pixel counts as having no part in another


def resized(image: NDArray[Any], shape: tuple[int, int], kernel: Kernel = "cubic") -> NDArray[np.float32]:
    """An image on a grid of other rows and columns over the same ground.

    A pixel is NaN wherever one without data would have a part in it.

    Args:
        image: (bands, rows, cols).
        shape: rows and columns of the result.
        kernel: "cubic" (Keys, 1981, with a = -1/2), "lanczos" (three lobes), "linear", or "mean", by the shares of
            the areas.

    Raises:
        InputError: the image is not (bands, rows, cols), or either has no pixels.
    """
    require_image(image)
    if min(shape) < 1:
        raise InputError(f"an image of {shape[0]} x {shape[1]} pixels has none; expected at least one each way")
    (old_rows, old_cols), (rows, cols) = image.shape[1:], shape
    return weighted(image, weights(old_rows, rows, kernel), weights(old_cols, cols, kernel))


def require_image(image: NDArray[Any]) -> None:
    """Raise InputError where an array is not (bands, rows, cols) with pixels."""
    if image.ndim != 3 or 0 in image.shape:
        raise InputError(f"expected an image (bands, rows, cols), found shape {image.shape}")


def weighted(image: NDArray[Any], down: Weights, across: Weights) -> NDArray[np.float32]:
    """Weighted sums of the pixels of each band (bands, new rows, new cols); `down` is (new rows, rows)."""
    result = np.empty((len(image), down.shape[0], across.shape[0]), dtype=np.float32)
    for band, out in zip(image, result, strict=True):
        missing = ~np.isfinite(band)
        filled = np.where(missing, 0.0, band).astype(np.float64)
        out[:] = _summed(filled, down, across)
        if missing.any():
            out[_summed(missing.astype(np.float64), abs(down), abs(across)) > _NO_PART] = np.nan
    return result


def _summed(band: Floats, down: Weights, across: Weights) -> Floats:
    """Weighted sums of the pixels of a band."""
    return np.asarray((across @ np.asarray(down @ band).T).T)


def weights(old: int, new: int, kernel: Kernel) -> Weights:
    """Weights (new, old) of the pixels of a line in those of another one, summing to 1 in each."""
    if kernel == "mean":
        return _areas(old, new)
    function, reach = _KERNELS[kernel]
    return kernel_weights(old, new, function, reach, max(1.0, old / new))


def kernel_weights(old: int, new: int, function: Callable[[Floats], Floats], reach: float, width: float) -> Weights:
    """Weights (new, old) by a function of the distance between centres.

    Args:
        old: pixels of the line.
        new: pixels of the other one, over the same ground.
        function: of distances over `width`.
        reach: distance over `width` from which on it is zero.
        width: pixels of the line.
    """
    centres = (np.arange(new) + 0.5) * (old / new) - 0.5
    offsets = np.arange(-np.ceil(reach * width), np.ceil(reach * width) + 1)
    columns = np.round(centres)[:, None] + offsets
    values = function((columns - centres[:, None]) / width)
    values /= values.sum(axis=1, keepdims=True)
    return _collected(mirrored(columns.astype(np.intp), old), values, old)


def _areas(old: int, new: int) -> Weights:
    """Weights (new, old) by the share of each old pixel in a new one."""
    size = old / new
    starts = np.arange(new) * size
    columns = np.floor(starts + _NO_PART)[:, None] + np.arange(np.ceil(size) + 1)
    shared = np.minimum(columns + 1, starts[:, None] + size) - np.maximum(columns, starts[:, None])
    values = np.clip(shared, 0.0, None)
    values /= values.sum(axis=1, keepdims=True)
    return _collected(np.minimum(columns, old - 1).astype(np.intp), values, old)


def _collected(columns: NDArray[np.intp], values: Floats, old: int) -> Weights:
    """A matrix (new, old) of values at columns (new, taps); those at the same place add up."""
    new, taps = columns.shape
    rows = np.repeat(np.arange(new), taps)
    return sparse.coo_array((values.ravel(), (rows, columns.ravel())), shape=(new, old)).tocsr()


def mirrored(index: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """Indices folded into 0..length - 1 at the borders, border pixels standing twice."""
    index = index % (2 * length)
    return np.minimum(index, 2 * length - 1 - index)


def _cubic(distance: Floats) -> Floats:
    """The cubic convolution of Keys with a = -1/2."""
    d = np.abs(distance)
    near, far = (1.5 * d - 2.5) * d**2 + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def _lanczos(distance: Floats) -> Floats:
    """The sinc, under a sinc three times as wide."""
    return np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0.0)


def _linear(distance: Floats) -> Floats:
    return np.maximum(1.0 - np.abs(distance), 0.0)


_KERNELS: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "cubic": (_cubic, 2.0),
    "lanczos": (_lanczos, 3.0),
    "linear": (_linear, 1.0),
}

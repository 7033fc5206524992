"""What is left of a shift between two dates on one grid: measured on squares of both, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.phase_correlation import REACH, Peak, correlation_peak
from hypersigma.data.resampled import ShiftedSource
from hypersigma.errors import InputError
from hypersigma.tiling import Window

_SIDE, _SQUARES_ALONG, _MOST_BANDS = 256, 3, 8
# Smaller squares hold too little to tell a shift from chance, emptier ones too.
_LEAST_SIDE, _LEAST_SHARE = 24, 0.25
# Images that share nothing reach about 10 pixels / side, other dates of a place 0.2 and more on whole squares.
_CHANCE, _LEAST_HEIGHT = 16.0, 0.08
_AGREEING = 0.5


@dataclass(frozen=True, kw_only=True)
class Shift:
    """How far a second date lies off the first one.

    Attributes:
        rows, cols: what the first date shows in a pixel, the second shows so many rows and columns further on.
        agreement: how well the dates correlate there, from near 0 for images of other things to 1 for the same image.
        reliable: whether enough parts of the scene tell this shift, and tell it alike.
    """

    rows: float
    cols: float
    agreement: float
    reliable: bool

    @property
    def length(self) -> float:
        """The length of the shift in pixels."""
        return float(np.hypot(self.rows, self.cols))


def residual_shift(before: Cube, after: Cube) -> Shift:
    """The shift between two dates on one grid: the median over up to nine squares of 256 x 256 pixels.

    Each square is compared by phase correlation of the gradients of its mean over bands, which finds shifts of up to
    16 pixels. A square counts where the peak stands out from chance; that of images of n x m pixels that share nothing
    is about 10 / sqrt(n m) high.

    Raises:
        InputError: the sizes of the dates differ.
    """
    if before.shape[1:] != after.shape[1:]:
        raise InputError(
            f"{before.name} has {before.shape[1:]} pixels, {after.name} {after.shape[1:]}; "
            "a shift is measured between dates on one grid: bring them onto one first"
        )
    bands = _alike(before, after)
    peaks, clear = [], []
    for window in _squares(*before.shape[1:]):
        images = [_image(cube, window, chosen) for cube, chosen in zip((before, after), bands, strict=True)]
        num_shown = int((~np.isnan(images[0] + images[1])).sum())
        if num_shown >= _LEAST_SHARE * window.height * window.width:
            peaks.append(correlation_peak(*images))
            clear.append(peaks[-1].height > max(_LEAST_HEIGHT, _CHANCE / num_shown**0.5))
    return _median(peaks, np.array(clear, dtype=bool))


def _median(peaks: list[Peak], clear: NDArray[np.bool_]) -> Shift:
    """The median shift of the squares whose peaks are clear, of all where none is."""
    if not peaks:
        return Shift(rows=0.0, cols=0.0, agreement=0.0, reliable=False)
    chosen = np.array(peaks)[clear] if clear.any() else np.array(peaks)
    row, col, height = np.median(chosen, axis=0).tolist()
    beside = np.hypot(chosen[:, 0] - row, chosen[:, 1] - col) <= _AGREEING
    # at the end of the search the peak lies elsewhere
    inside = max(abs(row), abs(col)) < REACH - 1
    # parts without any structure, such as water, tell nothing and need not
    enough = 3 * int(clear.sum()) >= len(peaks) and 2 * int(beside.sum()) > len(chosen)
    return Shift(rows=row, cols=col, agreement=height, reliable=inside and enough)


def _alike(before: Cube, after: Cube) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Some valid bands of both dates, from the wavelengths that both have where they are known and there are any."""
    spans = [cube.wavelengths[cube.used] for cube in (before, after) if cube.wavelengths is not None and len(cube.used)]
    low, high = (0.0, np.inf) if len(spans) < 2 else (max(s[0] for s in spans), min(s[-1] for s in spans))
    return _some(before, low, high), _some(after, low, high)


def _some(cube: Cube, low: float, high: float) -> NDArray[np.intp]:
    """Valid bands of a cube, spread evenly over those between two wavelengths where there are any."""
    used = cube.used
    if cube.wavelengths is not None:
        centres = cube.wavelengths[used]
        between = used[(centres >= low) & (centres <= high)]
        used = between if len(between) else used
    return used[np.unique(np.linspace(0, len(used) - 1, min(len(used), _MOST_BANDS)).round().astype(np.intp))]


def _squares(rows: int, cols: int) -> Iterator[Window]:
    """Squares spread evenly over a scene, smaller where it is; none where it is too small to tell anything."""
    height, width = min(_SIDE, rows), min(_SIDE, cols)
    if min(height, width) < _LEAST_SIDE:
        return
    for row in _starts(rows, height):
        for col in _starts(cols, width):
            yield Window(row, col, height, width)


def _starts(length: int, side: int) -> list[int]:
    count = min(_SQUARES_ALONG, -(-length // side))
    return [(length - side) // 2] if count == 1 else np.linspace(0, length - side, count).round().astype(int).tolist()


def _image(cube: Cube, window: Window, bands: NDArray[np.intp]) -> NDArray[np.float64]:
    """The mean (h, w) over bands that are standardised each, NaN where one shows nothing."""
    values = cube.read(window, bands).astype(np.float64)
    flat = values.reshape(len(values), window.height * window.width)
    shown = flat[:, ~np.isnan(flat).any(axis=0)]
    if not shown.size:
        return np.full(values.shape[1:], np.nan)
    # a glint or a dead pixel must not be all that is seen
    low, high = np.quantile(shown, (0.01, 0.99), axis=1)
    flat = np.clip(flat, low[:, None], high[:, None])
    middle, spread = shown.mean(axis=1), np.maximum(high - low, 1e-12 * np.maximum(abs(high), 1e-300))
    image: NDArray[np.float64] = ((flat - middle[:, None]) / spread[:, None]).mean(axis=0).reshape(values.shape[1:])
    return image


def shifted(cube: Cube, shift: Shift) -> Cube:
    """A date with a shift taken back, lazily: each pixel shows what lies that many rows and columns further on.

    Numbers between pixels are cubic; a pixel is NaN where one of the 4 x 4 around it lies outside or has no data.
    """
    moved = replace(
        cube,
        source=ShiftedSource(cube, shift.rows, shift.cols),
        order=np.arange(cube.shape[0]),
        scale=1.0,
        offset=0.0,
        nodata=None,
    )
    return moved.noted(f"{cube.name} was moved by {-shift.rows:+.2f} rows and {-shift.cols:+.2f} columns")

"""A quick look at a scene: a small colour picture, read thinly enough to fit in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import OutputError
from hypersigma.tiling import Window
from hypersigma.writers import replaced_file

TRUE_COLOUR = (640.0, 550.0, 470.0)
_FARTHEST = 40.0
_STRIP = 64
_MIDDLE = 0.3  # of the range from black to white; the median of a scene is at least about there
_STRONGEST = 0.3  # power that dark scenes are brightened with
_SMALLEST = 400  # pixels along the longer side of a picture in a file


def colour_bands(cube: Cube) -> tuple[int, int, int]:
    """Bands for red, green and blue: nearest to 640, 550 and 470 nm where the scene has them, else spread evenly."""
    used = cube.used
    if cube.wavelengths is not None:
        centres = cube.wavelengths[used]
        nearest = [int(np.argmin(np.abs(centres - goal))) for goal in TRUE_COLOUR]
        if all(abs(centres[index] - goal) <= _FARTHEST for index, goal in zip(nearest, TRUE_COLOUR, strict=True)):
            red, green, blue = (int(used[index]) for index in nearest)
            return red, green, blue
    # not the ends: there instruments are noisiest
    red, green, blue = (int(used[round(share * (len(used) - 1))]) for share in (5 / 6, 3 / 6, 1 / 6))
    return red, green, blue


def composite(cube: Cube, max_side: int = 1024) -> NDArray[np.uint8]:
    """A picture (rows, cols, 4), red, green, blue and opacity, at most `max_side` pixels a side.

    Every n-th pixel is taken; each colour is stretched between its 2nd and 98th percentile, and all are brightened
    alike where most of the scene would be nearly black; pixels without data are transparent.
    """
    _, rows, cols = cube.shape
    step = -(-max(rows, cols) // max_side)
    height = _STRIP * step
    strips = []
    for row in range(0, rows, height):
        # strip by strip, so that a scene of any size passes through little memory
        strip = cube.read(Window(row, 0, min(height, rows - row), cols), colour_bands(cube))
        strips.append(strip[:, ::step, ::step].copy())
        cube.forget()
    thin = np.concatenate(strips, axis=1)
    seen = np.isfinite(thin).all(axis=0)
    picture = np.zeros((*thin.shape[1:], 4), dtype=np.uint8)
    if seen.any():
        shares = _brightened(np.stack([_stretched(band[seen]) for band in thin], axis=-1))
        picture[seen, :3] = np.rint(255 * shares)
        picture[seen, 3] = 255
    return picture


def _stretched(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Numbers of a band between 0 and 1."""
    # glints and shadows would leave the rest of the scene grey
    low, high = np.percentile(values, (2, 98))
    if high <= low:
        return np.full(values.shape, 0.5, dtype=np.float32)
    shares: NDArray[np.float32] = np.clip((values - low) / (high - low), 0, 1, dtype=np.float32)
    return shares


def _brightened(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Numbers between 0 and 1 under a power that takes a dark median towards the middle: bright roofs stay below white.

    One power serves all colours, so that hues stay as they are.
    """
    median = float(np.median(shares))
    if median >= _MIDDLE:
        return shares
    power = np.log(_MIDDLE) / np.log(max(median, 1e-6))
    return np.power(shares, max(power, _STRONGEST), dtype=np.float32)


def check_name(path: Path) -> None:
    """Raise OutputError unless a file for a quick look is named .png."""
    if path.suffix.lower() != ".png":
        raise OutputError(f"{path}: a quick look is a PNG; name a file that ends in .png")


def draw(cube: Cube, path: Path, max_side: int = 1024) -> None:
    """Write a scene's quick look as PNG; of small scenes each pixel becomes a square that can be seen.

    Raises:
        OutputError: the file is not named .png, or cannot be written.
    """
    from matplotlib.image import imsave

    check_name(path)
    picture = composite(cube, max_side)
    longer = max(picture.shape[:2])
    factor = max(1, min(-(-_SMALLEST // longer), max_side // longer))
    with replaced_file(path) as partial:
        imsave(partial, picture.repeat(factor, axis=0).repeat(factor, axis=1))

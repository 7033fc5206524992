"""Shapes borrowed from real images: clusters of their pixels become materials, what is left becomes texture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.simulate.random_fields import Field, drawn_size
from hypersigma.errors import InputError

_NUM_CHANNELS = 3
_NUM_SAMPLES, _ROUNDS = 400, 6


def structure_image(image: Cube | NDArray[np.floating] | NDArray[np.integer]) -> Field:
    """The leading principal components (channels, rows, cols) of an image, all of the scale of the first.

    Args:
        image: a cube, or an array (channels, rows, cols), such as the red, green and blue of a photograph.

    Raises:
        InputError: not three axes, or no pixel with data.
    """
    array = image.read() if isinstance(image, Cube) else np.asarray(image, dtype=np.float32)
    if array.ndim != 3:
        raise InputError(f"an image (channels, rows, cols) is needed to borrow shapes from, found shape {array.shape}")
    pixels = array.reshape(len(array), -1)
    complete = np.isfinite(pixels).all(axis=0)
    if not complete.any():
        raise InputError(f"an image of shape {array.shape} has no pixel with data in all channels; shapes need some")
    # single channels may be in any unit
    mean, deviation = pixels[:, complete].mean(axis=1), pixels[:, complete].std(axis=1)
    scaled = (pixels - mean[:, None]) / np.maximum(deviation, 1e-6)[:, None]
    scaled[:, ~complete] = 0.0
    values, vectors = np.linalg.eigh(scaled[:, complete] @ scaled[:, complete].T / complete.sum())
    leading = vectors[:, ::-1][:, :_NUM_CHANNELS]
    scores = leading.T @ scaled / np.sqrt(max(float(values[-1]), 1e-12))
    result: Field = scores.reshape(-1, *array.shape[1:]).astype(np.float32)
    return result


def borrowed_memberships(
    generator: np.random.Generator, image: Field, num_materials: int, shape: tuple[int, int]
) -> tuple[Field, Field]:
    """Shares (materials, rows, cols) of pixels in clusters of a piece of an image, and its texture (rows, cols)."""
    piece = _piece(generator, image, shape)
    pixels = piece.reshape(len(piece), -1).T
    centres = _clusters(generator, pixels, num_materials)
    squares = ((pixels[:, None] - centres[None]) ** 2).sum(axis=2)
    nearest = squares.min(axis=1)
    # how far pixels lie from their centre says how soft the borders are
    spread = max(float(nearest.mean()), 1e-9) * drawn_size(generator, (0.3, 3.0))
    powers = np.exp((nearest[:, None] - squares) / (2 * spread))
    shares = (powers / powers.sum(axis=1, keepdims=True)).T.reshape(num_materials, *shape)
    rest = (pixels[:, 0] - centres[squares.argmin(axis=1), 0]).reshape(shape)
    texture = rest / max(float(rest.std()), 1e-6)
    return shares.astype(np.float32), texture.astype(np.float32)


def _piece(generator: np.random.Generator, image: Field, shape: tuple[int, int]) -> Field:
    """A random piece of an image, turned, mirrored, and as it is or enlarged twice."""
    rows, cols = shape
    enlarged = bool(generator.random() < 0.5)
    height, width = ((rows + 1) // 2, (cols + 1) // 2) if enlarged else shape
    if generator.random() < 0.5:
        image = image.transpose(0, 2, 1)
    short = [max(0, want - have) for want, have in zip((height, width), image.shape[1:], strict=True)]
    if any(short):
        # a small image goes on as its mirror image
        image = np.pad(image, ((0, 0), (0, short[0]), (0, short[1])), mode="symmetric")
    row, col = (
        int(generator.integers(have - want + 1)) for have, want in zip(image.shape[1:], (height, width), strict=True)
    )
    piece = image[:, row : row + height, col : col + width]
    piece = piece[:, :: generator.choice([-1, 1]), :: generator.choice([-1, 1])]
    if enlarged:
        piece = ndimage.zoom(piece, (1, 2, 2), order=1)[:, :rows, :cols]
    result: Field = np.ascontiguousarray(piece)
    return result


def _clusters(generator: np.random.Generator, pixels: Field, count: int) -> Field:
    """Centres (count, channels) of clusters of pixels (pixels, channels), by a few rounds of k-means on a sample."""
    sample = pixels[generator.integers(len(pixels), size=_NUM_SAMPLES)]
    centres = sample[generator.permutation(len(sample))[:count]].copy()
    for _ in range(_ROUNDS):
        nearest = ((sample[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        for index in np.unique(nearest):
            centres[index] = sample[nearest == index].mean(axis=0)
    return centres

"""A scene with two, four, eight times as many rows and columns, by a network that learned detail on other scenes.

The network, `doubling.npz`, learned on bands and principal components of scenes and photographs
(`benchmarks/doubling.py`) and is the same for any sensor: it sees principal components of the scene, one at a time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.learned import learned
from hypersigma.data.resize import resized
from hypersigma.tiling import Window, blocks

if TYPE_CHECKING:
    from hypersigma.nn.doubling import Doubling

Image = NDArray[np.float32]


_COMPONENTS = 16  # that the network sees; the rest is interpolated
_BLOCK = 256  # pixels, side of what the network sees at once
_FAINT = 1e-4  # of the largest variance, below which a component adds nothing that can be seen


def is_doubling(scale: int) -> bool:
    """Whether a scale is two, four, eight ..."""
    return scale > 1 and scale & (scale - 1) == 0


def doubled(image: Image, scale: int) -> Image:
    """An image (bands, rows, cols) without gaps as (bands, scale rows, scale cols); pixels are the means of theirs.

    Args:
        image: of any unit.
        scale: as of `is_doubling`.
    """
    mean = image.mean(axis=(1, 2), dtype=np.float64)
    flat = (image - mean[:, None, None].astype(np.float32)).reshape(len(image), -1)
    values, vectors = np.linalg.eigh(flat @ flat.T / flat.shape[1])
    chosen = np.flatnonzero(values > _FAINT * values[-1])[-_COMPONENTS:]
    vectors = vectors[:, chosen].astype(np.float32)
    found = vectors.T @ flat
    rest = flat - vectors @ found
    result = resized(rest.reshape(image.shape), (image.shape[1] * scale, image.shape[2] * scale))
    result += mean[:, None, None].astype(np.float32)
    for vector, component in zip(vectors.T, found.reshape(len(chosen), *image.shape[1:]), strict=True):
        level = np.float32(component.std())
        fine = component / level
        for _ in range(scale.bit_length() - 1):
            fine = _twice(fine)
        fine *= level
        for band, share in zip(result, vector, strict=True):
            band += share * fine
    return result


def _twice(image: Image) -> Image:
    """An image (rows, cols) of about unit variance as (2 rows, 2 cols), block by block."""
    import torch

    from hypersigma.nn.doubling import REACH, turned_about

    rows, cols = image.shape
    result = np.empty((2 * rows, 2 * cols), dtype=np.float32)
    for block in blocks(rows, cols, _BLOCK):
        outer = block.grown(REACH, rows, cols)
        inner = Window(*(2 * number for number in block.inside(outer)))
        seen = torch.from_numpy(np.ascontiguousarray(image[outer.slices]))[None, None]
        with torch.inference_mode():
            told = turned_about(_network(), seen)[0, 0, *inner.slices]
        result[Window(*(2 * number for number in block)).slices] = told.numpy()
    return result


@lru_cache(maxsize=1)
def _network() -> Doubling:
    """The network with what it learned."""
    from hypersigma.nn.doubling import Doubling

    return learned(Doubling(), "doubling.npz")

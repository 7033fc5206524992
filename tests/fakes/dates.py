"""Two dates of one ground, made by code: the second in another light, with some patches that changed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from tests.layers import NORTH_UP

BANDS, ROWS, COLS = 8, 40, 44
CENTRES = 450.0 + 100.0 * np.arange(BANDS)
GAINS, OFFSETS = np.linspace(0.8, 1.3, BANDS), np.linspace(0.05, -0.05, BANDS)
PATCHES = (
    *((3, 4, 8, 8), (5, 20, 6, 7), (6, 34, 7, 8), (20, 5, 7, 9)),
    *((18, 22, 9, 6), (22, 34, 6, 7), (31, 8, 6, 8), (30, 24, 7, 8)),
)  # first row, first column, height and width of each change
HOLES = ((30, 2), (12, 30))  # pixels without data on the first date, and on the second


def truth() -> NDArray[np.int32]:
    """What is true of each pixel (rows, cols): 1 unchanged, 2 changed."""
    values = np.full((ROWS, COLS), UNCHANGED, dtype=np.int32)
    for row, col, height, width in PATCHES:
        values[row : row + height, col : col + width] = CHANGED
    return values


def numbers(seed: int = 0, num_bands: int = BANDS) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reflectances (bands, rows, cols) of both dates: smooth ground, noise, gains and offsets, and what changed."""
    generator = np.random.default_rng(seed)
    rough = generator.standard_normal((num_bands, ROWS, COLS))
    fields = np.stack([gaussian_filter(field, 1.5) for field in rough])
    fields /= fields.std(axis=(1, 2), keepdims=True)
    mixing = generator.normal(size=(num_bands, num_bands)) + 2 * np.eye(num_bands)
    ground = 0.4 + 0.02 * np.einsum("bm,mrc->brc", mixing, fields)
    later = ground.copy()
    later[:, truth() == CHANGED] += 0.1 * np.cos(2.1 * np.arange(num_bands))[:, None]
    gains, offsets = (np.resize(term, num_bands)[:, None, None] for term in (GAINS, OFFSETS))
    before, after = (date + 0.004 * generator.standard_normal(ground.shape) for date in (ground, later))
    return before.astype(np.float32), (gains * after + offsets).astype(np.float32)


def dates(seed: int = 0, *, holes: bool = False, num_bands: int = BANDS, **fields: Any) -> tuple[Cube, Cube]:
    """Both dates as cubes, maybe each with a pixel that lacks one band."""
    arrays = numbers(seed, num_bands)
    if holes:
        for array, (row, col) in zip(arrays, HOLES, strict=True):
            array[1, row, col] = np.nan
    settings: dict[str, Any] = {"quantity": "reflectance", "georef": NORTH_UP, **fields}
    waves = settings.pop("wavelengths", 450.0 + 100.0 * np.arange(num_bands))
    before, after = (
        Cube.from_array(array, waves, name=name, **settings)
        for array, name in zip(arrays, ("before", "after"), strict=True)
    )
    return before, after


def pair_of(seed: int = 0, **fields: Any) -> Pair:
    """The dates as a pair; fields as for `dates`."""
    return Pair.of(*dates(seed, **fields))


def labelled_pair(seed: int = 0, **fields: Any) -> LabelledScene:
    """The pair with its truth as labels."""
    return LabelledScene(pair_of(seed, **fields), truth(), LEGEND)

"""A small scene of two materials in which some objects of a third one lie, made by code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hypersigma.baselines import rank_fusion
from hypersigma.baselines.local_rx import LocalRX
from hypersigma.cube import Cube

BANDS, ROWS, COLS = 12, 24, 24
CENTRES = np.linspace(420.0, 2380.0, BANDS)
PLACES = ((3, 4), (6, 18), (15, 8), (19, 19))  # first (row, col) of each object, of 1 x 2 pixels
HOLE = (slice(20, 24), slice(0, 3))  # pixels without data, where a scene has any
TRAINED: dict[str, Any] = {
    "mode": "trained",
    "size": "toy",
    "tile": 12,
    "overlap": 4,
    "crops_per_batch": 2,
    "front_end": {"num_components": 4, "spreading": [0.0], "shapes": []},
    "training": {"steps": 3, "warmup": 1},
}


def truth() -> NDArray[np.bool_]:
    """Where the objects lie (rows, cols)."""
    marked = np.zeros((ROWS, COLS), dtype=bool)
    for row, col in PLACES:
        marked[row, col : col + 2] = True
    return marked


def material() -> NDArray[np.float64]:
    """What the objects are made of: reflectance (bands,)."""
    return 0.35 + 0.2 * np.cos(CENTRES / 170.0)


def odd_cube(*, seed: int = 0, wavelengths: bool = True, hole: bool = False) -> Cube:
    """The scene: soil beside grass, noise, the objects, and maybe a corner without data."""
    generator = np.random.default_rng(seed)
    soil, grass = 0.2 + CENTRES / 9000.0, 0.25 + 0.1 * np.sin(CENTRES / 400.0)
    share = np.clip((np.arange(COLS) - 8) / 8.0, 0.0, 1.0) + generator.normal(scale=0.05, size=(ROWS, COLS))
    array = soil[:, None, None] * (1 - share) + grass[:, None, None] * share
    array += generator.normal(scale=0.01, size=array.shape)
    array[:, truth()] = 0.3 * array[:, truth()] + 0.7 * material()[:, None]
    if hole:
        array[:, *HOLE] = np.nan
    centres = CENTRES if wavelengths else None
    return Cube.from_array(array.astype(np.float32), centres, quantity="reflectance", name=f"odd {seed}")


@contextmanager
def quick_ranks() -> Iterator[None]:
    """Two cheap detectors in place of those whose ranks are fused, for as long as it is needed."""
    with pytest.MonkeyPatch.context() as patch:
        parts = (LocalRX(inner=5, outer=11), LocalRX(inner=7, outer=13))
        patch.setattr(rank_fusion, "parts", lambda: parts)
        yield

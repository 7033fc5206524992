"""Scenes through a fitted method, tile by tile, and fitted models from disk.

A scene is predicted on one grid of overlapping tiles that depends on its size alone; the tiles' quantities are
blended with fixed weights in a fixed order, so nothing but the model and the scene decides the result. Memory is
bounded by a row of tiles; whole-scene results of large scenes lie in memory-mapped temporary files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.method import Fitted
from hypersigma.errors import InputError
from hypersigma.tiling import Window, blend_weights, blocks, tile_starts

Array = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
Predict = Callable[[Window], Array]

_MOST_IN_MEMORY = 64 << 20  # bytes of a result; larger ones are memory-mapped
_FINISH_BLOCK = 512  # pixels; side of the blocks that are finished at once


def predict_scene(fitted: Fitted, cube: Cube, advance: Callable[[int, int], None] = lambda done, total: None) -> Arrays:
    """The arrays (rows, cols) or (bands, rows, cols) of a whole scene by layer name.

    Args:
        fitted: the method.
        cube: the scene.
        advance: called with (rows done, rows in all).
    """
    tiling = fitted.tiling
    if tiling.tile is None:
        return dict(fitted.finish(fitted.predict(cube, cube.window), cube, cube.window))
    store = blended(partial(fitted.predict, cube), cube.window, tiling.tile, tiling.overlap, advance)
    return _finished(fitted, cube, store)


def blended(
    predict: Predict,
    area: Window,
    tile: int,
    overlap: int,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> Array:
    """Blended quantities (Q, height, width) of an area of any size, memory-mapped where large.

    `advance` is called with (rows done, rows in all).
    """
    store: Array | None = None
    for top, strip in blended_strips(predict, area, tile, overlap):
        if store is None:
            store = _empty((len(strip), area.height, area.width), np.dtype(np.float32))
        store[:, top : top + strip.shape[1]] = strip
        advance(top + strip.shape[1], area.height)
    assert store is not None
    return store


def blended_strips(predict: Predict, area: Window, tile: int, overlap: int) -> Iterator[tuple[int, Array]]:
    """Blended quantities of an area in strips of whole rows: (first row within the area, (Q, h, cols))."""
    height, width = min(tile, area.height), min(tile, area.width)
    weights = blend_weights(height, width, overlap)
    tops, lefts = (
        tile_starts(area.height, height, min(overlap, height - 1)),
        tile_starts(area.width, width, min(overlap, width - 1)),
    )
    total: Array | None = None
    for index, top in enumerate(tops):
        for left in lefts:
            part = predict(Window(area.row + top, area.col + left, height, width))
            if total is None:
                total = np.zeros((len(part) + 1, height, area.width), dtype=np.float32)
            known = np.isfinite(part).all(axis=0)
            total[:-1, :, left : left + width] += np.where(known, part * weights, 0.0)
            total[-1, :, left : left + width] += np.where(known, weights, 0.0)
        assert total is not None
        # Rows above the next tile are complete.
        done = (tops[index + 1] if index + 1 < len(tops) else area.height) - top
        weight = total[-1:, :done]
        weight[weight == 0] = np.nan
        yield top, total[:-1, :done] / weight
        rest = total[:, done:]
        total = np.concatenate([rest, np.zeros((len(total), done, area.width), dtype=np.float32)], axis=1)


def _finished(fitted: Fitted, cube: Cube, store: Array) -> Arrays:
    """The arrays of a scene from its blended quantities, block by block with the margin that finishing needs."""
    _, rows, cols = cube.shape
    arrays: Arrays = {}
    for block in blocks(rows, cols, _FINISH_BLOCK):
        seen = block.grown(fitted.tiling.halo, rows, cols)
        inner_rows, inner_cols = block.inside(seen).slices
        for name, values in fitted.finish(store[:, *seen.slices], cube, seen).items():
            if name not in arrays:
                arrays[name] = _empty((*values.shape[:-2], rows, cols), values.dtype)
            arrays[name][..., *block.slices] = values[..., inner_rows, inner_cols]
    return arrays


def _empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """An array in memory, or a memory map of a temporary file that vanishes with it."""
    if int(np.prod(shape)) * dtype.itemsize <= _MOST_IN_MEMORY:
        return np.empty(shape, dtype)
    # The file has no name, so nothing is left of it once nobody looks at the map.
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)


def load_fitted(folder: Path | str, device: str = "auto") -> Fitted:
    """A fitted model from the folder it was saved into.

    Raises:
        InputError: there is no model in the folder, or it is damaged.
    """
    from hypersigma.baselines import _change, _classifier, _detector, _unmixing
    from hypersigma.engine import fitted
    from hypersigma.engine.frozen import FrozenFeatures
    from hypersigma.tasks import _restoration

    place = Path(folder)
    place = place / "model" if (place / "model").is_dir() else place
    if (place / fitted.DESCRIPTION).is_file():
        return fitted.load(place, device)
    if (place / _classifier.DESCRIPTION).is_file():
        return _classifier.load(place)
    if (place / _change.DESCRIPTION).is_file():
        return _change.load(place)
    if (place / _unmixing.DESCRIPTION).is_file():
        return _unmixing.load(place)
    if (place / _restoration.DESCRIPTION).is_file():
        return _restoration.load(place)
    if (place / _detector.DESCRIPTION).is_file():
        return _detector.load(place, lambda weights: FrozenFeatures(weights=weights, device=device))
    raise InputError(f"{folder}: no model here; expected the folder 'model' that `hypersigma run` writes")

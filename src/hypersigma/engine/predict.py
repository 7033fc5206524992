"""Scenes through a fitted method, tile by tile, and fitted models from disk.

A scene is predicted on one grid of overlapping tiles that depends on its size alone; the tiles' quantities are
blended with fixed weights in a fixed order and finished in fixed strips, so nothing but the model and the scene
decides the result. Memory is bounded by a row of tiles and a strip; finished strips go to a store while the next
one is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.method import Fitted, WorksAhead
from hypersigma.engine.writer import written_behind
from hypersigma.errors import InputError
from hypersigma.mapped import empty, release
from hypersigma.tiling import Window, blend_weights, blocks, tile_starts

Array = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
Tiles = Callable[[Iterable[Window]], Iterator[Array]]
Advance = Callable[[int, int], None]

_FINISH_BLOCK = 128  # pixels; side of the blocks that are finished at once


def silent(done: int, total: int) -> None:
    """Progress that nobody asked for."""


class Store(Protocol):
    """Where the arrays of a scene are put strip by strip, from top to bottom."""

    @property
    def num_rows(self) -> int:
        """Rows that it holds already, of an earlier prediction that was broken off."""

    def put(self, row: int, strip: Arrays, num_rows: int) -> None:
        """Add arrays (..., h, cols) from a row on; the whole scene has `num_rows`."""

    def arrays(self) -> Arrays:
        """The arrays (..., rows, cols) of the whole scene."""


class TemporaryStore:
    """A store in memory, in nameless files where it is large."""

    num_rows = 0

    def __init__(self) -> None:
        self._arrays: Arrays = {}

    def put(self, row: int, strip: Arrays, num_rows: int) -> None:
        for name, values in strip.items():
            if name not in self._arrays:
                self._arrays[name] = empty((*values.shape[:-2], num_rows, values.shape[-1]), values.dtype)
            self._arrays[name][..., row : row + values.shape[-2], :] = values
            # what has been put into a file need not stay in memory
            release(self._arrays[name])

    def arrays(self) -> Arrays:
        return self._arrays


def predict_scene(fitted: Fitted, cube: Cube, advance: Advance = silent, store: Store | None = None) -> Arrays:
    """The arrays (rows, cols) or (bands, rows, cols) of a whole scene by layer name.

    Args:
        fitted: the method.
        cube: the scene.
        advance: called with (rows done, rows in all).
        store: where they are put, strip by strip; what it holds already is not computed again. A method that takes a
            scene whole has no need of it.
    """
    if fitted.tiling.tile is None:
        return dict(fitted.finish(fitted.predict(cube, cube.window), cube, cube.window))
    store = TemporaryStore() if store is None else store
    rows, first = cube.shape[1], store.num_rows
    if first < rows:
        if first:
            advance(first, rows)
        with written_behind(store.put) as put:
            for row, strip in finished_strips(fitted, cube, advance, first):
                put(row, strip, rows)
                # or it would stay while the next one is made
                del strip
    return store.arrays()


def finished_strips(
    fitted: Fitted, cube: Cube, advance: Advance = silent, first_row: int = 0
) -> Iterator[tuple[int, Arrays]]:
    """The arrays of a scene in strips of whole rows: (first row, arrays (..., h, cols) by layer name).

    Args:
        fitted: a method with tiles.
        cube: the scene.
        advance: called with (rows blended, rows in all).
        first_row: first row of a strip, to go on from there; the strips are then those of the whole scene.
    """
    _, rows, cols = cube.shape
    halo, tile = fitted.tiling.halo, fitted.tiling.tile
    assert tile is not None
    begin = max(0, first_row - halo)
    blended_rows = blended_strips(tiles_of(fitted, cube), cube.window, tile, fitted.tiling.overlap, begin)
    held: Array | None = None
    for top in range(first_row, rows, _FINISH_BLOCK):
        area = Window(top, 0, min(_FINISH_BLOCK, rows - top), cols)
        seen = area.grown(halo, rows, cols)
        parts = [] if held is None else [held[:, seen.row - begin :]]
        begin, end = seen.row, seen.row + sum(part.shape[1] for part in parts)
        while end < seen.row + seen.height:
            _, strip = next(blended_rows)
            parts.append(strip)
            end += strip.shape[1]
            advance(end, rows)
        held = np.concatenate(parts, axis=1)
        yield top, _finished(fitted, cube, held, begin, area)


def _finished(fitted: Fitted, cube: Cube, held: Array, begin: int, area: Window) -> Arrays:
    """The arrays of a strip from blended quantities (Q, h, cols) of rows from `begin` on, block by block."""
    _, rows, cols = cube.shape
    arrays: Arrays = {}
    for block in blocks(area.height, cols, _FINISH_BLOCK):
        inner = block._replace(row=area.row + block.row)
        seen = inner.grown(fitted.tiling.halo, rows, cols)
        inside_rows, inside_cols = inner.inside(seen).slices
        quantities = held[:, *seen._replace(row=seen.row - begin).slices]
        for name, values in fitted.finish(quantities, cube, seen).items():
            if name not in arrays:
                arrays[name] = np.empty((*values.shape[:-2], area.height, cols), values.dtype)
            arrays[name][..., *block.slices] = values[..., inside_rows, inside_cols]
        cube.forget()
    return arrays


def tiles_of(fitted: Fitted, cube: Cube) -> Tiles:
    """What makes the quantities (Q, h, w) of windows of a scene, in their order, maybe working ahead."""
    if isinstance(fitted, WorksAhead):
        return partial(fitted.tiles, cube)
    return partial(map, partial(fitted.predict, cube))


def blended(tiles: Tiles, area: Window, tile: int, overlap: int, advance: Advance = silent) -> Array:
    """Blended quantities (Q, height, width) of an area of any size, memory-mapped where large.

    `tiles` makes those of windows, in their order; `advance` is called with (rows done, rows in all).
    """
    store: Array | None = None
    for top, strip in blended_strips(tiles, area, tile, overlap):
        if store is None:
            store = empty((len(strip), area.height, area.width), np.dtype(np.float32))
        store[:, top : top + strip.shape[1]] = strip
        advance(top + strip.shape[1], area.height)
    assert store is not None
    return store


def blended_strips(
    tiles: Tiles, area: Window, tile: int, overlap: int, first_row: int = 0
) -> Iterator[tuple[int, Array]]:
    """Blended quantities of an area in strips of whole rows: (first row within the area, (Q, h, cols)).

    From `first_row` on they are the same as if all rows had been asked for.
    """
    height, width = min(tile, area.height), min(tile, area.width)
    weights = blend_weights(height, width, overlap)
    tops = [top for top in tile_starts(area.height, height, min(overlap, height - 1)) if top + height > first_row]
    lefts = tile_starts(area.width, width, min(overlap, width - 1))
    parts = tiles(Window(area.row + top, area.col + left, height, width) for top in tops for left in lefts)
    total: Array | None = None
    for index, top in enumerate(tops):
        for left in lefts:
            part = next(parts)
            if total is None:
                total = np.zeros((len(part) + 1, height, area.width), dtype=np.float32)
            known = np.isfinite(part).all(axis=0)
            total[:-1, :, left : left + width] += np.where(known, part * weights, 0.0)
            total[-1, :, left : left + width] += np.where(known, weights, 0.0)
        assert total is not None
        # Rows above the next tile are complete, but for those that earlier tiles see, which nobody asked for.
        done = (tops[index + 1] if index + 1 < len(tops) else area.height) - top
        asked = max(0, first_row - top)
        if asked < done:
            weight = total[-1:, asked:done]
            weight[weight == 0] = np.nan
            yield top + asked, total[:-1, asked:done] / weight
        rest = total[:, done:]
        total = np.concatenate([rest, np.zeros((len(total), done, area.width), dtype=np.float32)], axis=1)


def load_fitted(folder: Path | str, device: str = "auto") -> Fitted:
    """A fitted model from the folder it was saved into.

    Raises:
        InputError: there is no model in the folder, or it is damaged.
    """
    from hypersigma.baselines import _change, _classifier, _detector, _unmixing
    from hypersigma.data import restoration
    from hypersigma.engine import fitted
    from hypersigma.engine.devices import resolved
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
    if (place / restoration.DESCRIPTION).is_file():
        return _restoration.load(place, resolved(device))
    if (place / _detector.DESCRIPTION).is_file():
        return _detector.load(place, lambda weights: FrozenFeatures.shared(weights, device))
    raise InputError(f"{folder}: no model here; expected the folder 'model' that `hypersigma run` writes")

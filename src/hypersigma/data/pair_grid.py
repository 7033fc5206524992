"""Two dates of the same ground brought onto one grid: that of the first, cut to what both show."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.placement import Placement
from hypersigma.data.resampled import ResampledSource, WindowedSource
from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.tiling import Window

# Fewer pixels along a side show no change that could be told from an edge.
_LEAST_SIDE = 4
# From so many pixels of the second date within one of the first, points between centres would skip some.
_FINER = 2.0

Dates = tuple[Cube, Cube, tuple[str, ...]]


def on_one_grid(before: Cube, after: Cube) -> Dates:
    """Two dates with the same pixels, and notes that say what was done.

    Dates on one grid stay as they are, and where grids differ by whole pixels both are cut to what they share.
    Otherwise the second date is resampled onto the grid of the first when it is read: bilinearly, or averaged where its
    pixels are at most half as large. No number without data takes part in another one.

    Args:
        before: the first date, whose pixels are kept.
        after: the second date, perhaps of another sensor.

    Returns:
        both dates, of the same rows and columns and with one georeference, and the notes.

    Raises:
        InputError: they show no common ground or next to none; one has no georeference and their sizes differ; or one
            is in sensor geometry and the other one on other pixels.
    """
    if before.georef is None or after.georef is None:
        return _without_place(before, after)
    if isinstance(before.georef, LookupTable) or isinstance(after.georef, LookupTable):
        return _in_sensor_geometry(before, after)
    before, after, notes = _in_one_system(before, after)
    placement = _placement(before, after)
    window, shift = _overlap(before, after, placement), placement.whole_shift()
    if shift is None:
        resampled, note = _resampled(before, after, placement, window)
        return _cut(before, window), resampled, (*notes, note)
    row, col = window.row + shift[0], window.col + shift[1]
    if shift == (0, 0) and before.shape[1:] == after.shape[1:]:
        return before, after, notes
    cut = _cut(before, window)
    # coordinates that differ in the last digits are those of one grid
    moved = replace(_cut(after, Window(row, col, *window[2:])), georef=cut.georef)
    return cut, moved, (*notes, f"both dates were cut to the {window.height} x {window.width} pixels that they share")


def _without_place(before: Cube, after: Cube) -> Dates:
    """Dates of which at least one says nothing of its place.

    Raises:
        InputError: their sizes differ.
    """
    bare = " and ".join(cube.name for cube in (before, after) if cube.georef is None)
    (rows, cols), (height, width) = before.shape[1:], after.shape[1:]
    if (rows, cols) != (height, width):
        raise InputError(
            f"{before.name} has {rows} x {cols} pixels, {after.name} {height} x {width}, and {bare} no georeference "
            "that tells how they lie on each other; cut both to the same pixels, or give files with a georeference"
        )
    note = f"no georeference in {bare}: pixels of the same row and column are taken to show the same ground"
    georef = before.georef or after.georef
    return replace(before, georef=georef), replace(after, georef=georef), (note,)


def _in_sensor_geometry(before: Cube, after: Cube) -> Dates:
    """Dates of which at least one is in sensor geometry.

    Raises:
        InputError: their pixels are not the same.
    """
    assert before.georef is not None
    assert after.georef is not None
    both = isinstance(before.georef, LookupTable) and isinstance(after.georef, LookupTable)
    if both and before.shape[1:] == after.shape[1:] and before.georef.same_grid(after.georef):
        return before, after, ()
    tables = " and ".join(cube.name for cube in (before, after) if isinstance(cube.georef, LookupTable))
    raise InputError(
        f"{tables}: in sensor geometry, where another date shows the ground by other pixels; orthorectify both dates "
        "onto maps first, as the products' own tools do, and give these"
    )


def _in_one_system(before: Cube, after: Cube) -> tuple[Cube, Cube, tuple[str, ...]]:
    """Both dates, one that names no coordinate system with that of the other one; and a note where that was done."""
    assert before.georef is not None
    assert after.georef is not None
    systems = before.georef.crs, after.georef.crs
    if systems[0] is None and systems[1] is not None:
        note = _assumed(before, after.georef)
        return replace(before, georef=replace(before.georef, crs=systems[1])), after, (note,)
    if systems[1] is None and systems[0] is not None:
        note = _assumed(after, before.georef)
        return before, replace(after, georef=replace(after.georef, crs=systems[0])), (note,)
    return before, after, ()


def _assumed(cube: Cube, known: Georef) -> str:
    return f"{cube.name} names no coordinate system; its coordinates are taken to be of {known.crs_name} too"


def _placement(before: Cube, after: Cube) -> Placement:
    assert before.georef is not None
    assert after.georef is not None
    return Placement.of(before.georef, before.shape[1:], after.georef, after.shape[1:])


def _overlap(before: Cube, after: Cube, placement: Placement) -> Window:
    """The pixels of the first date that the second one shows.

    Raises:
        InputError: there are none, or too few; with both extents.
    """
    window = placement.overlap()
    if window is not None and min(window.height, window.width) >= _LEAST_SIDE:
        return window
    found = "no common ground" if window is None else f"only {window.height} x {window.width} common pixels"
    raise InputError(
        f"the two dates show {found}: the first, {before.name}, lies at {_extent(before)}, "
        f"the second, {after.name}, at {_extent(after)}; at least {_LEAST_SIDE} x {_LEAST_SIDE} pixels must be common: "
        "are these scenes of the same place?"
    )


def _extent(cube: Cube) -> str:
    assert cube.georef is not None
    left, bottom, right, top = cube.georef.bounds(cube.window)
    return f"x {left:.8g} to {right:.8g}, y {bottom:.8g} to {top:.8g} ({cube.georef.crs_name})"


def _cut(cube: Cube, window: Window) -> Cube:
    """A window of a cube, as a cube; the cube itself where the window is all of it."""
    if window == cube.window:
        return cube
    assert cube.georef is not None
    return replace(cube, source=WindowedSource(cube.source, window), georef=cube.georef.windowed(window))


def _resampled(before: Cube, after: Cube, placement: Placement, window: Window) -> tuple[Cube, str]:
    """The second date on a window of the first one's grid, and a note of how."""
    assert before.georef is not None
    assert after.georef is not None
    across = placement.pixels_across(window)
    down, right = (math.ceil(count - 0.01) if count >= _FINER - 0.01 else 1 for count in across)
    method = "bilinearly" if down * right == 1 else f"as the mean of {down} x {right} points a pixel"
    note = (
        f"{after.name} ({_grid(after.georef)}) was resampled {method} onto the grid of {before.name} "
        f"({_grid(before.georef)}); both show {window.height} x {window.width} pixels"
    )
    if max(across) <= 1 / _FINER:
        note += f"; {after.name} has coarser pixels, so that changes smaller than these stay unseen"
    on_grid = replace(
        after,
        source=ResampledSource(after, placement, window, (down, right)),
        order=np.arange(after.shape[0]),
        scale=1.0,
        offset=0.0,
        nodata=None,
        georef=before.georef.windowed(window),
    )
    return on_grid, note


def _grid(georef: Georef) -> str:
    """Pixel size with its unit, and the coordinate system, as text."""
    width, height = georef.pixel_size
    unit = ""
    if georef.crs is not None:
        from rasterio.crs import CRS

        unit = f" {CRS.from_wkt(georef.crs).units_factor[0]}"
    turned = ", rotated" if georef.transform[1] or georef.transform[3] else ""
    return f"pixels of {width:.6g} x {height:.6g}{unit} in {georef.crs_name}{turned}"

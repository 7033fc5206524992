"""Georeferences: pixels to coordinates and back, windows, sameness, names; lookup tables."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.tiling import Window
from tests.layers import swath as swath_of

positions = st.floats(-100, 5000)


def rotated(angle: float, width: float = 3.0, height: float = 2.0) -> Georef:
    cos, sin = math.cos(angle), math.sin(angle)
    return Georef((cos * width, sin * height, 500000.0, sin * width, -cos * height, 4000000.0))


@settings(max_examples=60, deadline=None)
@given(st.floats(-math.pi, math.pi), positions, positions)
def test_there_and_back(angle, row, col):
    georef = rotated(angle)
    assert georef.row_col(*georef.xy(row, col)) == pytest.approx((row, col), abs=1e-6)
    assert georef.pixel_size == pytest.approx((3.0, 2.0))


@settings(max_examples=40, deadline=None)
@given(st.floats(-math.pi, math.pi), st.integers(0, 500), st.integers(0, 500))
def test_a_window_keeps_its_place(angle, row, col):
    georef = rotated(angle)
    windowed = georef.windowed(Window(row, col, 10, 10))
    assert windowed.xy(1.5, 2.5) == pytest.approx(georef.xy(row + 1.5, col + 2.5))


def test_same_grid():
    base = Georef((30.0, 0.0, 300000.0, 0.0, -30.0, 5800000.0))
    assert base.same_grid(Georef((30.0, 0.0, 300000.01, 0.0, -30.0, 5800000.0)))
    assert not base.same_grid(Georef((30.0, 0.0, 300015.0, 0.0, -30.0, 5800000.0)))


def test_names_of_systems():
    transform = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    assert Georef(transform).crs_name == "none"
    assert Georef(transform, CRS.from_epsg(32633).to_wkt()).crs_name == "EPSG:32633"
    own = CRS.from_proj4("+proj=tmerc +lat_0=1 +lon_0=2 +k=0.97 +ellps=GRS80 +units=m").to_wkt()
    assert Georef(transform, own.replace('"unknown"', '"our plot"', 1)).crs_name == "our plot"


def swath() -> LookupTable:
    """A small scene in sensor geometry."""
    return swath_of(12, 10)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 15), st.integers(2, 15), st.integers(0, 2))
def test_each_cell_of_a_map_shows_its_pixel(rows, cols, bands):
    table = swath_of(rows, cols)
    array = np.arange(max(bands, 1) * rows * cols, dtype="f4").reshape((*([bands] * (bands > 0)), rows, cols))
    on_map = table.orthorectified(array, -1.0)
    assert on_map.shape == (*array.shape[:-2], *table.rows.shape)
    for (map_row, map_col), row in np.ndenumerate(table.rows):
        expected = array[..., row, table.cols[map_row, map_col]] if row >= 0 else -1.0
        np.testing.assert_array_equal(on_map[..., map_row, map_col], expected)


def test_orthorectified_into_a_given_array():
    table = swath()
    out = np.empty(table.rows.shape, dtype="f8")
    assert table.orthorectified(np.ones((12, 10), dtype="u1"), np.nan, out) is out
    np.testing.assert_array_equal(np.isnan(out), table.rows < 0)
    with pytest.raises(InputError, match=r"an array of \(10, 12\) pixels for a lookup table of a raster of \(12, 10\)"):
        table.orthorectified(np.ones((10, 12)), 0)


def test_places_of_a_raster_in_sensor_geometry():
    table = swath()
    for row, col in [(0, 0), (5, 3), (11, 9)]:
        assert table.row_col(*table.xy(row + 0.5, col + 0.5)) == (row + 0.5, col + 0.5)
    assert table.xy(-100, -100) == table.xy(0.5, 0.5), "the nearest pixel"
    for x, y in [(380001.0, 5809999.0), (0.0, 0.0)]:
        with pytest.raises(InputError, match="shows no pixel"):
            table.row_col(x, y)
    assert table.pixel_size == (30.0, 30.0)
    assert table.crs_name == "EPSG:32633"


def test_a_window_of_a_raster_in_sensor_geometry():
    table = swath()
    window = Window(2, 3, 6, 5)
    part = table.windowed(window)
    assert part.size == (6, 5)
    assert part.xy(2.5, 1.5) == pytest.approx(table.xy(4.5, 4.5))
    array = np.arange(120.0).reshape(12, 10)
    whole = table.orthorectified(array, np.nan)
    inside = np.isin(whole, array[window.slices])
    cropped = part.orthorectified(array[window.slices], np.nan)
    assert np.sort(cropped[np.isfinite(cropped)]).tolist() == np.sort(whole[inside]).tolist()
    assert part.rows.shape[0] < table.rows.shape[0]


def test_a_window_that_no_map_shows():
    table = swath()
    hidden = np.where((table.rows == 0) & (table.cols == 0), -1, table.rows)
    table = dataclasses.replace(table, rows=hidden, cols=np.where(hidden < 0, -1, table.cols))
    with pytest.raises(InputError, match="no pixel of this raster is shown on the map"):
        table.windowed(Window(0, 0, 1, 1)).xy(0.5, 0.5)


def test_labels_on_the_map_come_back():
    table = swath()
    labels = np.random.default_rng(0).integers(1, 9, (12, 10)).astype(np.int32)
    back, differing = table.in_sensor_geometry(table.orthorectified(labels, 0))
    shown = np.zeros((12, 10), dtype=bool)
    shown[table.rows[table.rows >= 0], table.cols[table.rows >= 0]] = True
    np.testing.assert_array_equal(back, np.where(shown, labels, 0))
    assert not differing.any()


def test_cells_that_differ_leave_a_pixel_unlabelled():
    rows, cols = np.array([[0, 0, 0, -1]]), np.array([[0, 0, 1, -1]])
    table = LookupTable((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), rows=rows, cols=cols, size=(1, 3))
    back, differing = table.in_sensor_geometry(np.array([[1, 2, 3, 4]], dtype=np.int32))
    assert (back.tolist(), differing.tolist()) == ([[0, 3, 0]], [[True, False, False]])
    back, differing = table.in_sensor_geometry(np.array([[0, 2, 0, 4]], dtype=np.int32))
    assert (back.tolist(), differing.any()) == ([[2, 0, 0]], False)


def test_sameness_of_tables():
    assert swath() == swath()
    assert hash(swath()) == hash(swath())
    assert pickle.loads(pickle.dumps(swath())) == swath()
    other = dataclasses.replace(swath(), rows=np.where(swath().rows == 3, 4, swath().rows))
    assert swath() != other
    assert not swath().same_grid(other)
    assert swath() != swath().grid
    assert not swath().same_grid(swath().grid)


@pytest.mark.parametrize(
    ("rows", "cols", "words"),
    [
        ([[0]], [[0, 1]], "rows and columns alike"),
        ([[2]], [[0]], r"names row 2 \(from 0\) of a raster of 2"),
        ([[0]], [[7]], "names column 7"),
        ([[0, -1]], [[0, 0]], "a row and no column"),
    ],
)
def test_tables_that_are_none(rows, cols, words):
    with pytest.raises(InputError, match=words):
        LookupTable((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), rows=np.array(rows), cols=np.array(cols), size=(2, 3))


def test_bounds_of_a_window_hold_its_corners() -> None:
    north_up = Georef((30.0, 0.0, 1000.0, 0.0, -30.0, 2000.0))
    assert north_up.bounds(Window(1, 2, 3, 4)) == (1060.0, 1880.0, 1180.0, 1970.0)


def test_bounds_in_sensor_geometry_are_those_of_the_map_cells_that_show_it() -> None:
    rows, cols = np.indices((4, 5))
    # the sensor looked the other way: its rows run up the map
    table = LookupTable((10.0, 0.0, 0.0, 0.0, -10.0, 100.0), None, rows=3 - rows, cols=cols, size=(4, 5))
    assert table.bounds(Window(0, 1, 1, 2)) == (10.0, 60.0, 30.0, 70.0)


def test_smaller_pixels_begin_at_the_same_corner() -> None:
    rotated = Georef((2.0, 0.5, 10.0, 0.25, -2.0, 90.0), "here")
    fine = rotated.divided(4)
    assert fine.xy(12, 20) == rotated.xy(3, 5)
    assert (fine.xy(0, 0), fine.crs) == (rotated.xy(0, 0), "here")
    assert fine.divided(1 / 4) == rotated

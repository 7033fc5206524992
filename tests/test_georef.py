"""Georeferences: pixels to coordinates and back, windows, sameness, names."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from hypersigma.georef import Georef
from hypersigma.tiling import Window

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

"""Where pixels of one raster lie on another: against exact projections, rotation, places that a system lacks."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.warp import transform

from hypersigma.data.placement import Placement
from hypersigma.georef import Georef
from hypersigma.tiling import Window

UTM_33, UTM_34, DEGREES = (CRS.from_epsg(code).to_wkt() for code in (32633, 32634, 4326))


def exact(georef: Georef, other: Georef, row: float, col: float) -> tuple[float, float]:
    x, y = georef.xy(row, col)
    if georef.crs != other.crs:
        (x,), (y,) = transform(CRS.from_wkt(georef.crs), CRS.from_wkt(other.crs), [x], [y])
    return other.row_col(x, y)


@pytest.mark.parametrize(
    ("metres", "other"),
    [
        (30.0, Georef((30.0, 0.0, -41000.0, 0.0, -30.0, 5838000.0), UTM_34)),
        (300.0, Georef((300.0, 0.0, -41000.0, 0.0, -300.0, 5838000.0), UTM_34)),
        (30.0, Georef((0.0004, 0.0, 12.9, 0.0, -0.0003, 52.5), DEGREES)),
        (30.0, Georef((20.0, 12.0, 362000.0, 12.0, -20.0, 5809000.0), UTM_33)),
    ],
)
def test_positions_are_those_of_the_exact_projection(metres, other):
    georef = Georef((metres, 0.0, 362175.0, 0.0, -metres, 5809965.0), UTM_33)
    placement = Placement.of(georef, (301, 250), other, (100, 100))
    rows, cols = np.array([0.0, 7.3, 100.5, 299.0]), np.array([0.5, 8.0, 23.9, 249.5])
    found = placement(rows, cols)
    expected = [[exact(georef, other, row, col) for col in cols] for row in rows]
    np.testing.assert_allclose(found.transpose(1, 2, 0), expected, atol=0.003)


def test_several_points_a_pixel_do_not_depend_on_the_window():
    georef = Georef((30.0, 0.0, 362175.0, 0.0, -30.0, 5809965.0), UTM_33)
    other = Georef((7.0, 1.0, 362100.0, 1.0, -7.0, 5809999.0), UTM_33)
    placement = Placement.of(georef, (40, 50), other, (170, 200))
    whole = placement.centres(Window(0, 0, 40, 50), (5, 3))
    np.testing.assert_array_equal(placement.centres(Window(7, 11, 9, 10), (5, 3)), whole[:, 35:80, 33:63])
    np.testing.assert_allclose(placement.pixels_across(Window(0, 0, 40, 50)), 30 / 50**0.5, rtol=1e-9)


def test_overlap_and_whole_shifts():
    georef = Georef((30.0, 0.0, 0.0, 0.0, -30.0, 0.0))
    moved = Georef((30.0, 0.0, 90.1, 0.0, -30.0, 60.0))
    placement = Placement.of(georef, (20, 30), moved, (15, 40))
    assert placement.whole_shift() == (2, -3)
    assert placement.overlap() == Window(0, 3, 13, 27)
    # a hundredth of a pixel counts, whether at once or by the end of the scene
    for other in (Georef((30.0, 0.0, 91.0, 0.0, -30.0, 60.0)), Georef((30.02, 0.0, 90.0, 0.0, -30.0, 60.0))):
        assert Placement.of(georef, (20, 30), other, (15, 40)).whole_shift() is None
    assert Placement.of(georef, (20, 30), Georef((30.0, 0.0, 900.0, 0.0, -30.0, 0.0)), (5, 5)).overlap() is None


def test_where_a_system_does_not_reach_nothing_is_shown():
    world = Georef((1.0, 0.0, -180.0, 0.0, -1.0, 95.0), DEGREES)
    mercator = Georef((1e5, 0.0, 0.0, 0.0, -1e5, 1e6), CRS.from_epsg(3857).to_wkt())
    placement = Placement.of(world, (190, 360), mercator, (20, 20))
    assert np.isnan(placement.nodes[:, 0]).all()
    assert placement.whole_shift() is None
    window = placement.overlap()
    # 1000 km either side of the equator, 2000 km to the east
    assert (window.row, window.col, window.height, window.width) == (86, 180, 18, 18)

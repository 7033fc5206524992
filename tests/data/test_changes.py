"""Changes as objects: mean differences, areas on maps of all kinds, and what turned into what."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.warp import transform

from hypersigma.cube import Cube
from hypersigma.data.changes import FromTo, changed_objects, pixel_area, turned
from hypersigma.georef import Georef
from tests.layers import NORTH_UP, UTM, rotated, swath

DEGREES = CRS.from_epsg(4326).to_wkt()


def scene(georef: Georef | None = NORTH_UP) -> tuple[np.ndarray, np.ndarray, Cube]:
    """Scores, a mask of three objects, and a difference with a hole in one of them."""
    generator = np.random.default_rng(0)
    score = generator.random((10, 12)).astype(np.float32)
    mask = np.zeros((10, 12), dtype=bool)
    mask[1:3, 1:4], mask[6, 6:9], mask[9, 11] = True, True, True
    score[6, 7] = 5.0
    array = generator.normal(size=(3, 10, 12)).astype(np.float32)
    array[:, 1, 2] = np.nan
    return score, mask, Cube.from_array(array, georef=georef)


def test_each_change_has_its_mean_difference_and_its_area():
    score, mask, cube = scene()
    objects = changed_objects(score, mask, cube)
    assert (objects.name, len(objects), objects.georef) == ("changes", 3, NORTH_UP)
    assert objects.found[0].peak == (6, 7)
    assert sorted(item.num_pixels for item in objects.found) == [1, 3, 6]
    array = cube.read()
    for item in objects.found:
        pixels = np.zeros_like(mask)
        pixels[item.window.slices] = item.mask
        expected = np.nanmean(array[:, pixels].astype(float), axis=1)
        np.testing.assert_allclose(item.spectrum, expected, rtol=1e-6)
        assert item.facts == {"area_ha": pytest.approx(item.num_pixels * 0.09)}


def test_without_a_place_there_is_no_area_and_without_data_no_difference():
    score, mask, _ = scene()
    nothing = Cube.from_array(np.full((3, 10, 12), np.nan, dtype=np.float32))
    for item in changed_objects(score, mask, nothing).found:
        assert item.facts == {}
        assert np.isnan(item.spectrum).all()


def test_a_change_is_called_by_what_most_of_it_turned_into():
    score, mask, cube = scene(None)
    codes = np.zeros((10, 12), dtype=np.int32)
    codes[1, 1:3], codes[9, 11] = 1, 2
    words = FromTo(codes, ("soil to roof", "soil to road", "grass to soil"))
    found = {item.num_pixels: item.facts["from_to"] for item in changed_objects(score, mask, cube, words).found}
    assert found == {6: "soil to roof", 3: "soil to roof", 1: "grass to soil"}


@pytest.mark.parametrize("georef", [NORTH_UP, rotated(25.0)])
def test_area_on_a_projected_map(georef):
    grid = rasterio.Affine(*georef.transform)
    assert pixel_area(georef, 40) == pytest.approx(abs(grid.determinant))
    assert pixel_area(georef, 40) == pytest.approx(900.0)


def test_area_on_a_map_in_feet():
    feet = CRS.from_epsg(2263)
    assert pixel_area(Georef((10.0, 0.0, 9.8e5, 0.0, -10.0, 2e5), feet.to_wkt()), 40) == pytest.approx(
        (10 * feet.linear_units_factor[1]) ** 2
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(-80.0, 80.0), st.floats(-170.0, 170.0), st.floats(1e-4, 2e-3), st.floats(1e-4, 2e-3))
def test_area_in_degrees_is_that_on_a_map_of_equal_areas(latitude, longitude, across, down):
    rows = 40
    georef = Georef((across, 0.0, longitude, 0.0, -down, latitude + down * rows / 2), DEGREES)
    # the pixel whose middle lies in the middle of the scene, on Lambert's map around it
    x, y = longitude + across * np.array([0, 1, 1, 0]), latitude + down * np.array([-0.5, -0.5, 0.5, 0.5])
    equal = CRS.from_proj4(f"+proj=laea +lat_0={latitude} +lon_0={longitude} +datum=WGS84 +units=m")
    east, north = (np.array(values) for values in transform("EPSG:4326", equal, x, y))
    expected = 0.5 * abs(np.dot(east, np.roll(north, 1)) - np.dot(north, np.roll(east, 1)))
    assert pixel_area(georef, rows) == pytest.approx(expected, rel=1e-4)


def test_area_at_the_equator_is_that_of_the_ellipsoid():
    metres_east = 6_378_137.0 * math.pi / 180
    assert pixel_area(Georef((1e-3, 0.0, 10.0, 0.0, -1e-3, 0.02), DEGREES), 40) == pytest.approx(
        1e-6 * metres_east * 110_574.27, rel=1e-5
    )


def test_where_nothing_is_known_of_the_ground_there_is_no_area():
    assert pixel_area(None, 40) is None
    assert pixel_area(swath(), 40) is None
    assert pixel_area(replace(NORTH_UP, crs=None), 40) is None
    local = 'LOCAL_CS["Local", UNIT["metre", 1]]'
    assert pixel_area(Georef(NORTH_UP.transform, local), 40) is None
    assert pixel_area(Georef(NORTH_UP.transform, UTM), 40) is not None


def test_what_turned_into_what():
    before, after = np.array([[0, 1, 2], [1, 2, 5]]), np.array([[1, 1, 0], [2, 7, 5]])
    names = {1: "soil", 2: "roof", 7: "road"}
    found = turned(before, after, names, names)
    assert [[found.words[code] for code in row] for row in found.codes] == [
        ["unknown to soil", "soil to soil", "roof to unknown"],
        ["soil to roof", "roof to road", "unknown to unknown"],
    ]
    # files may count the same classes differently
    other = turned(before, after, {1: "soil"}, {1: "roof", 2: "soil"})
    assert other.words[other.codes[1, 0]] == "soil to soil"
    repeated = np.concatenate([found.codes.ravel(), found.codes[:1, 1]])
    assert found.counted(repeated)[0] == ("soil to soil", 2)

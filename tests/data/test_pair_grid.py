"""Two dates on one grid: cut, resampled as GDAL does it, no-data, windows, and what is refused."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine
from rasterio.crs import CRS
from rasterio.warp import Resampling, reproject
from scipy.ndimage import gaussian_filter

from hypersigma.cube import Cube
from hypersigma.data import resampled
from hypersigma.data.pair import Pair
from hypersigma.data.pair_grid import on_one_grid
from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.geotiff import GRID, write_tiff

ROWS, COLS = 60, 70


def ground(rows: int = ROWS, cols: int = COLS, bands: int = 2, seed: int = 0) -> np.ndarray:
    """Smooth numbers (bands, rows, cols) between about 500 and 1500."""
    noise = np.random.default_rng(seed).standard_normal((bands, rows, cols))
    smooth = np.stack([gaussian_filter(band, 2.0) for band in noise])
    return (1000 + 200 * smooth / smooth.std()).astype(np.float32)


def scene(path: Path, array: np.ndarray, grid: Affine, crs: str | None = "EPSG:32633", **profile) -> Cube:
    return open_cube(write_tiff(path, array, transform=grid, crs=crs, **profile))


def by_gdal(path: Path, like: Cube, method: Resampling) -> np.ndarray:
    """A file on the grid of a cube, by GDAL itself; NaN outside."""
    with rasterio.open(path) as file:
        array, grid, crs = file.read().astype("f8"), file.transform, file.crs
    result = np.full((len(array), *like.shape[1:]), np.nan)
    reproject(
        array,
        result,
        src_transform=grid,
        src_crs=crs,
        dst_transform=Affine(*like.georef.transform),
        dst_crs=CRS.from_wkt(like.georef.crs),
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=method,
        tolerance=0.0,
    )
    return result


def inner(mask: np.ndarray, margin: int = 2) -> np.ndarray:
    """Pixels of which all neighbours within a margin are in a mask."""
    from scipy.ndimage import binary_erosion

    return binary_erosion(mask, np.ones((2 * margin + 1,) * 2))


def test_dates_on_one_grid_stay_as_they_are(tmp_path):
    before, after = (scene(tmp_path / f"{name}.tif", ground(), GRID) for name in "ab")
    first, second, notes = on_one_grid(before, after)
    assert (first, second, notes) == (before, after, ())
    # the rounding of a text file is no other grid
    third = replace(after, georef=replace(after.georef, transform=(30.0, 0.0, 362175.02, 0.0, -30.0, 5809965.0)))
    assert on_one_grid(before, third) == (before, third, ())


def test_whole_pixels_are_cut_and_not_computed(tmp_path):
    array = ground(80, 90)
    before = scene(tmp_path / "a.tif", array[:, :60, :70], GRID)
    after = scene(tmp_path / "b.tif", array[:, 7:80, 12:90], GRID @ Affine.translation(12, 7))
    first, second, notes = on_one_grid(before, after)
    assert notes == ("both dates were cut to the 53 x 58 pixels that they share",)
    np.testing.assert_array_equal(first.read(), array[:, 7:60, 12:70])
    np.testing.assert_array_equal(second.read(), array[:, 7:60, 12:70])
    assert first.georef == second.georef
    assert first.georef.transform == tuple(GRID @ Affine.translation(12, 7))[:6]
    window = Window(3, 5, 20, 9)
    again = pickle.loads(pickle.dumps(second))
    np.testing.assert_array_equal(again.read(window, [1]), array[1:, 10:30, 17:26])
    pair = Pair.of(first, second, notes)
    assert pair.shape == (4, 53, 58)
    # the second date inside the first, and the other way round
    inside = scene(tmp_path / "c.tif", array[:, 5:30, 6:40], GRID @ Affine.translation(6, 5))
    for dates in ((before, inside), (inside, before)):
        one, other, _ = on_one_grid(*dates)
        np.testing.assert_array_equal(one.read(), array[:, 5:30, 6:40])
        np.testing.assert_array_equal(other.read(), array[:, 5:30, 6:40])


GRIDS = {
    "a fraction of a pixel": (GRID @ Affine.translation(3.4, -5.3), "EPSG:32633"),
    "coarser pixels": (GRID @ Affine.translation(-4, 3) @ Affine.scale(1.7), "EPSG:32633"),
    "much coarser pixels": (GRID @ Affine.translation(-9, -3) @ Affine.scale(3.0), "EPSG:32633"),
    "rotated": (GRID @ Affine.translation(10, -12) @ Affine.rotation(33), "EPSG:32633"),
    "from south to north": (GRID @ Affine.translation(2.25, 55.5) @ Affine.scale(1, -1), "EPSG:32633"),
    "the next zone": (Affine(30.0, 0.0, -45510.0, 0.0, -30.0, 5838320.0), "EPSG:32634"),
    "degrees": (Affine(0.00045, 0.0, 12.972, 0.0, -0.00028, 52.425), "EPSG:4326"),
}


@pytest.mark.parametrize(("grid", "crs"), GRIDS.values(), ids=GRIDS)
def test_bilinear_as_gdal_does_it(tmp_path, grid, crs):
    before = scene(tmp_path / "a.tif", ground(seed=1), GRID)
    after = scene(tmp_path / "b.tif", ground(seed=2), grid, crs)
    first, second, (note,) = on_one_grid(before, after)
    assert first.shape == second.shape
    assert first.georef == second.georef
    assert "was resampled bilinearly onto the grid of a (pixels of 30 x 30 metre in EPSG:32633)" in note
    assert crs in note
    values, expected = second.read(), by_gdal(tmp_path / "b.tif", first, Resampling.bilinear)
    valid = inner(np.isfinite(expected[0]))
    assert valid.sum() > 500
    np.testing.assert_allclose(values[:, valid], expected[:, valid], atol=2.0)
    # both show the same ground: within a pixel of the edges GDAL has it that some of the weight is enough
    assert (np.isfinite(values[0]) ^ np.isfinite(expected[0])).mean() < 0.06


# whole pixels are averaged exactly; parts of pixels are ours bilinear and GDAL's by area
@pytest.mark.parametrize(("finer", "tolerance"), [(2, 1e-6), (3, 1e-6), (2.5, 0.03), (5.2, 0.03)])
def test_finer_pixels_are_averaged(tmp_path, finer, tolerance):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    array = ground(150, 160, seed=3)
    after = scene(tmp_path / "b.tif", array, GRID @ Affine.scale(1 / finer))
    first, second, (note,) = on_one_grid(before, after)
    count = int(np.ceil(finer))
    assert f"as the mean of {count} x {count} points a pixel" in note
    values, expected = second.read(), by_gdal(tmp_path / "b.tif", first, Resampling.average)
    valid = inner(np.isfinite(expected[0]) & np.isfinite(values[0]), 1)
    assert valid.sum() > 300
    assert (values - expected)[:, valid].std() <= tolerance * expected[:, valid].std()


def test_coarser_pixels_are_told(tmp_path):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    after = scene(tmp_path / "b.tif", ground(20, 20), GRID @ Affine.scale(4))
    assert "coarser pixels, so that changes smaller than these stay unseen" in on_one_grid(before, after)[2][0]


def test_scales_and_invalid_bands_stay_with_their_date(tmp_path):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    counts = np.rint(ground(bands=3)).astype("u2")
    after = scene(tmp_path / "b.tif", counts, GRID @ Affine.translation(0.5, 0), scale=0.0001)
    after = after.dropped(np.array([False, True, False]), "noise")
    second = on_one_grid(before, after)[1]
    assert second.reasons == after.reasons
    expected = (counts[[0, 2], :, :-1] / 2 + counts[[0, 2], :, 1:] / 2) * np.float32(0.0001)
    np.testing.assert_allclose(second.read()[..., 1:], expected, rtol=1e-6)
    # half a pixel beyond the outermost centres the outermost number goes on
    np.testing.assert_allclose(second.read()[..., 0], counts[[0, 2], :, 0] * np.float32(0.0001), rtol=1e-6)


def test_no_data_takes_no_part(tmp_path):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    array = np.full((1, ROWS, COLS), 500, dtype="i2")
    array[0, 20, 30] = -9999
    half = scene(tmp_path / "b.tif", array, GRID @ Affine.translation(0.5, 0), nodata=-9999)
    values = on_one_grid(before, half)[1].read()[0]
    assert np.argwhere(np.isnan(values)).tolist() == [[20, 30], [20, 31]]
    assert set(np.unique(values[np.isfinite(values)])) == {500.0}
    # a grid turned over has the same pixels, and no neighbour a part in them
    turned = scene(tmp_path / "c.tif", array, GRID @ Affine.translation(0, ROWS) @ Affine.scale(1, -1), nodata=-9999)
    values = on_one_grid(before, turned)[1].read()[0]
    assert np.argwhere(np.isnan(values)).tolist() == [[ROWS - 1 - 20, 30]]
    # of a mean too
    finer = scene(tmp_path / "d.tif", array, GRID @ Affine.scale(0.5), nodata=-9999)
    values = on_one_grid(before, finer)[1].read()[0]
    assert np.argwhere(np.isnan(values)).tolist() == [[10, 15]]


@pytest.fixture(scope="module")
def dates(tmp_path_factory) -> list[Cube]:
    """The second date of pairs on several grids, with holes."""
    folder = tmp_path_factory.mktemp("dates")
    before = scene(folder / "a.tif", ground(), GRID)
    finer = GRID @ Affine.translation(3, 2) @ Affine.rotation(5) @ Affine.scale(1 / 3.3)
    grids = {**GRIDS, "much finer": (finer, "EPSG:32633"), "whole": (GRID @ Affine.translation(5, -3), "EPSG:32633")}
    seconds = []
    for name, (grid, crs) in grids.items():
        array = ground(130, 140, bands=3, seed=4)
        array[:, 40:43, 50:60] = np.nan
        seconds.append(on_one_grid(before, scene(folder / f"{name}.tif", array, grid, crs))[1])
    return seconds


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_numbers_do_not_depend_on_the_window(dates, data):
    cube = data.draw(st.sampled_from(dates))
    _, rows, cols = cube.shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col)))
    bands = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=4))
    np.testing.assert_array_equal(cube.read(window, bands), cube.read()[bands][:, *window.slices])


def test_large_windows_are_read_in_parts(tmp_path, monkeypatch):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    after = scene(tmp_path / "b.tif", ground(), *GRIDS["rotated"])
    second = on_one_grid(before, after)[1]
    at_once = second.read()
    monkeypatch.setattr(resampled, "_MOST_NUMBERS", 150)
    np.testing.assert_array_equal(second.read(), at_once)


def test_scenes_of_other_places_are_refused(tmp_path):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    far = scene(tmp_path / "b.tif", ground(), Affine(0.0004, 0.0, 20.0, 0.0, -0.0003, 50.0), "EPSG:4326")
    expected = (
        "no common ground: the first, a, lies at x 362175 to 364275, y 5808165 to 5809965 \\(EPSG:32633\\), "
        "the second, b, at x 20 to 20.028, y 49.982 to 50 \\(EPSG:4326\\)"
    )
    with pytest.raises(InputError, match=expected):
        on_one_grid(before, far)
    edge = scene(tmp_path / "c.tif", ground(), GRID @ Affine.translation(COLS - 3, 0))
    with pytest.raises(InputError, match=r"only 60 x 3 common pixels.*at least 4 x 4"):
        on_one_grid(before, edge)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_without_georeference_sizes_decide(tmp_path):
    before = scene(tmp_path / "a.tif", ground(), GRID)
    bare = open_cube(write_tiff(tmp_path / "b.tif", ground()))
    for dates in ((before, bare), (bare, before)):
        first, second, (note,) = on_one_grid(*dates)
        assert note == "no georeference in b: pixels of the same row and column are taken to show the same ground"
        assert first.georef == second.georef == before.georef
    first, _, (note,) = on_one_grid(bare, bare)
    assert first.georef is None
    assert "no georeference in b and b" in note
    small = open_cube(write_tiff(tmp_path / "c.tif", ground(50, 70)))
    with pytest.raises(InputError, match=r"a has 60 x 70 pixels, c 50 x 70, and c no georeference.*cut both"):
        on_one_grid(before, small)


def test_a_missing_coordinate_system_is_taken_to_be_the_other(tmp_path):
    known = scene(tmp_path / "a.tif", ground(), GRID)
    bare = scene(tmp_path / "b.tif", ground(), GRID @ Affine.translation(1, 0), None)
    for dates in ((known, bare), (bare, known)):
        first, second, notes = on_one_grid(*dates)
        assert notes[0] == "b names no coordinate system; its coordinates are taken to be of EPSG:32633 too"
        assert first.georef == second.georef
        assert first.georef.crs_name == "EPSG:32633"
    assert len(on_one_grid(bare, bare)[2]) == 0


def test_sensor_geometry_fits_only_itself():
    rows, cols = np.indices((6, 7))
    table = LookupTable((30.0, 0.0, 0.0, 0.0, -30.0, 0.0), None, rows=rows, cols=cols, size=(6, 7))
    raw = Cube.from_array(ground(6, 7), georef=table, name="raw")
    assert on_one_grid(raw, raw) == (raw, raw, ())
    other = replace(raw, name="other", georef=replace(table, cols=cols[:, ::-1]))
    flat = Cube.from_array(ground(6, 7), georef=Georef(table.transform), name="flat")
    with pytest.raises(InputError, match=r"raw and other: in sensor geometry.*orthorectify both dates"):
        on_one_grid(raw, other)
    with pytest.raises(InputError, match="^raw: in sensor geometry"):
        on_one_grid(flat, raw)

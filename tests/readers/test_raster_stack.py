"""Rasters as one stack: bilinear interpolation against a plain reference, windows, no-data, open files, damage."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio import Affine

from hypersigma.errors import InputError
from hypersigma.readers import _raster_stack
from hypersigma.readers._bilinear import Axis, Bilinear
from hypersigma.readers._jpeg2000 import missing_bytes
from hypersigma.readers._raster_stack import RasterPool, RasterStack
from hypersigma.tiling import Window
from tests.fakes.envi import ramp
from tests.fakes.geotiff import write_tiff
from tests.fakes.sentinel2 import LOSSLESS

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

FINE = Affine(10.0, 0.0, 300000.0, 0.0, -10.0, 5800000.0)
COARSE = Affine(20.0, 0.0, 300000.0, 0.0, -20.0, 5800000.0)


def bilinear(raster: np.ndarray, rows: Axis, cols: Axis, row: int, col: int) -> tuple[float, float]:
    """The interpolated number of one pixel where 0 is no data, and the weight of data in it, in double precision."""
    y, x = (axis.step * (index + 0.5) + axis.start - 0.5 for axis, index in ((rows, row), (cols, col)))
    total = weight = 0.0
    for near_row, near_col in ((a, b) for a in (0, 1) for b in (0, 1)):
        at_row, at_col = int(np.floor(y)) + near_row, int(np.floor(x)) + near_col
        share = (1 - abs(y - at_row)) * (1 - abs(x - at_col))
        value = float(raster[np.clip(at_row, 0, rows.length - 1), np.clip(at_col, 0, cols.length - 1)])
        if value != 0.0:
            total, weight = total + share * value, weight + share
    return total / weight if weight >= 0.5 else 0.0, weight


axes = st.tuples(st.floats(0.1, 1.0), st.floats(-0.4, 0.4), st.integers(1, 6))


@settings(max_examples=60, deadline=None)
@given(axes, axes, st.booleans(), st.integers(0, 2**32 - 1), st.data())
def test_interpolation_is_the_formula_in_any_window(down, across, holes, seed, data):
    rows, cols = Axis(*down), Axis(*across)
    raster = np.random.default_rng(seed).integers(0 if holes else 1, 5, (rows.length, cols.length)).astype("f4")
    height, width = (max(1, int((axis.length - axis.start) / axis.step)) for axis in (rows, cols))
    row, col = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    window = Window(row, col, data.draw(st.integers(1, height - row)), data.draw(st.integers(1, width - col)))
    method = Bilinear(rows, cols)
    ours = []
    for part in (Window(0, 0, height, width), window):
        area = method.area(part)
        ours.append(method(raster[None][:, area.slices[0], area.slices[1]], part, 0.0)[0])
    whole, inside = ours
    np.testing.assert_array_equal(inside, whole[window.slices])
    expected = np.array([[bilinear(raster, rows, cols, y, x) for x in range(width)] for y in range(height)])
    values, weights = np.moveaxis(expected, -1, 0)
    # where half of the weight is missing to within rounding, either answer is right
    sure = np.abs(weights - 0.5) > 1e-4
    np.testing.assert_allclose(whole[sure], values[sure], rtol=1e-4)


def test_axes_that_run_against_each_other():
    method = Bilinear(Axis(-0.5, 3.0, 3), Axis(0.5, 0.0, 3))
    raster = ramp(1, 3, 3, "f4")
    window = Window(1, 2, 3, 2)
    area = method.area(window)
    flipped = Bilinear(Axis(0.5, 0.0, 3), Axis(0.5, 0.0, 3))(raster[:, ::-1], Window(0, 0, 6, 6), None)
    np.testing.assert_allclose(method(raster[:, *area.slices], window, None), flipped[:, *window.slices], rtol=1e-6)


def stack(tmp_path, **options):
    """Two rasters, of one band and of two coarser ones."""
    paths = [tmp_path / "fine.tif", tmp_path / "coarse.tif"]
    write_tiff(paths[0], ramp(1, 12, 8, "u2"), crs="EPSG:32633", transform=FINE)
    write_tiff(paths[1], ramp(2, 6, 4, "u2"), crs="EPSG:32633", transform=COARSE)
    return RasterStack(paths, **options)


def test_bands_of_several_files_in_any_order(tmp_path):
    source = stack(tmp_path, resample=True)
    assert source.shape == (3, 12, 8)
    assert source.dtype == np.float32
    assert source.georef.pixel_size == (10.0, 10.0)
    whole = source.read(np.arange(3), Window(0, 0, 12, 8))
    np.testing.assert_array_equal(whole[0], ramp(1, 12, 8)[0])
    window = Window(3, 2, 5, 4)
    part = source.read(np.array([2, 0, 1, 2]), window)
    np.testing.assert_array_equal(part, whole[[2, 0, 1, 2]][:, *window.slices])


def test_only_the_pixels_of_a_window_are_asked_for(tmp_path, monkeypatch):
    source = stack(tmp_path, resample=True)
    asked = []
    read = _raster_stack.read_raster
    monkeypatch.setattr(_raster_stack, "read_raster", lambda *words: asked.append(words[-1]) or read(*words))
    source.read(np.array([1]), Window(4, 4, 2, 2))
    assert asked == [Window(1, 1, 3, 3)]


def test_stacks_travel_to_processes_and_threads(tmp_path):
    source = stack(tmp_path, resample=True)
    window = Window(0, 0, 12, 8)
    expected = source.read(np.arange(3), window)
    again = pickle.loads(pickle.dumps(source))
    results = []
    threads = [threading.Thread(target=lambda: results.append(again.read(np.arange(3), window))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_files_that_were_not_used_for_longest_are_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(_raster_stack, "_MOST_OPEN", 2)
    paths = [write_tiff(tmp_path / f"{name}.tif", ramp(1)) for name in "abc"]
    pool = RasterPool()
    first, second = pool(paths[0]), pool(paths[1])
    assert pool(paths[0]) is first
    pool(paths[2])
    assert second.closed
    assert not first.closed
    # a closed one is opened anew, so a stack may hold more files than are open
    source = RasterStack(paths)
    np.testing.assert_array_equal(source.read(np.arange(3), Window(0, 0, 5, 6)), np.repeat(ramp(1), 3, axis=0))


def test_other_sizes_and_other_ground_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"coarse.tif: 6 rows x 4 columns on a grid of its own, fine.tif has 12 rows"):
        stack(tmp_path)
    fine = tmp_path / "fine.tif"
    places = {
        "shifted": {"transform": Affine.translation(60.0, 0.0) @ COARSE},
        "turned": {"transform": COARSE @ Affine.rotation(20.0)},
        "elsewhere": {"crs": "EPSG:32634"},
    }
    for name, place in places.items():
        path = write_tiff(
            tmp_path / f"{name}.tif", ramp(1, 6, 4), **{"crs": "EPSG:32633", "transform": COARSE, **place}
        )
        with pytest.raises(InputError, match=f"{name}.tif: lies on other ground than fine.tif"):
            RasterStack([fine, path], resample=True)


def test_rasters_without_a_place_show_the_same_ground(tmp_path):
    paths = [write_tiff(tmp_path / f"{rows}.tif", ramp(1, rows, rows, "u2")) for rows in (12, 6)]
    source = RasterStack(paths, resample=True)
    assert source.georef is None
    whole = source.read(np.array([1]), Window(0, 0, 12, 12))[0]
    # the mean of the four fine pixels in a coarse one that is not at the edge is that pixel, on a ramp
    np.testing.assert_allclose(whole[2:4, 2:4].mean(), ramp(1, 6, 6)[0, 1, 1])


def test_truncated_rasters(tmp_path):
    whole = write_tiff(tmp_path / "whole.tif", ramp(1, 64, 64, "u2"))
    short = tmp_path / "short.tif"
    short.write_bytes(whole.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"short.tif: truncated: at least \d+ bytes expected"):
        RasterStack([whole, short])
    write_tiff(tmp_path / "whole.jp2", ramp(1, 64, 64, "u2"), **LOSSLESS)
    raw = (tmp_path / "whole.jp2").read_bytes()
    (tmp_path / "short.jp2").write_bytes(raw[:-100])
    with pytest.raises(InputError, match=r"short.jp2: truncated: at least \d+ bytes expected"):
        RasterStack([tmp_path / "short.jp2"])
    RasterStack([tmp_path / "whole.jp2"])


@pytest.mark.parametrize(
    ("boxes", "missing"),
    [
        (b"", 0),
        (b"\x00\x00\x00\x0ajp2c\x00\x00", 0),
        (b"\x00\x00\x00\x0cjp2c\x00\x00", 2),
        (b"\x00\x00\x00\x01jp2c" + (18).to_bytes(8, "big") + b"\x00\x00", 0),
        (b"\x00\x00\x00\x01jp2c" + (28).to_bytes(8, "big") + b"\x00\x00", 10),
        (b"\x00\x00\x00\x00jp2c\x00\x00\xff\xd9", 0),
        (b"\x00\x00\x00\x00jp2c\x00\x00\xff", 1),
        (b"\x00\x00\x00\x0ajp2c\x00\x00" + bytes(8), 0),
    ],
)
def test_lengths_of_boxes(tmp_path, boxes, missing):
    path = tmp_path / "image.jp2"
    path.write_bytes(b"\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a" + boxes)
    assert missing_bytes(path) == missing
    path.write_bytes(b"\xff\x4f\xff\x51")
    assert missing_bytes(path) == 0

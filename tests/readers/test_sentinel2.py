"""Sentinel-2: SAFE and plain folders, three sizes on one grid, offsets, no-data, what is missing; the OSCD cities."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import rasterio
from rasterio import Affine
from rasterio.warp import Resampling, reproject

from hypersigma.errors import InputError
from hypersigma.readers import open_cube, sentinel2
from hypersigma.spectra import sensor_bands
from hypersigma.tiling import Window
from tests.fakes.sentinel2 import (
    BANDS,
    COLS,
    L1C,
    L2A,
    ROWS,
    TILE,
    counts,
    grid,
    level_1c_metadata,
    metres,
    write_l1c,
    write_l2a,
    write_plain,
)
from tests.shared import data_path

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

CITIES = {
    "aguasclaras": (471, 525),
    "bercy": (395, 360),
    "bordeaux": (517, 461),
    "paris": (408, 390),
    "rennes": (339, 563),
}


def as_gdal_interpolates(array: np.ndarray, transform: Affine, shape: tuple[int, int], target: Affine) -> np.ndarray:
    """A band on another grid, by GDAL's own bilinear interpolation."""
    result = np.zeros(shape, "f8")
    crs = "EPSG:32633"
    method = {"resampling": Resampling.bilinear, "tolerance": 0.0}
    reproject(
        array.astype("f8"), result, src_transform=transform, src_crs=crs, dst_transform=target, dst_crs=crs, **method
    )
    return result


def test_plain_folder(tmp_path):
    array = counts()
    folder = write_plain(tmp_path / "imgs_1", array)
    assert sentinel2.sniff(folder) == 2
    cube = open_cube(folder)
    assert cube.shape == (13, ROWS, COLS)
    assert (cube.name, cube.sensor, cube.quantity) == (TILE, "Sentinel-2 MSI", "reflectance")
    assert cube.acquired == "2022-03-01T10:10:21"
    np.testing.assert_allclose(cube.wavelengths, sensor_bands("sentinel2")[0])
    assert cube.georef.transform == tuple(grid(10))[:6]
    assert any("no metadata: scaled by 1/10000 without an offset" in note for note in cube.notes)
    assert any("9 coarser bands are interpolated onto the grid of B02" in note for note in cube.notes)
    values = cube.read()
    for row, band in enumerate(BANDS):
        expected = as_gdal_interpolates(array[band], grid(metres(band)), (ROWS, COLS), grid(10))
        np.testing.assert_allclose(values[row], expected / 10000, atol=2e-6)
    window = Window(5, 4, 11, 9)
    again = pickle.loads(pickle.dumps(cube))
    np.testing.assert_array_equal(again.read(window, [0, 3, 12]), values[[0, 3, 12]][:, *window.slices])
    # what some systems leave beside files when they copy them is no scene
    (folder / f"._{TILE}_B02.tif").write_bytes(b"Mac OS X")
    assert open_cube(folder).name == TILE
    # a band's file is that band alone
    assert open_cube(folder / f"{TILE}_B02.tif").shape == (1, ROWS, COLS)


def test_level_1c_with_an_offset_of_each_band(tmp_path):
    array = counts()
    safe = write_l1c(tmp_path, array)
    images = next(safe.glob("GRANULE/*/IMG_DATA"))
    assert sentinel2.sniff(safe / "MTD_MSIL1C.xml") == 2
    # the metadata of the tile tell no scale
    assert sentinel2.sniff(next(safe.glob("GRANULE/*/MTD_TL.xml"))) == 0
    for path in (safe, safe / "MTD_MSIL1C.xml", images, images.parent):
        cube = open_cube(path)
        assert cube.shape == (13, ROWS, COLS)
        assert cube.name == L1C
        values = cube.read()
        for row, band in enumerate(BANDS):
            expected = as_gdal_interpolates(array[band], grid(metres(band)), (ROWS, COLS), grid(10))
            np.testing.assert_allclose(values[row], (expected - 1000 - row) / 10000, atol=2e-6)
    assert cube.acquired == "2022-03-01T10:10:21"
    assert "L1C: reflectance at the top of the atmosphere" in cube.notes
    assert "processing baseline 04.00: offset -1012" in cube.notes


def test_level_2a_has_no_cirrus_band_and_each_band_at_its_finest(tmp_path):
    array = counts([band for band in BANDS if band != "B10"])
    safe = write_l2a(tmp_path, array)
    cube = open_cube(safe)
    assert cube.shape == (12, ROWS, COLS)
    assert cube.name == L2A
    np.testing.assert_allclose(cube.wavelengths, np.delete(sensor_bands("sentinel2")[0], 10))
    values = cube.read()
    np.testing.assert_allclose(values[3], (array["B04"] - 1003.0) / 10000, atol=2e-6)
    # the offsets are counted with the cirrus band
    swir = as_gdal_interpolates(array["B12"], grid(20), (ROWS, COLS), grid(10))
    np.testing.assert_allclose(values[11], (swir - 1012) / 10000, atol=2e-6)
    assert "L2A: reflectance of the ground" in cube.notes
    np.testing.assert_array_equal(open_cube(next(safe.glob("GRANULE/*/IMG_DATA"))).read(), values)


def test_no_data_is_not_mixed(tmp_path):
    array = {band: np.full_like(values, 2000) for band, values in counts().items()}
    array["B02"][:, :2] = 0
    array["B05"][:3, :4] = 0
    array["B01"][0, 0] = 0
    values = open_cube(write_plain(tmp_path / "scene", array)).read()
    for band, rows, cols in (("B02", ROWS, 2), ("B05", 6, 8), ("B01", 6, 6)):
        missing = np.isnan(values[BANDS.index(band)])
        assert missing[:rows, :cols].mean() > 0.9
        assert not missing[rows:].any()
        assert not missing[:, cols:].any()
    np.testing.assert_allclose(values[np.isfinite(values)], 0.2, rtol=1e-6)


def test_missing_bands_are_named(tmp_path):
    array = counts()
    folder = write_plain(tmp_path / "scene", array)
    for band in ("B03", "B8A"):
        (folder / f"{TILE}_{band}.tif").unlink()
    with pytest.raises(InputError, match="2 of 13 bands are missing: B03, B8A"):
        open_cube(folder)
    write_plain(folder, {band: array[band] for band in ("B03", "B8A")}, prefix="T33UUU_20220311T101021")
    with pytest.raises(InputError, match=r"2 scenes lie here; .*T33UUU_20220301T101021, T33UUU_20220311T101021"):
        open_cube(folder)


def test_a_product_without_its_images_is_known(tmp_path):
    safe = write_l1c(tmp_path, counts())
    for file in safe.glob("GRANULE/*/IMG_DATA/*"):
        file.unlink()
    with pytest.raises(InputError, match=r"SAFE: 12 of 13 bands are missing"):
        open_cube(safe)


def test_bands_of_other_ground_and_truncated_ones(tmp_path):
    array = counts()
    folder = write_plain(tmp_path / "scene", array)
    write_plain(folder, {"B11": array["B11"]}, transform=Affine(20, 0, 309000, 0, -20, 5800020))
    with pytest.raises(InputError, match="B11.tif: lies on other ground than .*B02.tif"):
        open_cube(folder)
    safe = write_l1c(tmp_path, array)
    path = next(safe.glob(f"GRANULE/*/IMG_DATA/{TILE}_B06.jp2"))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="B06.jp2: truncated"):
        open_cube(safe)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Level-1C><cut", "MTD_MSIL1C.xml: cannot be read as XML"),
        ("<Level-1C/>", "QUANTIFICATION_VALUE is ''; expected a number"),
        (level_1c_metadata(range(14)), "offsets are not one number for each band_id 0 to 12"),
    ],
)
def test_metadata_that_do_not_tell(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        open_cube(write_l1c(tmp_path, counts(), metadata=text))


def test_metadata_without_offsets_are_of_an_older_baseline(tmp_path):
    cube = open_cube(write_l1c(tmp_path, counts(), metadata=level_1c_metadata([])))
    assert np.all(cube.offset == 0)
    assert any(note.endswith("no offset") for note in cube.notes)


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("date", [1, 2])
def test_cities_of_oscd(city, date):
    folder = data_path(f"oscd/{city}/imgs_{date}")
    cube = open_cube(folder)
    assert cube.shape == (13, *CITIES[city])
    assert len(cube.used) == 13
    window = Window(100, 150, 40, 60)
    values = cube.read(window)
    assert np.isfinite(values).mean() > 0.999
    for row in (0, 4):
        (path,) = folder.glob(f"*_{BANDS[row]}.tif")
        with rasterio.open(path) as file:
            expected = as_gdal_interpolates(
                file.read(1), file.transform, cube.shape[1:], Affine(*cube.georef.transform)
            )
        same = np.isclose(values[row], expected[window.slices] / 10000, atol=2e-5) | np.isnan(values[row])
        assert same.all()

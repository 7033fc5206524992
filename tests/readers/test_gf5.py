"""GF-5 AHSI: the choice of bands, texts of wavelengths and calibration, the overlap, what does not fit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import rasterio

from hypersigma.errors import InputError
from hypersigma.readers import gf5, open_cube
from hypersigma.spectra import sensor_bands
from hypersigma.tiling import Window
from tests.fakes.geotiff import GRID, write_tiff
from tests.fakes.gf5 import CENTRES, COLS, ROWS, SCENE, calibration, counts, write_gf5

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def test_150_bands_are_kept_unless_all_are_asked_for(tmp_path):
    text = write_gf5(tmp_path)
    assert gf5.sniff(tmp_path) == gf5.sniff(text) == 2
    assert gf5.sniff(tmp_path / f"{SCENE}_VN.geotiff") == 0
    for path in (tmp_path, text):
        cube = open_cube(path)
        assert cube.shape == (150, ROWS, COLS)
        assert len(cube.used) == 150
        assert (cube.name, cube.sensor, cube.quantity) == (SCENE, "GF-5 AHSI", "radiance")
        assert cube.acquired == "2019-05-23T00:55:47"
        assert "variable 'vnir': the 150 bands of the VNIR detector; 'full' gives all 330" in cube.notes
    np.testing.assert_allclose(cube.wavelengths, CENTRES["VNIR"], atol=1e-6)
    np.testing.assert_allclose(cube.fwhm, 4.5)
    full = open_cube(tmp_path, variable="full")
    assert full.shape == (330, ROWS, COLS)
    assert set(full.reasons) == {"", "overlap of two detectors, cut at 1017 nm"}
    with pytest.raises(InputError, match="there is no variable 'swir'; a GF-5 scene has vnir and full"):
        open_cube(tmp_path, variable="swir")


def test_radiance_as_gdal_reads_the_counts(tmp_path):
    write_gf5(tmp_path)
    cube = open_cube(tmp_path, variable="full")
    values = cube.read(bands=np.argsort(cube.order))
    stored = []
    for detector in ("VN", "SW"):
        with rasterio.open(tmp_path / f"{SCENE}_{detector}.geotiff") as file:
            stored.append(file.read())
    both = np.concatenate(stored).astype("f8")
    gains = np.concatenate([calibration("VNIR"), calibration("SWIR")])
    expected = np.where(both == 0, np.nan, both * gains[:, :1, None] + gains[:, 1:, None])
    np.testing.assert_allclose(values, expected, rtol=1e-4)
    window = Window(2, 3, 6, 5)
    again = pickle.loads(pickle.dumps(cube))
    np.testing.assert_array_equal(again.read(window), cube.read()[:, *window.slices])


@pytest.mark.parametrize("separator", [",", " ", ", ", "\t"])
@pytest.mark.parametrize("suffix", ["tif", "tiff"])
def test_names_and_texts_of_other_years(tmp_path, separator, suffix):
    write_gf5(tmp_path, detectors=["VNIR"], suffix=suffix, separator=separator)
    (tmp_path / "GF5_AHSI_RadCal_VNIR.raw").rename(tmp_path / "GF5_AHSI_VNIR_RadCal.raw")
    # a choice that does not need the SWIR raster does not ask for it
    cube = open_cube(tmp_path)
    np.testing.assert_allclose(cube.scale, calibration("VNIR")[:, 0], atol=1e-6)
    np.testing.assert_allclose(cube.offset, calibration("VNIR")[:, 1], atol=1e-6)
    with pytest.raises(InputError, match=rf"the SWIR raster {SCENE}_SW.geotiff \(or .tif, .tiff\) is missing"):
        open_cube(tmp_path, variable="full")


def test_gains_without_offsets(tmp_path):
    write_gf5(tmp_path)
    (tmp_path / "GF5_AHSI_RadCal_VNIR.raw").write_text("\n".join(["0.5,"] * 150))
    cube = open_cube(tmp_path)
    np.testing.assert_allclose(cube.read()[7, 0, 0], counts("VNIR")[7, 0, 0] * 0.5)


def test_without_texts_counts_and_the_table_on_board(tmp_path):
    write_gf5(tmp_path, texts=())
    cube = open_cube(tmp_path)
    assert cube.quantity == "counts"
    np.testing.assert_allclose(cube.wavelengths, sensor_bands("gf5_ahsi")[0][:150])
    assert np.nanmax(cube.read()) == counts("VNIR").max()
    for words in ("centres are approximate", "the numbers are counts", "lies on no map"):
        assert any(words in note for note in cube.notes)


def test_texts_that_do_not_fit(tmp_path):
    write_gf5(tmp_path)
    path = tmp_path / "GF5_AHSI_Spectralresponse_VNIR.raw"
    path.write_text("\n".join(["390.3,4.5"] * 149))
    with pytest.raises(
        InputError, match="Spectralresponse_VNIR.raw: 149 lines; expected one for each of the 150 bands"
    ):
        open_cube(tmp_path)
    path.write_text("centre,width\n")
    with pytest.raises(InputError, match="expected one or two numbers a line"):
        open_cube(tmp_path)


def test_rasters_that_do_not_fit(tmp_path):
    write_gf5(tmp_path)
    raster = tmp_path / f"{SCENE}_SW.geotiff"
    write_tiff(raster, counts("SWIR", rows=ROWS - 1), crs="EPSG:32648", transform=GRID)
    with pytest.raises(InputError, match="SW.geotiff: 11 rows x 10 columns on a grid of its own, .*_VN.geotiff has 12"):
        open_cube(tmp_path, variable="full")
    write_tiff(raster, counts("SWIR")[:100])
    with pytest.raises(InputError, match="SW.geotiff: 100 bands; the SWIR detector has 180"):
        open_cube(tmp_path, variable="full")
    raster.write_bytes(raster.read_bytes()[:5000])
    with pytest.raises(InputError, match="SW.geotiff: (truncated|cannot be read)"):
        open_cube(tmp_path, variable="full")
    write_gf5(tmp_path, lines_stated=2000)
    with pytest.raises(InputError, match="12 rows x 10 columns, but LinesInPixels in .*xml is 2000"):
        open_cube(tmp_path)


def test_folder_without_metadata_and_metadata_cut_short(tmp_path):
    text = write_gf5(tmp_path)
    text.write_text("<ProductMetaData><Sat")
    with pytest.raises(InputError, match="cannot be read as XML"):
        open_cube(tmp_path)
    text.unlink()
    with pytest.raises(InputError, match=r"there is no metadata file \(GF5_AHSI_....xml\); unpack"):
        open_cube(tmp_path)


def test_without_the_vnir_raster(tmp_path):
    write_gf5(tmp_path, detectors=["SWIR"])
    with pytest.raises(InputError, match=f"the VNIR raster {SCENE}_VN.geotiff"):
        open_cube(tmp_path)


def test_second_satellite(tmp_path):
    write_gf5(tmp_path)
    for file in list(tmp_path.iterdir()):
        file.rename(file.with_name(file.name.replace("GF5_", "GF5B_")))
    cube = open_cube(tmp_path)
    assert cube.sensor == "GF-5B AHSI"
    assert cube.quantity == "radiance"

"""EnMAP: an image and its XML, detectors that overlap, background, and what does not belong together."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import rasterio

from hypersigma.errors import InputError
from hypersigma.readers import enmap, open_cube
from tests.fakes.dlr import COLS, ENMAP, ROWS, metadata, write_dlr


def test_image_metadata_and_folder_open_the_same_scene(tmp_path):
    image = write_dlr(tmp_path, ENMAP)
    xml = tmp_path / f"{ENMAP.stem}-METADATA.XML"
    for path in (image, xml, tmp_path):
        assert enmap.sniff(path) == 2
        cube = open_cube(path)
        assert cube.shape == (9, ROWS, COLS)
        assert (cube.sensor, cube.quantity, cube.path) == ("EnMAP", "reflectance", image)
        assert cube.acquired == "2022-08-08T10:32:42"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(cube)).read(), cube.read())


def test_values_and_place_as_rasterio_reads_them(tmp_path):
    image = write_dlr(tmp_path, ENMAP)
    cube = open_cube(image)
    with rasterio.open(image) as dataset:
        stored = dataset.read()[cube.order]
        assert cube.georef.transform == tuple(dataset.transform)[:6]
    values = cube.read(bands=np.arange(9))
    assert np.isnan(values[:, 0, 0]).all()
    seen = stored[0] != -32768
    np.testing.assert_allclose(values[:, seen], stored[:, seen] * 1e-4, rtol=1e-6)


def test_detectors_are_cut_at_one_wavelength(tmp_path):
    cube = open_cube(write_dlr(tmp_path, ENMAP))
    assert np.all(np.diff(cube.wavelengths) > 0)
    np.testing.assert_allclose(cube.wavelengths[~cube.valid], [902.2, 950.0, 993.4])
    np.testing.assert_allclose(cube.fwhm, 6.5)


def test_radiance_has_a_gain_and_an_offset_a_band(tmp_path):
    gains, offsets = np.linspace(0.01, 0.09, 9), np.linspace(-1, 1, 9)
    product = replace(ENMAP, stem=ENMAP.stem.replace("L2A", "L1C"), level="L1C", gains=gains, offsets=offsets)
    cube = open_cube(write_dlr(tmp_path, product))
    assert cube.quantity == "radiance"
    assert cube.notes[0] == "radiance in W m-2 sr-1 nm-1"
    stored = cube.source.read(cube.order, cube.window)[:, 4, 5]
    expected = stored * gains[cube.order] + offsets[cube.order]
    np.testing.assert_allclose(cube.read(bands=np.arange(9))[:, 4, 5], expected, rtol=1e-5)


def test_a_renamed_file_is_told_by_its_level(tmp_path):
    product = replace(ENMAP, stem="ENMAP_potsdam")
    assert open_cube(write_dlr(tmp_path, product)).quantity == "reflectance"
    assert open_cube(write_dlr(tmp_path, replace(product, level="?"))).quantity == "unknown"


def test_another_background(tmp_path):
    cube = open_cube(write_dlr(tmp_path, replace(ENMAP, background=0)))
    assert np.argwhere(np.isnan(cube.read(bands=[0]))).size == 0
    assert cube.nodata == 0


def test_an_image_alone_is_a_plain_geotiff(tmp_path):
    image = write_dlr(tmp_path, ENMAP)
    (tmp_path / f"{ENMAP.stem}-METADATA.XML").unlink()
    assert enmap.sniff(image) == 0
    assert open_cube(image).wavelengths is None
    with pytest.raises(InputError, match=f"there is no metadata {ENMAP.stem}-METADATA.XML; unpack"):
        open_cube(image, reader="enmap")


def test_metadata_without_an_image_and_two_scenes(tmp_path):
    image = write_dlr(tmp_path, ENMAP)
    second = write_dlr(tmp_path, replace(ENMAP, stem=ENMAP.stem.replace("_010_", "_011_")))
    assert [open_cube(path).path for path in (image, second)] == [image, second]
    with pytest.raises(InputError, match="2 scenes lie here; name one of them by its metadata"):
        open_cube(tmp_path)
    second.unlink()
    with pytest.raises(InputError, match="_011_.*there is no image .*_011_.*-SPECTRAL_IMAGE.TIF beside it"):
        open_cube(tmp_path / f"{ENMAP.stem.replace('_010_', '_011_')}-METADATA.XML")


def test_the_copy_for_the_cloud_is_taken_where_it_is_named_or_alone(tmp_path):
    image = write_dlr(tmp_path, ENMAP)
    copy = image.rename(image.with_name(f"{ENMAP.stem}-SPECTRAL_IMAGE_COG.tiff"))
    assert open_cube(copy).path == open_cube(tmp_path).path == copy
    image.write_bytes(copy.read_bytes())
    assert open_cube(copy).path == copy
    assert open_cube(tmp_path).path == image


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (metadata(ENMAP)[:300], "cannot be read as XML"),
        (
            metadata(ENMAP).replace("FWHMOfBand", "Width"),
            "one of 9 elements .*bandID lacks a number; each needs .*FWHMOfBand",
        ),
        (metadata(ENMAP).replace("bandID", "other"), "no elements bandCharacterisation/bandID; is it"),
        (metadata(replace(ENMAP, centres=ENMAP.centres[1:], gains=(1,) * 8, offsets=(0,) * 8)), "has 9 bands, .* 8"),
    ],
)
def test_damaged_metadata(tmp_path, text, words):
    image = write_dlr(tmp_path, ENMAP)
    (tmp_path / f"{ENMAP.stem}-METADATA.XML").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        open_cube(image)


def test_a_truncated_image(tmp_path):
    image = write_dlr(tmp_path, ENMAP)
    image.write_bytes(image.read_bytes()[:1500])
    with pytest.raises(InputError, match="truncated|cannot be read"):
        open_cube(image)

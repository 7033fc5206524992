"""DESIS: an image and its XML, a gain and an offset a band, elements of a band's name that describe none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import rasterio

from hypersigma.readers import desis, enmap, open_cube
from tests.fakes.dlr import COLS, DESIS, ROWS, write_dlr


def test_radiance_has_a_gain_and_an_offset_a_band(tmp_path):
    image = write_dlr(tmp_path, DESIS)
    cube = open_cube(image)
    assert cube.shape == (4, ROWS, COLS)
    assert (cube.sensor, cube.quantity, cube.acquired) == ("DESIS", "radiance", "2022-08-08T10:32:42")
    assert cube.notes[0] == "radiance in mW cm-2 sr-1 um-1"
    np.testing.assert_allclose(cube.wavelengths, DESIS.centres)
    np.testing.assert_allclose(cube.fwhm, 6.5)
    with rasterio.open(image) as dataset:
        stored = dataset.read().astype(np.float64)
        assert cube.georef.transform == tuple(dataset.transform)[:6]
    expected = stored * np.reshape(DESIS.gains, (4, 1, 1)) + np.reshape(DESIS.offsets, (4, 1, 1))
    values = cube.read()
    assert np.isnan(values[:, 0, 0]).all()
    np.testing.assert_allclose(values[:, 1:], expected[:, 1:], rtol=1e-6)


def test_level_2a_is_reflectance(tmp_path):
    product = replace(DESIS, stem=DESIS.stem.replace("L1C", "L2A"), level="L2A", gains=(1e-4,) * 4, offsets=(0,) * 4)
    cube = open_cube(write_dlr(tmp_path, product))
    assert cube.quantity == "reflectance"
    assert cube.read(bands=[1])[0, 0, 1] == np.float32(121 * 1e-4)


def test_each_instrument_knows_its_own(tmp_path):
    image = write_dlr(tmp_path, DESIS)
    assert desis.sniff(image) == desis.sniff(tmp_path / f"{DESIS.stem}-METADATA.xml") == 2
    assert enmap.sniff(image) == 0
    assert desis.sniff(tmp_path) == 2
    assert enmap.sniff(tmp_path) == 0

"""The cube: bands in order, scaled numbers, what is missing, xarray."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import ArraySource, Cube
from hypersigma.errors import InputError, MissingExtraError
from hypersigma.georef import Georef
from hypersigma.tiling import Window
from tests.fakes.envi import ramp

GEOREF = Georef((30.0, 0.0, 300000.0, 0.0, -30.0, 5800000.0))


@settings(max_examples=40, deadline=None)
@given(st.permutations([450.0, 550.0, 650.0, 850.0, 950.0]))
def test_bands_ascend_whatever_the_order_given(centres):
    array = ramp(5)
    cube = Cube.from_array(array, centres, fwhm=[value / 100 for value in centres])
    assert cube.wavelengths.tolist() == sorted(centres)
    np.testing.assert_allclose(cube.fwhm, cube.wavelengths / 100)
    for band, nm in enumerate(cube.wavelengths):
        np.testing.assert_array_equal(cube.read(bands=[band])[0], array[centres.index(nm)])


def test_reading_leaves_out_bands_that_are_not_valid():
    cube = Cube.from_array(ramp()).dropped(np.array([False, True, False, False]), "noise")
    assert cube.used.tolist() == [0, 2, 3]
    assert cube.reasons == ("", "noise", "", "")
    np.testing.assert_array_equal(cube.read(Window(1, 2, 2, 3)), ramp()[[0, 2, 3], 1:3, 2:5])
    again = cube.dropped(np.array([True, True, False, False]), "other")
    assert again.reasons == ("other", "noise", "", "")


def test_missing_numbers_and_scales():
    array = ramp(2, dtype="f4")
    array[0, 0, 0], array[0, 1, 1], array[1, 2, 2] = np.nan, np.inf, -9999
    cube = replace(Cube.from_array(array, nodata=-9999), scale=np.array([2.0, 3.0]), offset=1.0)
    values = cube.read()
    assert values.dtype == np.float32
    assert np.argwhere(np.isnan(values)).tolist() == [[0, 0, 0], [0, 1, 1], [1, 2, 2]]
    assert values[1, 0, 0] == array[1, 0, 0] * 3 + 1


def test_numbers_beyond_single_precision_are_missing():
    cube = Cube.from_array(np.array([[[1e300, 1.0]]]))
    assert np.isnan(cube.read()).ravel().tolist() == [True, False]


def test_no_data_that_the_type_cannot_hold_is_never_met():
    cube = Cube.from_array(ramp(dtype="u1"), nodata=-9999.0)
    assert np.isfinite(cube.read()).all()


@pytest.mark.parametrize("window", [Window(-1, 0, 2, 2), Window(0, 0, 6, 2), Window(4, 5, 2, 1), Window(0, 0, 2, 7)])
def test_windows_outside_are_refused(window):
    with pytest.raises(InputError, match="does not lie inside the scene of 5 rows x 6 columns"):
        Cube.from_array(ramp()).read(window)


def test_lists_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="found shape"):
        Cube.from_array(np.ones((3, 4)))
    with pytest.raises(InputError, match="2 wavelengths for 4 bands"):
        Cube.from_array(ramp(), [450, 550])
    cube = Cube.from_array(ramp(), [450, 550, 650, 850])
    with pytest.raises(InputError, match="3 reasons for 4 bands"):
        replace(cube, reasons=("",) * 3)
    with pytest.raises(InputError, match="not ascending"):
        replace(cube, wavelengths=cube.wavelengths[::-1])


def test_array_source():
    source = ArraySource(ramp())
    assert source.shape == (4, 5, 6)
    assert source.dtype == np.int16


def test_representation():
    cube = Cube.from_array(ramp(), [450, 550, 650, 850], quantity="reflectance", name="plot")
    assert repr(cube) == "<Cube plot: 4 bands (4 used) x 5 rows x 6 columns, 450-850 nm, reflectance>"
    assert repr(replace(Cube.from_array(ramp()), sensor="EMIT")).endswith("unknown, EMIT>")
    assert cube.noted("a", "b").notes == ("a", "b")


def test_there_and_back_through_xarray():
    cube = Cube.from_array(ramp(), [450, 550, 650, 850], fwhm=[9, 9, 8, 8], quantity="counts", georef=GEOREF)
    cube = replace(cube.dropped(np.array([False, False, True, False]), "noise"), sensor="HyMap", acquired="2009-08-20")
    array = pytest.importorskip("xarray") and cube.to_xarray()
    assert array.dims == ("band", "y", "x")
    assert (float(array.x[0]), float(array.y[0])) == (300015.0, 5799985.0)
    back = Cube.from_xarray(array)
    assert (back.quantity, back.sensor, back.acquired, back.georef) == ("counts", "HyMap", "2009-08-20", GEOREF)
    np.testing.assert_array_equal(back.wavelengths, cube.wavelengths)
    np.testing.assert_array_equal(back.valid, cube.valid)
    np.testing.assert_array_equal(back.read(), cube.read())
    bare = Cube.from_xarray(Cube.from_array(ramp()).to_xarray())
    assert bare.wavelengths is None
    assert bare.georef is None


def test_xarray_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingExtraError, match=r"hypersigma\[geo\]"):
        Cube.from_array(ramp()).to_xarray()

"""Wavelengths of files: units, band names, lists that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.errors import InputError
from hypersigma.readers._wavelengths import from_names, to_nm

CENTRES = [450.5, 550.0, 2450.25]


@pytest.mark.parametrize(
    ("unit", "factor"),
    [("nm", 1), ("Nanometers", 1), ("nanometre", 1), ("um", 1e-3), ("µm", 1e-3), ("MICRONS", 1e-3), ("m", 1e-9)],
)
def test_units(unit, factor):
    np.testing.assert_allclose(to_nm(np.array(CENTRES) * factor, unit, "file"), CENTRES)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(200, 20000), min_size=2, max_size=20, unique_by=lambda nm: round(nm, 3)),
    st.sampled_from(["", "Unknown", "none"]),
)
def test_unstated_units_are_told_by_the_values(centres, unit):
    np.testing.assert_allclose(to_nm(centres, unit, "file"), centres, atol=1e-6)
    np.testing.assert_allclose(to_nm([value / 1000 for value in centres], unit, "file"), centres, atol=1e-6)


def test_wavenumbers():
    np.testing.assert_allclose(to_nm([25000.0, 4000.0], "Wavenumber", "file"), [400, 2500])


@pytest.mark.parametrize(
    ("values", "unit", "message"),
    [
        ([450.0, float("nan"), 650.0], "nm", "1 of 3 are not numbers"),
        ([-450.0, 550.0], "nm", "1 of 2 are zero or negative"),
        ([0.0, 0.0, 0.0], "", "3 of 3 are zero or negative"),
        ([0.0, 4000.0], "Wavenumber", "zero or negative"),
        ([500.0, 500.0, 500.0], "nm", "all 3 are 500 nm"),
        ([0.45, 0.55], "nm", "look like micrometres"),
        ([50.0, 150.0], "nm", "from 50 to 150 nm;"),
        ([450.0, 55000.0], "nm", "to 55000 nm"),
        ([1.0, 2.0, 3.0, 4.0], "", "band numbers"),
        ([], "nm", "empty"),
    ],
)
def test_implausible_lists(values, unit, message):
    with pytest.raises(InputError, match=f"scene.img: .*implausible.*{message}.*--wavelengths FIRST:LAST"):
        to_nm(values, unit, "scene.img")


def test_a_unit_that_is_none():
    with pytest.raises(InputError, match="'GHz' is not a unit of wavelength"):
        to_nm(CENTRES, "GHz", "file")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["band 1 (418.24 Nanometers)", "band 2 (423.874 Nanometers)"], ([418.24, 423.874], "Nanometers")),
        (["b1: 0.45um", "b2: 0.55um"], ([0.45, 0.55], "um")),
        (["Resize (Band 1) (426.82)", "Resize (Band 2) (436.99)"], ([426.82, 436.99], "")),
        (["450", "550.5"], ([450, 550.5], "")),
        (["Band 1", "Band 2"], None),
        (["Band (1)", "Band (2)", "Band (3)"], None),
        (["1", "2", "3"], None),
        (["450 nm", "roof"], None),
        ([], None),
    ],
)
def test_band_names(names, expected):
    assert from_names(names) == expected

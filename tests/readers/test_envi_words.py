"""What an ENVI header says in words: the unit of radiance, a time that cannot be."""

from __future__ import annotations

import pytest

from hypersigma.readers import open_cube
from tests.fakes.envi import ramp, write_envi


@pytest.mark.parametrize("unit", ["micro-watts/cm^2/nm/sr", "uW/cm^2/SR/nm", "W m-2 sr-1 nm-1"])
@pytest.mark.parametrize("key", ["description", "data_units"])
def test_radiance_and_its_unit_are_told_in_words(tmp_path, unit, key):
    cube = open_cube(write_envi(tmp_path, ramp(dtype="f4"), **{key: f"{{Radiance {unit}, a crop}}"}))
    assert (cube.quantity, cube.notes[0]) == ("radiance", f"radiance in {unit}")


def test_a_time_that_cannot_be_is_told(tmp_path):
    cube = open_cube(write_envi(tmp_path, ramp(), start_acquisition_time="2085-08-27T09:16:26Z"))
    assert (cube.acquired, "2085-08-27T09:16:26Z, cannot be right" in cube.notes[0]) == (None, True)

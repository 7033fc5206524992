"""What is told of two dates: copies, empty dates, other units, other light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.pair_checks import pair_findings
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from tests.fakes.fields import AVIRIS_LIKE, ENMAP_LIKE, crops, field_cube
from tests.fakes.geotiff import GRID, write_tiff

TRUTH = crops(70, 90)


def date(seed: int = 0, wavelengths: np.ndarray | None = AVIRIS_LIKE, name: str = "before", **changes) -> Cube:
    return replace(field_cube(TRUTH, wavelengths, seed=seed), name=name, **changes)


@pytest.mark.parametrize("wavelengths", [AVIRIS_LIKE, ENMAP_LIKE])
def test_dates_that_can_be_compared_need_no_words(wavelengths):
    assert pair_findings(date(), date(1, wavelengths, "after", scale=1.5)) == ()
    assert pair_findings(date(0, None), date(1, name="after")) == ()


def test_a_copy_is_told(tmp_path):
    array = np.random.default_rng(0).normal(500, 50, (3, 60, 70)).astype("i2")
    array[0, :5] = -1
    first, second = (
        open_cube(write_tiff(tmp_path / f"{name}.tif", array, transform=GRID, nodata=-1)) for name in ("a", "b")
    )
    (note,) = pair_findings(first, second)
    assert note.startswith("the two dates hold the same numbers: nothing can have changed")
    array[2, 30, 40] += 1
    third = open_cube(write_tiff(tmp_path / "c.tif", array, transform=GRID, nodata=-1))
    assert pair_findings(first, third) == ()


def test_a_date_without_data_is_refused(tmp_path):
    first = date(0, None)
    empty = open_cube(write_tiff(tmp_path / "empty.tif", np.zeros((2, 70, 90), "u2"), transform=GRID, nodata=0))
    for dates in ((first, empty), (empty, first)):
        with pytest.raises(InputError, match=r"^empty: no data in a sample.*no-data value"):
            pair_findings(*dates)
    with pytest.raises(InputError, match=r"^none: no data in a sample"):
        pair_findings(date(), date(1, name="none", valid=np.zeros(60, dtype=bool)))


def test_dates_that_share_little_or_no_ground():
    first, second = date().read(), date(1).read()
    first[:, :, 40:] = np.nan
    second[:, :, :20] = np.nan
    pair = [Cube.from_array(values, name=name) for name, values in (("a", first), ("b", second))]
    assert pair_findings(*pair) == ("only 22% of the pixels hold data in both dates",)
    second[:, :, :40] = np.nan
    with pytest.raises(InputError, match="no pixel of a sample holds data in both a and b"):
        pair_findings(*pair)


def test_other_units_are_told():
    before, counts = date(), date(1, ENMAP_LIKE, "after", scale=10000.0)
    (note,) = pair_findings(before, counts)
    assert note.startswith("the numbers of after are about 10000 times those of before: differences")
    (note,) = pair_findings(counts, replace(before, quantity="counts"))
    assert note.startswith("after holds reflectance, before counts and the numbers of before are about 0.0001 times")
    (note,) = pair_findings(before, replace(date(1, name="after"), quantity="radiance"))
    assert note.startswith("before holds reflectance, after radiance: differences")
    # without wavelengths and with other numbers of bands, brightness as a whole is compared
    few = Cube.from_array(100 * date(1).read(bands=[3, 9]), name="after", quantity="reflectance")
    assert "times those of before" in pair_findings(date(0, None), few)[0]
    # numbers around zero have no ratio
    dark = Cube.from_array(-date(1).read(), quantity="reflectance", name="after")
    assert pair_findings(date(0, None), dark) == ()


def test_light_of_other_wavelengths_is_refused():
    visible = date(0, np.linspace(400, 700, 60), "visible")
    infrared = date(1, np.linspace(900, 2500, 80), "infrared")
    expected = r"different light: visible 60 bands from 400 to 700 nm, infrared 80 bands from 900 to 2500 nm"
    with pytest.raises(InputError, match=expected):
        pair_findings(visible, infrared)
    (note,) = pair_findings(visible, date(1, name="after"))
    assert note.startswith("the two dates share a part of the spectrum only: visible 60 bands from 400 to 700 nm")
    # a band a date is enough where there is no other
    panchromatic = replace(visible, valid=np.arange(60) == 30)
    assert pair_findings(panchromatic, replace(panchromatic, name="other", scale=1.1)) == ()


def test_dates_of_other_sizes_are_refused():
    with pytest.raises(InputError, match=r"a has \(4, 5\) pixels, b \(4, 6\).*onto one first"):
        pair_findings(*(Cube.from_array(np.ones((1, 4, cols)), name=name) for name, cols in (("a", 5), ("b", 6))))

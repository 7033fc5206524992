"""Bands of a cube: ascending, detectors cut where they overlap, bad and repeated ones marked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.errors import InputError
from hypersigma.readers._bands import BandTable, arrange

# EnMAP: the VNIR ends at 993 nm, the SWIR starts at 902 nm
VNIR, SWIR = np.linspace(418, 993, 91), np.linspace(902, 2446, 133)


def test_overlap_of_two_detectors_is_cut_at_one_wavelength():
    centres = np.concatenate([VNIR, SWIR])
    bands = arrange(BandTable(centres=centres, unit="nm", fwhm=np.full(224, 8.0)), 224, "scene")
    assert np.all(np.diff(bands.wavelengths) >= 0)
    np.testing.assert_array_equal(centres[bands.order], bands.wavelengths)
    cut = (902 + 993) / 2
    used = bands.order[bands.valid]
    assert centres[used[used < 91]].max() < cut < centres[used[used >= 91]].min()
    np.testing.assert_array_equal(
        bands.valid, np.where(bands.order < 91, bands.wavelengths < cut, bands.wavelengths > cut)
    )
    assert {bands.reasons[index] for index in np.flatnonzero(~bands.valid)} == {
        "overlap of two detectors, cut at 948 nm"
    }
    assert any("overlap from 902 to 993 nm; cut at 948 nm" in note for note in bands.notes)


@pytest.mark.parametrize("parts", [(VNIR[::-1], SWIR[::-1]), (SWIR, VNIR)], ids=["descending", "SWIR first"])
def test_detectors_in_other_orders(parts):
    bands = arrange(BandTable(centres=np.concatenate(parts), unit="nm"), 224, "scene")
    assert np.all(np.diff(bands.wavelengths) >= 0)
    assert abs(int((~bands.valid).sum()) - 11) <= 1


def test_descending_bands_are_turned_round_and_said():
    bands = arrange(BandTable(centres=[850, 650, 450], unit="nm", good=[1, 0, 1], fwhm=[3, 2, 1]), 3, "scene")
    assert bands.order.tolist() == [2, 1, 0]
    assert bands.fwhm.tolist() == [1, 2, 3]
    assert bands.valid.tolist() == [True, False, True]
    assert any("sorted" in note for note in bands.notes)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(300, 3000), min_size=2, max_size=60, unique=True))
def test_any_order_of_bands_ends_ascending(centres):
    bands = arrange(BandTable(centres=centres, unit="nm"), len(centres), "scene")
    assert bands.wavelengths.tolist() == sorted(centres)
    assert sorted(bands.order) == list(range(len(centres)))
    assert bands.valid.any()


def test_bands_in_no_order_are_sorted_without_a_cut():
    centres = np.random.default_rng(0).permutation(np.arange(400.0, 1000.0, 10.0))
    bands = arrange(BandTable(centres=centres), 60, "scene")
    assert bands.valid.all()
    assert any("no order" in note or "in order" in note for note in bands.notes)


def test_a_repeated_wavelength_is_used_once():
    bands = arrange(BandTable(centres=[450, 550, 550, 650], unit="nm"), 4, "scene")
    assert bands.valid.tolist() == [True, True, False, True]
    assert "same wavelength" in bands.reasons[2]


@pytest.mark.parametrize(
    ("table", "note"),
    [
        (BandTable(centres=[450, 550, 650], good=[1, 0]), "2 entries for 3 bands"),
        (BandTable(centres=[450, 550, 650], good=[0, 0, 0]), "every band as bad"),
        (BandTable(centres=[450, 550, 650], fwhm=[1, 2]), "2 band widths for 3 bands"),
        (BandTable(centres=[450, 550, 650], fwhm=[1, 0, 2]), "not positive"),
        (BandTable(), "no wavelengths"),
    ],
)
def test_senseless_lists_are_noted_and_ignored(table, note):
    bands = arrange(table, 3, "scene")
    assert any(note in said for said in bands.notes)
    assert bands.valid.all()
    assert bands.fwhm is None


def test_wrong_number_of_wavelengths():
    with pytest.raises(InputError, match="scene: 2 wavelengths for 3 bands"):
        arrange(BandTable(centres=[450, 550]), 3, "scene")

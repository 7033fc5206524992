"""Spectra of a library as a scene sees them, and those that say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.unmixing_libraries import library_on_scene
from hypersigma.errors import InputError
from tests.fakes.mixtures import BANDS, CENTRES, library, mixed, spectra


def test_a_library_is_brought_to_the_scene() -> None:
    fine = np.arange(400.0, 2450.0, 5.0)
    known = np.stack([np.interp(fine, CENTRES, spectrum) for spectrum in spectra()])
    found = library_on_scene(mixed(), library(wavelengths=fine, spectra=known))
    np.testing.assert_allclose(found.spectra, spectra(), atol=0.05)
    np.testing.assert_array_equal(found.wavelengths, CENTRES)
    assert not found.numbered


def test_names_choose_spectra() -> None:
    found = library_on_scene(mixed(), library(groups=("soil", "green", "blue")), ("Water", "cl"))
    assert (found.names, found.groups) == (("water", "clay"), ("blue", "soil"))
    with pytest.raises(InputError, match="holds no spectrum 'wather'; did you mean 'water'"):
        library_on_scene(mixed(), library(), ("wather",))


def test_a_group_is_chosen_by_its_name() -> None:
    found = library_on_scene(mixed(), library(groups=("ground", "green", "ground")), ("Ground",))
    assert (found.names, found.groups) == (("clay", "water"), ("ground", "ground"))


def test_a_group_that_loses_all_its_spectra_is_an_error() -> None:
    known = spectra()
    known[1] = known[0]
    assert library_on_scene(mixed(), library(spectra=known)).names == ("clay", "water")
    assert library_on_scene(mixed(), library(spectra=known, groups=("a", "a", "b"))).groups == ("a", "b")
    with pytest.raises(InputError, match="no spectrum of 'green' is left: library: 1 spectra are the same"):
        library_on_scene(mixed(), library(spectra=known, groups=("soil", "green", "blue")))


def test_empty_and_double_spectra_are_left_out_and_said() -> None:
    known = np.concatenate([spectra(), spectra()[:1], np.zeros((1, BANDS))])
    given = library(names=("clay", "grass", "water", "clay again", "nothing"), spectra=known)
    found = library_on_scene(mixed(), given)
    assert found.names == ("clay", "grass", "water")
    assert "library: 1 spectra hold no number above zero and are left out: 'nothing'" in found.notes
    assert "library: 1 spectra are the same as others and are left out: 'clay again'" in found.notes
    with pytest.raises(InputError, match="none is left to unmix with"):
        library_on_scene(mixed(), given, ("nothing",))


def test_a_library_without_overlap_is_refused() -> None:
    with pytest.raises(InputError, match="at least half are needed"):
        library_on_scene(mixed(), library(wavelengths=CENTRES + 3000.0))
    gaps = spectra()
    gaps[2, : BANDS // 2 + 2] = np.nan
    with pytest.raises(InputError, match="at least half are needed: leave out such as 'water'"):
        library_on_scene(mixed(), library(spectra=gaps))


def test_bands_are_counted_where_a_scene_has_no_wavelengths() -> None:
    found = library_on_scene(mixed(wavelengths=None), library())
    assert found.numbered
    np.testing.assert_allclose(found.spectra, spectra())
    with pytest.raises(InputError, match="no wavelengths to match them by"):
        library_on_scene(mixed(wavelengths=None), library(wavelengths=CENTRES[1:], spectra=spectra()[:, 1:]))


def test_numbers_are_brought_to_the_scene() -> None:
    counts = mixed(quantity="counts").read() * 10000
    cube = mixed().from_array(counts, CENTRES, quantity="counts")
    found = library_on_scene(cube, library())
    np.testing.assert_allclose(found.spectra, spectra() * 10000, rtol=0.01)
    assert any("10000" in note for note in found.notes)


def test_where_a_library_only_names_what_lacks_bands_is_left_out() -> None:
    gaps = spectra()
    gaps[2, : BANDS // 2 + 2] = np.nan
    found = library_on_scene(mixed(), library(spectra=gaps), naming=True)
    assert found.names == ("clay", "grass")
    assert "library: 1 spectra lack too many of the scene's bands and are left out: 'water'" in found.notes
    with pytest.raises(InputError, match="at least half are needed"):
        library_on_scene(mixed(), library(wavelengths=CENTRES + 3000.0), naming=True)

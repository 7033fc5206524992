"""Libraries of bundles in MATLAB files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypersigma.data.libraries import read_library
from hypersigma.data.unmixing_libraries import library_on_scene
from hypersigma.errors import InputError
from tests.fakes.matlab import write_v5, write_v73
from tests.fakes.mixtures import BANDS, CENTRES, mixed, spectra
from tests.shared import data_path

TWO, ONE = spectra()[:2].T, spectra()[2:].T


def words(*names: str) -> np.ndarray:
    """A cell of words, as MATLAB writes it."""
    cell = np.empty((1, len(names)), dtype=object)
    cell[0] = names
    return cell


def test_each_array_is_a_material(tmp_path: Path) -> None:
    path = write_v5(tmp_path / "l.mat", lib10=ONE, lib2=TWO, material_names=words("soil", "snow"), A=np.eye(BANDS))
    library = read_library(path)
    # by number, not by letters
    assert library.groups == ("soil", "soil", "snow")
    assert library.names == ("soil#1", "soil#2", "snow#1")
    assert library.numbered
    np.testing.assert_array_equal(library.spectra, spectra())
    assert library.quantity == "reflectance"


def test_materials_without_names_and_bands_with_wavelengths(tmp_path: Path) -> None:
    for write, name in ((write_v5, "five"), (write_v73, "seven")):
        library = read_library(write(tmp_path / f"{name}.mat", lib1=TWO, lib2=ONE, wavelengths=CENTRES / 1000))
        assert library.groups == ("material 1", "material 1", "material 2")
        np.testing.assert_allclose(library.wavelengths, CENTRES)
        np.testing.assert_allclose(library.spectra, spectra())
        assert not library.numbered


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"A": TWO}, r"the arrays A; expected a library as arrays lib1, lib2"),
        ({"lib1": TWO, "lib2": ONE[1:]}, r"expected \(bands, spectra\) of the same bands"),
        ({"lib1": TWO, "material_names": words("soil", "snow")}, "2 names for 1 materials"),
    ],
)
def test_files_that_hold_no_bundles(arrays: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        read_library(write_v5(tmp_path / "l.mat", **arrays))


def test_bands_that_are_counted_are_those_of_a_scene_with_as_many(tmp_path: Path) -> None:
    library = read_library(write_v5(tmp_path / "counted.mat", lib1=TWO, lib2=ONE))
    found = library_on_scene(mixed(), library)
    np.testing.assert_array_equal(found.spectra, spectra())
    np.testing.assert_array_equal(found.wavelengths, CENTRES)
    assert not found.numbered
    assert any("counted has no wavelengths" in note for note in found.notes)
    fewer = read_library(write_v5(tmp_path / "fewer.mat", lib1=TWO[1:], lib2=ONE[1:]))
    with pytest.raises(InputError, match="fewer counts 23 bands, mixed has 24"):
        library_on_scene(mixed(), fewer)


def test_a_library_as_it_is_published() -> None:
    library = read_library(data_path("spectral_libraries/spectral_library_jasperRidge.mat"))
    assert library.spectra.shape == (529, 198)
    assert [library.groups.count(name) for name in ("Tree", "Water", "Dirt", "Road")] == [129, 138, 127, 135]

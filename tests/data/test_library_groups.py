"""Which spectra are one material: by their names, and by tables as they come with libraries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hypersigma.data.libraries import read_library
from hypersigma.data.library_groups import with_groups
from hypersigma.errors import InputError
from tests.fakes.mixtures import library
from tests.shared import data_path


def table(folder: Path, text: str) -> Path:
    path = folder / "kinds.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (("soil#1", "soil #2", "water"), ("soil", "soil", "water")),
        (("endmember 1 (1)", "endmember 1 (2)", "endmember 2 (1)"), ("endmember 1", "endmember 1", "endmember 2")),
        (("soil 1", "soil 2", "GDS (a)"), ()),
        (("#1", "(2)", "soil#"), ()),
    ],
)
def test_numbers_behind_a_sign_make_groups(names: tuple[str, ...], groups: tuple[str, ...]) -> None:
    assert with_groups(library(names=names)).groups == groups


def test_groups_that_are_known_stay() -> None:
    known = library(names=("a#1", "a#2", "b"), groups=("x", "y", "z"))
    assert with_groups(known).groups == ("x", "y", "z")


def test_a_table_sorts_spectra(tmp_path: Path) -> None:
    path = table(tmp_path, "Name,Kind\nwater , wet\n\nclay,dry\ngrass,dry\nmoss,dry\n")
    assert with_groups(library(), path).groups == ("dry", "dry", "wet")
    wide = table(tmp_path, "Name,level_1,level_2\nwater,wet,sea\nclay,dry,land\ngrass,dry,lawn\n")
    assert with_groups(library(), f"{wide}#level_2").groups == ("land", "lawn", "sea")
    # a table that is given is meant, whatever is known
    known = replace(library(), groups=("x", "y", "z"))
    assert with_groups(known, f"{wide}#level_1").groups == ("dry", "dry", "wet")


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("Name,a,b\nclay,1,2\n", "", "has the columns a, b; say which holds the materials"),
        ("Name,kind\nclay,dry\n", "#kinds", "there is no column 'kinds'; did you mean 'kind'"),
        ("Name,kind\nclay,dry\nwater,wet\n", "", "no 'kind' for 'grass' of library"),
        ("Name,kind\nclay,dry\nwater,wet\ngrass\n", "", "no 'kind' for 'grass' of library"),
        ("Name,kind\nclay,dry\nwater,wet\nclay,wet\n", "", "'clay' is 'dry' in one line and 'wet' in another"),
        ("Name,kind\nclay,a\nwater,a\ngrass,a\nsnow,white\n", "", "'white' has no spectrum in library"),
        ("Name\nclay\n", "", "no table; expected a first line of heads"),
    ],
)
def test_tables_that_do_not_tell(text: str, column: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        with_groups(library(), f"{table(tmp_path, text)}{column}")


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.csv: cannot be read as a CSV file"):
        with_groups(library(), tmp_path / "missing.csv")


def test_a_library_as_it_is_published() -> None:
    folder = data_path("spectral_libraries")
    found = with_groups(read_library(folder / "library_berlin.sli"), f"{folder / 'library_berlin.csv'}#level_3")
    assert len(found.groups) == len(found) == 75
    assert {"roof", "pavement", "soil"} <= set(found.groups)

"""What a person gives an unmixing beside the scene: a number of endmembers, or a library; perhaps a truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.library_groups import with_groups
from hypersigma.data.unmixing import Count, UnmixingScene
from hypersigma.data.unmixing_libraries import library_on_scene
from hypersigma.data.unmixing_truth import read_unmixing_truth
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Flags of an unmixing.

    Attributes:
        endmembers: How many are to be found in the scene, or auto for as many as it holds.
        library: File of named spectra (ENVI, CSV, MATLAB), which are the endmembers; beside --endmembers, those that
            are found are compared with them.
        spectra: Names of the library's spectra or groups that are meant, parted by commas; all by default.
        groups: Table of spectra's names and materials, TABLE.csv#COLUMN; without it soil#1 and soil#2 are one material.
        truth: File of true abundances or endmembers, for scoring alone: MATLAB, or a raster with a band a material.
        truth_abundances: Which array of a MATLAB file holds the abundances, where its shape does not tell.
        truth_endmembers: Which array of a MATLAB file holds the endmembers, where its shape does not tell.
    """

    endmembers: str | None = None
    library: Path | None = None
    spectra: str | None = None
    groups: str | None = None
    truth: Path | None = None
    truth_abundances: str | None = None
    truth_endmembers: str | None = None


def load_inputs(
    cubes: Sequence[Cube],
    endmembers: Any = None,
    library: Any = None,
    spectra: Any = None,
    groups: Any = None,
    truth: Any = None,
    truth_abundances: str | None = None,
    truth_endmembers: str | None = None,
) -> list[UnmixingScene]:
    """The scenes with what they are unmixed into.

    Args:
        cubes: the scenes; several share their endmembers.
        endmembers: a number, "auto", or None for those of the library.
        library: a file, or a `SpectralLibrary`.
        spectra: names of its spectra or groups that are meant, in a list or parted by commas.
        groups: the table of its groups, as of `with_groups`.
        truth: a file or arrays, as of `read_unmixing_truth`, of the only scene.
        truth_abundances: as in `Inputs`.
        truth_endmembers: as in `Inputs`.

    Raises:
        InputError: neither a number nor a library is given, the library or the truth cannot be read or does not fit.
    """
    count = _count(endmembers)
    if count is None and library is None:
        raise InputError("an unmixing needs --endmembers N, --endmembers auto, or --library FILE")
    for given, what in ((spectra, "spectra are named"), (groups, "groups of spectra are given")):
        if given is not None and library is None:
            raise InputError(f"{what}, but no library is given that holds them: add --library FILE")
    if truth is not None and len(cubes) > 1:
        raise InputError(f"one truth for {len(cubes)} scenes; unmix the scene that it belongs to by itself")
    known = None if library is None else _known(library, groups)
    named = spectra.split(",") if isinstance(spectra, str) else list(spectra or ())
    scenes = []
    for cube in cubes:
        own = None if known is None else library_on_scene(cube, known, named, naming=count is not None)
        found = read_unmixing_truth(cube, truth, truth_abundances, truth_endmembers)
        noted = cube if own is None else cube.noted(*own.notes)
        scenes.append(UnmixingScene(noted, count, own, found.abundances, found.spectra, found.names))
    return scenes


def _known(library: Any, groups: Any) -> SpectralLibrary:
    """A library with its groups."""
    return with_groups(library if isinstance(library, SpectralLibrary) else read_library(library), groups)


def _count(given: Any) -> Count | None:
    """A number of endmembers, "auto" or None.

    Raises:
        InputError: it is none of them.
    """
    if given is None:
        return None
    if str(given).strip().lower() == "auto":
        return "auto"
    try:
        count = int(str(given))
    except ValueError:
        count = 0
    if count < 1:
        raise InputError(f"endmembers: '{given}'; expected a whole number of 1 or more, or auto")
    return count

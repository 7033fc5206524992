"""Berlin Urban Gradient 2009: fractions of four kinds of ground in 160 cells of 30 m, and a library of 75 spectra.

Data by Okujeni, van der Linden and Hostert (2016), doi:10.5880/enmap.2016.008, CC BY-SA 4.0; the files are not shipped.
EnMAP01 and EnMAP02 are EnMAP images simulated from HyMap. HyMap itself has pixels of 9 m, whose abundances are averaged
over the cells to be compared. Spectra of one kind are one material, whose abundances are
added up; water, the only other one of the library, is "other".
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypersigma.data.libraries import read_library
from hypersigma.data.library_groups import with_groups
from hypersigma.data.scenes import _unmixing
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_cells import Cells
from hypersigma.data.unmixing_libraries import library_on_scene
from hypersigma.data.unmixing_truth import read_unmixing_truth
from hypersigma.products import SpectralLibrary
from hypersigma.readers import open_cube

TASK, PROTOCOLS = _unmixing.TASK, _unmixing.PROTOCOLS

_IMAGES = {"berlin_111": "EnMAP01", "berlin_244": "EnMAP02", "berlin_hymap": "HyMap02"}
_CELL, _PIXEL = 30.0, 9.0  # metres, of a cell and of a pixel of HyMap
_TRUTH = "LandCov_Layer_Level1"
_END = "_Berlin_Urban_Gradient_2009.bsq"
_MATERIALS = ("impervious", "vegetation", "soil", "other")


def load(root: Path | None = None) -> list[UnmixingScene]:
    """The three images with the library and the fractions.

    Args:
        root: the folder that holds the folders `berlin_urban_gradient` and `spectral_libraries`, or their files;
            HYPERSIGMA_DATA by default.

    Raises:
        InputError: a file is missing.
    """
    files = tuple(f"{name}{_END}" for name in (*_IMAGES.values(), _TRUTH))
    folder = folder_of("the files of Berlin", "berlin_urban_gradient", files, root)
    table = ("library_berlin.sli", "library_berlin.csv")
    beside = folder_of("the library of Berlin", "spectral_libraries", table, root)
    library = _grouped(read_library(beside / table[0]), beside / table[1])
    scenes = []
    for name, image in _IMAGES.items():
        cube = replace(open_cube(folder / f"{image}{_END}"), name=name, quantity="reflectance")
        truth = read_unmixing_truth(cube, folder / f"{_TRUTH}{_END}").abundances
        assert truth is not None
        own = library_on_scene(cube, library)
        alike = truth.shape[1:] == cube.shape[1:]
        cells = None if alike else Cells((truth.shape[1], truth.shape[2]), _CELL / _PIXEL)
        scenes.append(UnmixingScene(cube, None, own, truth, None, _MATERIALS, truth_cells=cells))
    return scenes


def _grouped(library: SpectralLibrary, table: Path) -> SpectralLibrary:
    """The library with the kind of ground of each spectrum."""
    kinds = with_groups(library, f"{table}#level_1").groups
    return replace(library, groups=tuple(kind if kind in _MATERIALS else "other" for kind in kinds))

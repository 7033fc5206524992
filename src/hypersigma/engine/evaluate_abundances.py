"""Scoring a layer of abundances, and the endmembers beside it, against true abundances and endmembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_maps import SHADE
from hypersigma.data.unmixing_scores import agreement, on_all_bands
from hypersigma.data.unmixing_truth import read_unmixing_truth
from hypersigma.errors import InputError
from hypersigma.metrics.unmixing import NOT_FOUND
from hypersigma.products import SpectralLibrary, Table
from hypersigma.readers._raster import open_raster
from hypersigma.writers.geotiff import KIND

_LIBRARY = "endmembers.sli"  # beside the layer
_MATCHED = {
    "spectra": "materials were matched so that the sum of the angles is least",
    "names": "materials were matched by name",
    "abundances": "materials were matched so that abundances agree best, which flatters: no spectra to match are known",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class AbundanceEvaluation:
    """How abundances, and the endmembers that they are of, agree with a truth.

    Attributes:
        layer: name of the layer.
        materials: of each true material its name, that of what it is matched with, angle in radians and RMSE; NaN where
            unknown.
        metrics: as of `agreement`.
        notes: what a person should know before trusting the figures.
    """

    layer: str
    materials: tuple[tuple[str, str, float, float], ...]
    metrics: Mapping[str, float]
    notes: tuple[str, ...]

    def tables(self) -> tuple[Table, Table]:
        """The figures, and those of each material."""
        rows = tuple(
            (name, found, *("" if np.isnan(value) else value for value in (angle, error)))
            for name, found, angle, error in self.materials
        )
        return (
            Table(self.layer, ("figure", "value"), tuple(self.metrics.items())),
            Table("Figures of each material", ("true material", "found", "angle in rad", "rmse"), rows),
        )

    def plain(self) -> dict[str, Any]:
        """The evaluation as plain data."""
        keys = ("material", "found", "angle", "rmse")
        return {
            "layer": self.layer,
            "metrics": dict(self.metrics),
            "materials": [dict(zip(keys, row, strict=True)) for row in self.materials],
            "notes": list(self.notes),
        }


def is_abundances(dataset: DatasetReader) -> bool:
    """Whether a layer holds abundances."""
    return bool(dataset.tags().get(KIND) == "abundances")


def evaluate_abundances(path: Path, truth: Path, *, variable: str | None = None) -> AbundanceEvaluation:
    """Score a layer of abundances, and the library beside it where there is one.

    Args:
        path: the layer, a GeoTIFF with a named band a material.
        truth: as of `read_unmixing_truth`.
        variable: which array of a MATLAB file holds the abundances.

    Raises:
        InputError: the truth does not fit the layer.
    """
    names, shares = _shares(path)
    library = _library(path.with_name(_LIBRARY), names)
    _, rows, cols = shares.shape
    centres = None if library is None else library.wavelengths
    # of the scene the shape alone is known, and needed
    empty = np.broadcast_to(np.float32(np.nan), (1 if centres is None else len(centres), rows, cols))
    cube = Cube.from_array(empty, centres, name=path.parent.name)
    known = read_unmixing_truth(cube, truth, variable)
    if known.abundances is None and library is None:
        raise InputError(f"{truth} holds no abundances, and {path.with_name(_LIBRARY)} no spectrum of each material")
    true_spectra = None if library is None else known.spectra
    scene = UnmixingScene(cube, len(names), None, known.abundances, true_spectra, known.names)
    bands = cube.shape[0]
    spectra = np.full((len(names), bands), np.nan) if library is None else on_all_bands(library, cube)
    agreed = agreement(scene, spectra, names[: len(spectra)], shares)
    found = [int(index) for index in agreed.materials.found]
    materials = tuple(
        (material, "none left" if index == NOT_FOUND else names[index], float(angle), float(error))
        for material, index, angle, error in zip(
            scene.materials, found, agreed.materials.angles, agreed.materials.rmse, strict=True
        )
    )
    notes = [_MATCHED[agreed.by]]
    lacking = 0 if known.abundances is None else int(np.isnan(shares[:, np.isfinite(known.abundances[0])][0]).sum())
    if lacking:
        notes.append(f"{lacking} pixels of the truth have no abundances in the layer; they are left out")
    return AbundanceEvaluation(layer=path.stem, materials=materials, metrics=agreed.metrics, notes=tuple(notes))


def _shares(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Names of the materials, and their abundances (K, rows, cols)."""
    with open_raster(path) as dataset:
        names = [name or f"material {place + 1}" for place, name in enumerate(dataset.descriptions)]
        return names, dataset.read().astype(np.float64)


def _library(path: Path, names: list[str]) -> SpectralLibrary | None:
    """The spectra of the materials in their order; None where there are none, or several of one material."""
    if not path.is_file():
        return None
    library = read_library(path, scale=1.0)
    return library if list(library.names) == [name for name in names if name != SHADE] else None

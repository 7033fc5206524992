"""How an unmixing agrees with the truth of its scene: which endmember is which material, and how far both are apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_maps import SHADE
from hypersigma.metrics.unmixing import NOT_FOUND, PerMaterial, match_endmembers, per_material, unmixing_scores
from hypersigma.products import SpectralLibrary

Floats = NDArray[np.float64]


class Agreement(NamedTuple):
    """What is known of an unmixing by its truth.

    Attributes:
        metrics: by short name, those of `unmixing_scores`, and mae, the mean absolute error of the abundances.
        materials: figures of each true material.
        by: what materials were matched by: "spectra", "names" or "abundances".
    """

    metrics: dict[str, float]
    materials: PerMaterial
    by: str


def agreement(scene: UnmixingScene, spectra: Floats, names: Sequence[str], abundances: NDArray[Any]) -> Agreement:
    """Compare an unmixing with the truth that a scene has.

    Materials are matched by the angles of their spectra where true ones are known; else by their names where all true
    ones are among those found; else so that abundances agree best, which flatters.

    Args:
        scene: with a truth.
        spectra: (P, bands) found, NaN in bands that were not used.
        names: of what was found.
        abundances: (P, rows, cols); with one more than there are spectra the last is shade. Where the truth is that of
            larger cells their means are compared.
    """
    if scene.truth_cells is not None:
        abundances = scene.truth_cells.means(abundances)
    if len(abundances) > len(names):
        spectra, names = np.concatenate([spectra, np.full((1, spectra.shape[1]), np.nan)]), [*names, SHADE]
    truth = scene.truth_abundances
    if scene.truth_spectra is not None:
        figures = per_material(scene.truth_spectra, spectra, truth, None if truth is None else abundances)
        by = "spectra"
    else:
        assert truth is not None
        lower = [name.lower() for name in names]
        known = [name.lower() for name in scene.materials]
        by = "names" if set(known) <= set(lower) else "abundances"
        matched = (
            np.array([lower.index(name) for name in known])
            if by == "names"
            else match_endmembers(_apart(truth, abundances))
        )
        mse = np.nanmean(np.square(truth - matched_abundances(abundances, matched)).reshape(len(truth), -1), axis=1)
        figures = PerMaterial(matched, np.full(len(truth), np.nan), mse)
    metrics = unmixing_scores(figures)
    if truth is not None:
        metrics["mae"] = float(np.nanmean(np.abs(truth - matched_abundances(abundances, figures.found))))
    return Agreement(metrics, figures, by)


def on_all_bands(library: SpectralLibrary, cube: Cube) -> NDArray[np.float64]:
    """Spectra (n, bands) of a library on the used bands as spectra on all bands of a scene, NaN in the others."""
    spread = np.full((len(library), cube.shape[0]), np.nan)
    if library.numbered or cube.wavelengths is None:
        places = cube.used if len(cube.used) == library.spectra.shape[1] else np.arange(library.spectra.shape[1])
    else:
        places = np.abs(cube.wavelengths[None] - library.wavelengths[:, None]).argmin(axis=1)
    spread[:, places] = library.spectra
    return spread


def by_material(spectra: NDArray[np.float64], library: SpectralLibrary) -> tuple[NDArray[np.float64], list[str]]:
    """The mean spectrum (materials, bands) of each group of a library, and its name."""
    groups = library.groups or library.names
    names = list(dict.fromkeys(groups))
    members = [[index for index, group in enumerate(groups) if group == name] for name in names]
    return np.stack([spectra[own].mean(axis=0) for own in members]), names


def matched_abundances(abundances: NDArray[Any], found: NDArray[np.intp]) -> Floats:
    """Abundances (K, rows, cols) of what each material is matched with, 0 where nothing was left."""
    taken = np.asarray(abundances, dtype=np.float64)[found]
    taken[found == NOT_FOUND] = 0.0
    return taken


def _apart(truth: Floats, abundances: NDArray[Any]) -> Floats:
    """Mean squared differences (K, P) of abundances."""
    return np.array([[np.nanmean(np.square(true - found)) for found in abundances] for true in truth])

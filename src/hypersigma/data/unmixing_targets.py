"""Pieces of ground of known area in a scene to be unmixed, and how much of their material is found there and elsewhere.

Which share of each pixel a small target has is not known, but its area is: that of its material's abundances, summed
over all pixels that hold a part of it (Cerra et al., "DLR HySU - A Benchmark Dataset for Spectral Unmixing", 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.metrics import roc

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class KnownTarget:
    """A piece of ground of one material.

    Attributes:
        material: index of its material among the true ones of the scene.
        mask: (rows, cols) all pixels that hold a part of it, the mixed ones of its edge too.
        area: in pixels.
        kind: a word that like targets share, such as their size, to tell their figures apart.
    """

    material: int
    mask: Mask
    area: float
    kind: str


def target_figures(targets: Sequence[KnownTarget], truth: Floats, shares: Floats) -> dict[str, float]:
    """Figures of the materials that targets are of, by short name.

    - area, area_KIND: sum of the absolute errors of the targets' areas over the sum of their areas, of all targets and
      of those of a kind.
    - auc: area under the ROC of a material's abundances against the masks of its targets, mean over the materials.
    - inside: mean absolute error of a material's abundances where the truth is 1, mean over the materials.
    - outside: mean absolute abundance of the materials in pixels that no target reaches.

    Args:
        targets: at least one.
        truth: (K, rows, cols) true abundances, NaN where they are not known; of each material that has a target some
            are 1.
        shares: (K, rows, cols) abundances of what was found for each material, NaN where there are none.
    """
    figures = _area_errors(targets, shares)
    materials = sorted({target.material for target in targets})
    known = np.isfinite(truth).all(axis=0) & np.isfinite(shares).all(axis=0)
    elsewhere = known & ~np.any([target.mask for target in targets], axis=0)
    areas, errors = [], []
    for material in materials:
        own = np.any([target.mask for target in targets if target.material == material], axis=0)
        areas.append(roc(shares[material], own).area())
        errors.append(np.abs(1.0 - shares[material, known & (truth[material] == 1.0)]).mean())
    return figures | {
        "auc": float(np.mean(areas)),
        "inside": float(np.mean(errors)),
        "outside": float(np.abs(shares[materials][:, elsewhere]).mean()),
    }


def _area_errors(targets: Sequence[KnownTarget], shares: Floats) -> dict[str, float]:
    """Errors of areas over areas, of all targets and of each kind."""
    errors = np.array([abs(np.nansum(shares[one.material, one.mask]) - one.area) for one in targets])
    areas = np.array([one.area for one in targets])
    figures = {"area": float(errors.sum() / areas.sum())}
    for kind in dict.fromkeys(one.kind for one in targets):
        own = np.array([one.kind == kind for one in targets])
        figures[f"area_{kind}"] = float(errors[own].sum() / areas[own].sum())
    return figures

"""Figures of several scenes of one trial: their means, and those of each by its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np


def mean_figures(
    names: Sequence[str], figures: Sequence[Mapping[str, float]], of_each: Collection[str]
) -> dict[str, float]:
    """The means over scenes of what all of them have, and of several scenes some figures of each.

    Args:
        names: of the scenes.
        figures: of each scene by short name, one scene at least.
        of_each: those that are told of each scene of several, as `<figure>_<scene>`.
    """
    shared = set(figures[0]).intersection(*figures[1:])
    means = {key: float(np.mean([found[key] for found in figures])) for key in figures[0] if key in shared}
    return means | (figures_of_each(names, figures, of_each) if len(figures) > 1 else {})


def figures_of_each(
    names: Sequence[str], figures: Sequence[Mapping[str, float]], of_each: Collection[str]
) -> dict[str, float]:
    """Some figures of each scene, as `<figure>_<scene>`."""
    told = zip(names, figures, strict=True)
    return {f"{key}_{name}": found[key] for name, found in told for key in of_each if key in found}

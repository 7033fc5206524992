"""Gram-Schmidt sharpening: the intensity is the mean of the bands."""

from __future__ import annotations

import numpy as np

from hypersigma.baselines._substitution import ComponentSubstitution, Floats

TASK = "super_resolution"


class GramSchmidt(ComponentSubstitution):
    """The mean of the bands of a group is exchanged for the companion's band, mean and deviation made alike.

    Source: Laben and Brower, "Process for enhancing the spatial resolution of multispectral imagery using
    pan-sharpening", US patent 6,011,875, 2000.
    """

    def intensity(self, bands: Floats, pan: Floats) -> tuple[float, Floats]:
        mean = bands.mean(axis=0)
        deviation = float(mean.std())
        stretch = float(pan.std()) / deviation if deviation > 0 else 0.0
        return float(pan.mean() - stretch * mean.mean()), np.full(len(bands), stretch / len(bands))


METHOD = GramSchmidt()

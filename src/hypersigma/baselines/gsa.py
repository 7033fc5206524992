"""Adaptive Gram-Schmidt sharpening: the intensity is what the bands tell of the companion."""

from __future__ import annotations

import numpy as np

from hypersigma.baselines._substitution import ComponentSubstitution, Floats

TASK = "super_resolution"


class AdaptiveGramSchmidt(ComponentSubstitution):
    """The regression, with a constant, of the coarse companion's band on the bands of a group is exchanged for it.

    Source: Aiazzi, Baronti and Selva, "Improving component substitution pansharpening through multivariate regression
    of MS + Pan data", IEEE TGRS 45(10), 2007.
    """

    def intensity(self, bands: Floats, pan: Floats) -> tuple[float, Floats]:
        means = bands.mean(axis=1)
        weights = np.linalg.lstsq((bands - means[:, None]).T, pan - pan.mean(), rcond=None)[0]
        return float(pan.mean() - weights @ means), weights


METHOD = AdaptiveGramSchmidt()

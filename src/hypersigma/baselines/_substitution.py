"""Component substitution: an intensity of the scene's bands is exchanged for a sharp band of the companion."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._sharpener import Fusion
from hypersigma.data.sharpened_maps import Image
from hypersigma.data.sharpening import Match, filled

Floats = NDArray[np.float64]

_TINY = np.finfo(np.float64).tiny


class ComponentSubstitution(Fusion):
    """Each band of the scene gets the detail of one band P of the companion, that it is most correlated with.

    The bands that go with the same P make up a group, which is sharpened as by a panchromatic image; so companions of
    several bands are used in the comparison of Yokoya, Grohnfeldt and Chanussot ("Hyperspectral and multispectral data
    fusion", IEEE GRSM 5(2), 2017). With I the intensity of the group in the unit of P, a band x becomes

        x + cov(x, I) / var(I) (P - I),

    x and I interpolated, and the statistics those of the scene's own pixels.
    """

    @abstractmethod
    def intensity(self, bands: Floats, pan: Floats) -> tuple[float, Floats]:
        """The intensity of a group as a constant, and the weight of each band (num,).

        Args:
            bands: (num, n) of the scene's pixels.
            pan: (n,) the companion's band as the scene's pixels see it.
        """

    def combined(self, match: Match, seed: int) -> Image:
        fine = np.stack([match.onto(band) for band in filled(match.image)[0]])
        numbers, pans = (image[:, match.known].astype(np.float64) for image in (match.image, match.coarse))
        best = _correlations(numbers, pans).argmax(axis=1)
        for chosen in np.unique(best):
            group = np.flatnonzero(best == chosen)
            constant, weights = self.intensity(numbers[group], pans[chosen])
            seen = weights @ numbers[group]
            seen -= seen.mean()
            gains = numbers[group] @ seen / max(float(seen @ seen), _TINY)
            detail = match.sharp[chosen] - constant - np.tensordot(weights, fine[group], axes=1)
            fine[group] += (gains[:, None, None] * detail).astype(np.float32)
        return fine


def _correlations(numbers: Floats, pans: Floats) -> Floats:
    """Pearson's correlation (bands, companion bands) of bands (bands, n) and (companion bands, n); 0 of constants."""
    centred = [each - each.mean(axis=1, keepdims=True) for each in (numbers, pans)]
    one, other = (each / np.maximum(np.linalg.norm(each, axis=1, keepdims=True), _TINY) for each in centred)
    found: Floats = one @ other.T
    return found

"""Hypersharpening: each band of the scene as a linear function of the companion's bands."""

from __future__ import annotations

from hypersigma.baselines._sharpener import Fusion
from hypersigma.data.sharpened_maps import Image
from hypersigma.data.sharpening import Match

TASK = "super_resolution"


class Hypersharpening(Fusion):
    """The regression of each band on the companion as the scene's pixels see it, and what it leaves, interpolated.

    Source: Selva, Aiazzi, Butera, Chiarantini and Baronti, "Hyper-sharpening: a first approach on SIM-GA data", IEEE
    JSTARS 8(6), 2015 (the synthesised band, with additive detail).
    """

    def combined(self, match: Match, seed: int) -> Image:
        fine = match.regressed()
        for band, left in zip(fine, match.residual, strict=True):
            band += match.onto(left)
        return fine


METHOD = Hypersharpening()

"""Every band for itself: non-local means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._denoiser import Image
from hypersigma.baselines._means import NonLocalMeans
from hypersigma.data.noise_level import noise_deviations

TASK = "denoising"


@dataclass(frozen=True, kw_only=True)
class BandMeans(NonLocalMeans):
    """Non-local means of each band, whose noise a mask tells that takes out planes (Immerkaer, 1996)."""

    def cleaned(self, image: Image) -> Image:
        return np.stack([self.averaged(band, float(noise_deviations(band[None])[0])) for band in image])


METHOD = BandMeans()

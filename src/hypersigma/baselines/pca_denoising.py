"""Principal components: those that noise alone would not have are kept as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._denoiser import Denoiser, Image, principal

TASK = "denoising"


@dataclass(frozen=True, kw_only=True)
class PrincipalComponents(Denoiser):
    """A projection on the components whose variance is above the edge of Marchenko and Pastur."""

    def cleaned(self, image: Image) -> Image:
        mean, vectors, _, num = principal(image)
        own = vectors[:, :num]
        flat = own @ (own.T @ (image.reshape(len(image), -1) - mean)) + mean
        return flat.reshape(image.shape).astype(np.float32)


METHOD = PrincipalComponents()

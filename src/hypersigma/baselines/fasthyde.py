"""Principal components, the image of each cleaned by non-local means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._denoiser import Image, principal
from hypersigma.baselines._means import NonLocalMeans

TASK = "denoising"


@dataclass(frozen=True, kw_only=True)
class FastHyDe(NonLocalMeans):
    """FastHyDe (Zhuang and Bioucas-Dias, 2018) with non-local means in place of BM3D."""

    def cleaned(self, image: Image) -> Image:
        mean, vectors, sigma, num = principal(image)
        own = vectors[:, :num]
        images = (own.T @ (image.reshape(len(image), -1) - mean)).reshape(num, *image.shape[1:])
        clean = np.stack([self.averaged(one.astype(np.float32), sigma) for one in images])
        return (own @ clean.reshape(num, -1) + mean).reshape(image.shape).astype(np.float32)


METHOD = FastHyDe()

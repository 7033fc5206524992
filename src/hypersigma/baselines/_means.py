"""Non-local means of single images, for denoisers that clean one image after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._denoiser import Denoiser, Image


@dataclass(frozen=True, kw_only=True)
class NonLocalMeans(Denoiser):
    """Means of pixels whose surroundings are alike (Buades, Coll and Morel, 2005), by scikit-image.

    Attributes:
        patch: side of the surroundings in pixels.
        reach: pixels each way in which like ones are looked for.
        strength: over the deviation of the noise.
    """

    patch: int = 5
    reach: int = 10
    strength: float = 0.7

    def averaged(self, image: Image, sigma: float) -> Image:
        """An image (rows, cols) with noise of a deviation, without it."""
        from skimage.restoration import denoise_nl_means

        if not sigma > 0:
            return image
        found: Image = denoise_nl_means(
            image, patch_size=self.patch, patch_distance=self.reach, h=self.strength * sigma, sigma=sigma
        )
        # images one pixel wide come back as lines
        return found.reshape(image.shape).astype(np.float32)

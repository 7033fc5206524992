"""Low rank and sparse: spectra of few directions, and single numbers that are far off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypersigma.baselines._denoiser import Denoiser, Image, principal
from hypersigma.errors import ConfigError

TASK = "denoising"


@dataclass(frozen=True, kw_only=True)
class RobustComponents(Denoiser):
    """Low rank, sparse and noise in turns (GoDec, Zhou and Tao, 2011, with a threshold for what is sparse).

    Attributes:
        threshold: of a number that is far off, in deviations of what is left of its band.
        rounds: of the alternation.
    """

    threshold: float = 3.0
    rounds: int = 15

    def __post_init__(self) -> None:
        if not self.threshold > 0 or self.rounds < 1:
            raise ConfigError(f"threshold and rounds are {self.threshold} and {self.rounds}; expected above 0")

    def cleaned(self, image: Image) -> Image:
        sparse, low = np.zeros_like(image), image
        for _ in range(self.rounds):
            mean, vectors, _, num = principal(image - sparse)
            own = vectors[:, :num]
            flat = (image - sparse).reshape(len(image), -1)
            low = (own @ (own.T @ (flat - mean)) + mean).reshape(image.shape).astype(np.float32)
            left = image - low
            level = 1.4826 * np.median(np.abs(left), axis=(1, 2), keepdims=True)
            sparse = np.where(np.abs(left) > self.threshold * level, left, 0.0).astype(np.float32)
        return low


METHOD = RobustComponents()

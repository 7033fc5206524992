"""Kernel RX: RX in the feature space of a Gaussian kernel, where background need not be one cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._detector import Array, Learned, PixelDetector, View
from hypersigma.baselines._kernel_rx import kernel_rx, learn_kernel
from hypersigma.errors import ConfigError

TASK = "anomaly_detection"


@dataclass(frozen=True, kw_only=True)
class KernelRX(PixelDetector):
    """RX against background samples drawn at random, in kernel space (Kwon and Nasrabadi, 2005).

    Attributes:
        num_samples: pixels that stand for the background.
        width: of the kernel in the scene's units; None for the median distance of two samples.
    """

    num_samples: int = 400
    width: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_samples < 3 or (self.width is not None and self.width <= 0):
            raise ConfigError(
                f"num_samples ({self.num_samples}) must be at least 3 and width ({self.width}) above 0, or null"
            )

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        pixels = np.concatenate([view.pixels(window) for window in view.sampled()], axis=1)
        chosen = np.random.default_rng(seed).permutation(pixels.shape[1])[: self.num_samples]
        return learn_kernel(pixels[:, chosen].T, self.width), []

    def pixel_scores(self, learned: Learned, spectra: Array) -> NDArray[Any]:
        return kernel_rx(learned, spectra.T)


METHOD = KernelRX()

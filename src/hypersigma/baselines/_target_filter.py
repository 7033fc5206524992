"""Detectors that look for a target in a background that is whitened."""

from __future__ import annotations

from dataclasses import dataclass

from hypersigma.baselines._background import learn_whitening
from hypersigma.baselines._detector import Learned, PixelDetector, View
from hypersigma.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class TargetFilter(PixelDetector):
    """The base of matched filter and coherence.

    Attributes:
        loading: share of the mean variance put on the diagonal of the covariance.
        cleaned: share of the pixels, those most like the target, that background statistics leave out.
    """

    loading: float = 1e-3
    cleaned: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loading < 0 or not 0 <= self.cleaned < 1:
            raise ConfigError(
                f"loading ({self.loading}) must be 0 or more, cleaned ({self.cleaned}) at least 0 and below 1"
            )

    def learn(self, view: View, seed: int) -> tuple[Learned, list[str]]:
        return learn_whitening(view, loading=self.loading, cleaned=self.cleaned)

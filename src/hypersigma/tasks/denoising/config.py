"""Every choice of a denoising."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig
from hypersigma.errors import ConfigError
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks._encoder_config import SquaresConfig


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig(SquaresConfig, StoredNumbers):
    """Settings of a denoising, beside those of `SquaresConfig` and how the result is stored.

    Attributes:
        mode: "frozen", the subspace of the scene's spectra, where nothing is trained; or "trained", a network corrects
            that, which learns on the denoised scene with noise drawn anew.
        subspace: how it is found and cleaned.
        draws: of that noise, and of the noise by which is told how much of what was learned holds.
    """

    subspace: SubspaceDenoisingConfig = field(default_factory=SubspaceDenoisingConfig)
    draws: int = 2
    training: TrainingConfig = field(default_factory=lambda: TrainingConfig(steps=60))
    crops_per_batch: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.draws < 1:
            raise ConfigError(f"draws are {self.draws}; expected at least 1")

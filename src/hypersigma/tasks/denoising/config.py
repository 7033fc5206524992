"""Every choice of a denoising."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig
from hypersigma.errors import ConfigError
from hypersigma.tasks._encoder_config import SquaresConfig


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig(SquaresConfig, StoredNumbers):
    """Settings of a denoising, beside those of `SquaresConfig` and how the result is stored.

    Attributes:
        mode: "frozen", the subspace of the scene's spectra, where nothing is trained; or "trained", a network corrects
            that, which learns on the scene itself with noise added to it.
        subspace: how it is found and cleaned.
        added_noise: deviation of that noise over the scene's own.
        draws: of that noise, for each part that is learned on.
    """

    subspace: SubspaceDenoisingConfig = field(default_factory=SubspaceDenoisingConfig)
    added_noise: float = 0.5
    draws: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.added_noise <= 0 or self.draws < 1:
            raise ConfigError(
                f"added_noise is {self.added_noise} and draws are {self.draws}; expected a number above 0 and at least "
                "one"
            )

"""Every choice of a denoising."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig(StoredNumbers):
    """Settings of a denoising, beside how the result is stored.

    Attributes:
        mode: "frozen", the subspace of the scene's spectra, where nothing is trained.
        subspace: how it is found and cleaned.
    """

    mode: Literal["frozen"] = "frozen"
    subspace: SubspaceDenoisingConfig = field(default_factory=SubspaceDenoisingConfig)

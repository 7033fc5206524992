"""Every choice of a denoising."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig:
    """Settings of a denoising.

    Attributes:
        mode: "frozen", the subspace of the scene's spectra, where nothing is trained.
        subspace: how it is found and cleaned.
        whole: whether a scene of whole numbers comes out as such, rounded, in its own type.
    """

    mode: Literal["frozen"] = "frozen"
    subspace: SubspaceDenoisingConfig = field(default_factory=SubspaceDenoisingConfig)
    whole: bool = True

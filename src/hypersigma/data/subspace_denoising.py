"""A scene freed from noise in the few directions that its spectra vary in, without any training.

Band by band little can be told from noise; all bands together lie in a subspace of a few directions, into which most of
the noise does not reach, and the image of each direction can be cleaned like a photograph (FastHyDe; Zhuang and
Bioucas-Dias, 2018).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.patch_filter import PatchFilterConfig, filtered
from hypersigma.data.spectral_subspace import fit_subspace
from hypersigma.errors import ConfigError

# Non-local means as usual: patches of 5 pixels, looked for 10 pixels away, and 0.7 deviations of strength.
_PATCH, _REACH, _STRENGTH = 5, 10, 0.7


@dataclass(frozen=True, kw_only=True)
class SubspaceDenoisingConfig:
    """How a scene is denoised in its subspace.

    Attributes:
        rank: number of directions; None finds it.
        cleaning: of the image of each direction: "none", "means" (non-local means), or "groups", which goes on from
            those with a filter of groups of like patches in all directions at once.
        rounds: how often that filter runs, each time with the cleaner image of the time before.
        patches: how it groups.
    """

    rank: int | None = None
    cleaning: Literal["none", "means", "groups"] = "groups"
    rounds: int = 2
    patches: PatchFilterConfig = field(default_factory=PatchFilterConfig)

    def __post_init__(self) -> None:
        if self.rank is not None and self.rank < 1:
            raise ConfigError(f"the rank is {self.rank}; expected at least 1, or null to find it")
        if self.rounds < 1:
            raise ConfigError(f"rounds are {self.rounds}; expected at least 1")


@dataclass(frozen=True, kw_only=True, eq=False)
class Denoised:
    """A denoised scene, and what noise was found.

    Attributes:
        image: (bands, rows, cols).
        deviations: (bands,) standard deviation of the noise of each band; 0 for constant bands, NaN for empty ones,
            both of which are left as they are.
        rank: directions of the subspace.
    """

    image: NDArray[np.float32]
    deviations: NDArray[np.float64]
    rank: int


def denoised(image: NDArray[Any], config: SubspaceDenoisingConfig | None = None) -> Denoised:
    """A scene without its Gaussian noise, which may differ from band to band; nothing about it need be known.

    Pixels that lack a number in some bands are left as they are.

    Args:
        image: (bands, rows, cols), in any unit.
        config: how; None for the defaults.

    Raises:
        InputError: the image is not (bands, rows, cols), too few pixels have numbers, or no band varies.
    """
    config = config or SubspaceDenoisingConfig()
    subspace = fit_subspace(image, config.rank)
    coefficients = subspace.coefficients(image)
    if config.cleaning != "none":
        clean = _non_local_means(coefficients)
        for _ in range(config.rounds if config.cleaning == "groups" else 0):
            clean = filtered(coefficients, clean, config.patches)
        coefficients = clean
    result = np.array(image, dtype=np.float32)
    subspace.restore(result, coefficients)
    return Denoised(image=result, deviations=subspace.deviations, rank=len(subspace.vectors))


def _non_local_means(coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each image (rows, cols) cleaned by itself; its noise has unit variance."""
    from skimage.restoration import denoise_nl_means

    cleaned = [
        denoise_nl_means(image, patch_size=_PATCH, patch_distance=_REACH, h=_STRENGTH, sigma=1.0, fast_mode=True)
        for image in coefficients
    ]
    # Images one pixel wide come back as lines.
    return np.stack(cleaned).reshape(coefficients.shape).astype(np.float32)

"""A scene freed from noise in the few directions that its spectra vary in, without any training.

Band by band little can be told from noise; all bands together lie in a subspace of a few directions, into which most of
the noise does not reach, and the image of each direction can be cleaned like a photograph (FastHyDe; Zhuang and
Bioucas-Dias, 2018). What is found of a scene is found once; then any window of it can be denoised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.faults import Read
from hypersigma.data.patch_filter import PatchFilterConfig, filtered
from hypersigma.data.polished import polished
from hypersigma.data.scene_model import SceneModel, find_model
from hypersigma.errors import ConfigError, InputError

Image = NDArray[np.float32]

# Non-local means as usual: patches of 5 pixels, looked for 10 pixels away, and 0.7 deviations of strength.
_PATCH, _REACH, _STRENGTH = 5, 10, 0.7


@dataclass(frozen=True, kw_only=True)
class SubspaceDenoisingConfig:
    """How a scene is denoised in its subspace.

    Attributes:
        rank: number of directions; None finds it.
        cleaning: of the image of each direction: "none"; "means" (non-local means); "groups", which goes on from those
            with a filter of groups of like patches in all directions at once; or "learned", which polishes what that
            made with a small network that learned on other scenes.
        rounds: how often that filter runs, each time with the cleaner image of the time before.
        patches: how it groups.
    """

    rank: int | None = None
    cleaning: Literal["none", "means", "groups", "learned"] = "learned"
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
    """A whole scene without its noise; nothing about it need be known.

    Noise is Gaussian, of another level in every band, and impulses, stripes and dead columns, which differ from band
    to band. Pixels that lack a number in some bands are left as they are.

    Args:
        image: (bands, rows, cols), in any unit.
        config: how; None for the defaults.

    Raises:
        InputError: the image is not (bands, rows, cols), too few pixels have numbers, or no band varies.
    """
    config = config or SubspaceDenoisingConfig()
    if image.ndim != 3:
        raise InputError(f"scenes (bands, rows, cols) are denoised, found shape {image.shape}")
    model = found_model(lambda window: np.array(image[:, *window.slices], dtype=np.float32), image.shape, config)
    result = np.array(image, dtype=np.float32)
    model.subspace.restore(result, cleaned(result, 0, model, config))
    return Denoised(image=result, deviations=model.subspace.deviations, rank=len(model.subspace.vectors))


def found_model(read: Read, shape: tuple[int, ...], config: SubspaceDenoisingConfig) -> SceneModel:
    """What a scene (bands, rows, cols) is made of; see `find_model`."""
    bands, rows, cols = shape
    return find_model(read, (bands, rows, cols), lambda image: in_groups(image, config, 1), config.rank)


def cleaned(
    image: NDArray[np.float32],
    col: int,
    model: SceneModel,
    config: SubspaceDenoisingConfig,
    better: Callable[[Image, Image], Image] | None = None,
) -> Image:
    """Coefficients (directions, rows, cols) of a part (bands, rows, cols) of a scene, whose first column is `col`.

    Args:
        image: the part.
        col: its first column.
        model: of the scene.
        config: how it is cleaned.
        better: makes of images with noise and of what cleaning made of them better ones; None leaves these.
    """

    def clean(noisy: Image) -> Image:
        found = cleaned_images(noisy, config)
        return found if better is None else better(noisy, found)

    return model.cleaned(model.part(image, col), clean)


def cleaned_images(noisy: Image, config: SubspaceDenoisingConfig) -> Image:
    """Images (directions, rows, cols) of noise with unit variance, cleaned as the settings say."""
    found = in_groups(noisy, config, config.rounds)
    return polished(noisy, found) if config.cleaning == "learned" else found


def in_groups(noisy: Image, config: SubspaceDenoisingConfig, rounds: int) -> Image:
    """Images (directions, rows, cols) of noise with unit variance, filtered as the settings say, and not polished."""
    if config.cleaning == "none":
        return noisy
    clean = _non_local_means(noisy)
    for _ in range(0 if config.cleaning == "means" else rounds):
        clean = filtered(noisy, clean, config.patches)
    return clean


def _non_local_means(coefficients: Image) -> Image:
    """Each image (rows, cols) cleaned by itself; its noise has unit variance."""
    from skimage.restoration import denoise_nl_means

    cleaned = [
        denoise_nl_means(image, patch_size=_PATCH, patch_distance=_REACH, h=_STRENGTH, sigma=1.0, fast_mode=True)
        for image in coefficients
    ]
    # Images one pixel wide come back as lines.
    return np.stack(cleaned).reshape(coefficients.shape).astype(np.float32)

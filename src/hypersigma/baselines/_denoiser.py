"""What classical denoisers share: any scene tile by tile, its layers, and the outer door.

Each learns of a scene what its tile tells; nothing is kept but its settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._settings import Kept, load_kept
from hypersigma.cube import Cube
from hypersigma.data.denoised_maps import Told, denoised_arrays, denoised_layers, told_of
from hypersigma.data.method import Tiling
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.data.threads import one_thread
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tiling import Window

Image = NDArray[np.float32]

_TILE, _OVERLAP = 256, 16  # pixels


@dataclass(frozen=True, kw_only=True)
class Denoiser(StoredNumbers):
    """A way to denoise: the base of the files of this folder that have one."""

    def cleaned(self, image: Image) -> Image:
        """An image (bands, rows, cols) of finite numbers without its noise."""
        raise NotImplementedError

    def fit(self, inputs: Sequence[Any], seed: int) -> FittedDenoiser:
        """The denoiser of some scenes; nothing is learned before a tile is seen, and nothing drawn."""
        return FittedDenoiser(method=self)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedDenoiser:
    """A classical denoiser that any scene goes through.

    Attributes:
        method: its settings.
        told: what the layers of the scene that was denoised last say.
    """

    method: Denoiser
    told: list[Told] = field(default_factory=list, repr=False)

    @property
    def tiling(self) -> Tiling:
        return Tiling(tile=_TILE, overlap=_OVERLAP)

    def predict(self, cube: Cube, window: Window) -> Image:
        """The denoised window (bands, h, w); NaN where a pixel lacks a number."""
        image = cube.read(window)
        known = np.isfinite(image).all(axis=0)
        if not known.any():
            return np.full_like(image, np.nan)
        mean = image[:, known].mean(axis=1, dtype=np.float64).astype(np.float32)
        with one_thread():
            result = self.method.cleaned(np.where(known, image, mean[:, None, None]))
        result[:, ~known] = np.nan
        return result

    def finish(self, quantities: Image, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """The denoised window, what was taken out, and the angle; pixels that lack a number stay as they are."""
        self.told[:] = [told_of(cube, self.method.storage(cube))]
        before = cube.read(window)
        return denoised_arrays(before, np.where(np.isfinite(quantities), quantities, before), self.told[0].storage)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        return denoised_layers(arrays, georef, self.told[0])

    def save(self, folder: Path) -> None:
        """Write the settings as YAML into a folder."""
        Kept(method=self.method).save(folder, "denoising")


def load(folder: Path) -> FittedDenoiser:
    """A denoiser that was saved into a folder.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the description names no denoiser.
    """
    return FittedDenoiser(method=load_kept(folder, Denoiser).method)


def principal(image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64], float, int]:
    """Mean (bands, 1), components (bands, bands) as columns, deviation of the noise, and how many are above it.

    The noise is that of the smallest variances, taken alike in all bands; its largest is the edge of Marchenko and
    Pastur.

    Raises:
        InputError: there are fewer than two pixels.
    """
    flat = image.reshape(len(image), -1).astype(np.float64)
    if flat.shape[1] < 2:
        raise InputError("a scene of a single pixel has no principal components; give a larger one")
    mean = flat.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(np.cov(flat).reshape(len(flat), -1))
    values, vectors = values[::-1], vectors[:, ::-1]
    edge, num = (1 + np.sqrt(len(flat) / flat.shape[1])) ** 2, 1
    for _ in range(len(flat)):
        level = max(float(values[num:].mean()), 0.0) if num < len(flat) else 0.0
        more = int(np.count_nonzero(values > edge * level))
        if more <= num or more >= len(flat):
            break
        num = more
    return mean, vectors, float(np.sqrt(level)), num

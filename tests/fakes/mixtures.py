"""Scenes mixed by code, of a few smooth spectra, with pure pixels and any light."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.products import SpectralLibrary

BANDS, ROWS, COLS, NUM = 24, 20, 22, 3
CENTRES = np.linspace(420.0, 2400.0, BANDS)


def spectra(num: int = NUM) -> NDArray[np.float64]:
    """Spectra (num, bands) of other shapes, between 0.1 and 0.7."""
    places = np.linspace(0.0, 1.0, BANDS)
    return np.stack([0.4 + 0.3 * np.sin((1.5 + index) * 2.0 * places + 1.7 * index) for index in range(num)])


def shares(num: int = NUM, seed: int = 0) -> NDArray[np.float64]:
    """Abundances (num, rows, cols): smooth, with a pure square of each material."""
    generator = np.random.default_rng(seed)
    rows, cols = np.mgrid[:ROWS, :COLS]
    waves = [
        np.sin(rows / (3.0 + index) + generator.uniform(0, 6)) + np.cos(cols / 4.0 + index) for index in range(num)
    ]
    found = np.exp(np.stack(waves))
    found /= found.sum(axis=0)
    for index in range(num):
        found[:, 1:6, 1 + 6 * index : 6 + 6 * index] = np.eye(num)[index][:, None, None]
    return found


def mixed(*, light: bool = False, noise: float = 0.002, holes: bool = False, num: int = NUM, **fields: Any) -> Cube:
    """A scene; with `light` each pixel has a brightness of its own, with `holes` some have no data."""
    generator = np.random.default_rng(7)
    image = np.tensordot(spectra(num).T, shares(num), axes=1)
    if light:
        image = image * generator.uniform(0.3, 1.2, size=(ROWS, COLS))
    image = (image + noise * generator.standard_normal(image.shape)).astype(np.float32)
    if holes:
        image[3, 0, 0], image[:, 5, 7] = np.nan, np.nan
    settings: dict[str, Any] = {"wavelengths": CENTRES, "quantity": "reflectance", "name": "mixed"}
    return Cube.from_array(image, **(settings | fields))


def scene(count: Any = NUM, **settings: Any) -> UnmixingScene:
    """A scene with its truth."""
    return UnmixingScene(mixed(**settings), count, None, shares(), spectra(), ("clay", "grass", "water"))


def library(**fields: Any) -> SpectralLibrary:
    """The spectra by name."""
    settings: dict[str, Any] = {
        "names": ("clay", "grass", "water"),
        "wavelengths": CENTRES,
        "spectra": spectra(),
        "quantity": "reflectance",
    }
    return SpectralLibrary(**(settings | fields))

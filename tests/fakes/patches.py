"""Scenes and crops to harvest, made by code: rough ground under a smooth spectrum, every patch another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat
from scipy.ndimage import gaussian_filter

from tests.fakes.envi import braces, write_envi

CENTRES = np.array([450.0, 560.0, 660.0, 780.0, 860.0, 1000.0, 1250.0, 1500.0, 1650.0, 2000.0, 2200.0, 2350.0])


def ground(rows: int, cols: int, seed: int = 0, bands: int = len(CENTRES)) -> NDArray[np.int16]:
    """Reflectance times 10000 (bands, rows, cols): brighter in the near infrared, so neither cloud nor water."""
    random = np.random.default_rng(seed)
    rough = np.maximum(1.0 + 3.0 * gaussian_filter(random.standard_normal((rows, cols)), 3), 0.3)
    spectrum = 600.0 + 1400.0 * np.linspace(0.0, 1.0, bands) ** 0.5
    noise = random.normal(0.0, 15.0, (bands, rows, cols))
    return np.clip(spectrum[:, None, None] * rough + noise, 1, 9000).astype(np.int16)


def write_ground(folder: Path, name: str, array: NDArray) -> Path:
    """A scene in UTM with wavelengths and scale; returns its header."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_envi(
        folder,
        array,
        data_name=f"{name}.img",
        header_name=f"{name}.hdr",
        wavelength=braces(CENTRES[: len(array)].tolist()),
        wavelength_units="Nanometers",
        reflectance_scale_factor="10000",
        map_info="{UTM, 1, 1, 400000, 5800000, 30, 30, 33, North, WGS-84}",
    )


def write_crop(folder: Path, name: str, bands: int = 175, dtype: str = "i2", seed: int = 0) -> Path:
    """A crop as HyperGlobal-450K holds them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    savemat(path, {"img": ground(64, 64, seed, bands).astype(dtype)})
    return path

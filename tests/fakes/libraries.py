"""Spectral libraries made by code: smooth spectra of made-up materials, as objects and as ENVI files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.products import SpectralLibrary
from tests.fakes.envi import braces, write_envi

GRID = np.arange(350.0, 2551.0, 10.0)


def smooth_spectra(count: int, wavelengths: NDArray = GRID, seed: int = 0) -> NDArray:
    """Spectra (count, bands) between 0.05 and 0.65, each of another shape."""
    generator = np.random.default_rng(seed)
    pitch, phase = generator.uniform(150.0, 600.0, size=(2, count, 1))
    return 0.35 + 0.3 * np.sin((wavelengths + 6 * phase) / pitch)


def smooth_library(count: int = 12, wavelengths: NDArray = GRID, **fields: object) -> SpectralLibrary:
    settings = {
        "names": tuple(f"material {index}" for index in range(count)),
        "wavelengths": wavelengths,
        "spectra": smooth_spectra(count, wavelengths),
        "quantity": "reflectance",
    }
    return SpectralLibrary(**(settings | fields))


def write_library(
    folder: Path, spectra: NDArray, wavelengths: Sequence[float] | NDArray, names: Sequence[str], **fields: str
) -> Path:
    """Write spectra (spectra, bands) as an ENVI spectral library; returns the header."""
    lines = {"file_type": "ENVI Spectral Library", "spectra_names": braces(names), "wavelength": braces(wavelengths)}
    return write_envi(folder, spectra[None], data_name="lab.sli", header_name="lab.hdr", **(lines | fields))

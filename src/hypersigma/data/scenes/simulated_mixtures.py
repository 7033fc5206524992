"""Simulated mixtures: 64 x 64 pixels of six minerals and grass of the USGS library, at 20, 30 and 40 dB.

The truth is exact: spectra are those of the library as AVIRIS sees them, mixed by smooth abundances, with white noise.
The library `s07_AV95_envi` (Clark et al., 2007, public domain) is not shipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.scenes import _unmixing
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.simulate.random_fields import random_fields
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary

TASK, PROTOCOLS = _unmixing.TASK, _unmixing.PROTOCOLS

RATIOS = (20, 30, 40)  # dB, signal to noise
_FILE = "s07_AV95_envi.sli"
_MATERIALS = (
    "Alunite GDS82",
    "Calcite WS272",
    "Kaolinite CM3",
    "Muscovite GDS107",
    "Nontronite NG-1.a  ",
    "Lawn_Grass",
)
_SIDE, _SIZE = 64, 24.0  # pixels; of the scene and of its patches
_SHARPNESS = 4.0  # of the patches: each material is almost pure somewhere


def load(root: Path | None = None) -> list[UnmixingScene]:
    """The scenes of seed 0, one a ratio.

    Args:
        root: the folder with the library, or one that holds it as `spectral_libraries`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    return _scenes(_library(root), 0)


def draw(protocol: str, seed: int) -> list[UnmixingScene]:
    """The scenes of a seed.

    Raises:
        InputError: there is no library.
    """
    return _scenes(_library(None), seed)


def _library(root: Path | None) -> SpectralLibrary:
    """The spectra that are mixed, measured in a laboratory over all bands."""
    path = folder_of("the USGS library", "spectral_libraries", (_FILE,), root) / _FILE
    library = read_library(path)
    complete: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(library.spectra), axis=1)
    chosen = []
    for name in _MATERIALS:
        found = [i for i, each in enumerate(library.names) if each.startswith(name) and complete[i]]
        if not found:
            raise InputError(f"{path}: no spectrum '{name} ...' without gaps; expected the USGS library of 2007")
        chosen.append(found[0])
    return library.select(chosen)


def _scenes(library: SpectralLibrary, seed: int) -> list[UnmixingScene]:
    generator = np.random.default_rng([seed, len(_MATERIALS)])
    fields = random_fields(generator, len(_MATERIALS), (_SIDE, _SIDE), 4.0, _SIZE)
    weights = np.exp(_SHARPNESS * fields.astype(np.float64))
    shares = weights / weights.sum(axis=0)
    pure = np.tensordot(library.spectra.T, shares, axes=1)
    scenes = []
    for ratio in RATIOS:
        deviation = np.sqrt(np.mean(np.square(pure)) / 10 ** (ratio / 10))
        noisy = (pure + deviation * generator.standard_normal(pure.shape)).astype(np.float32)
        cube = Cube.from_array(noisy, library.wavelengths, quantity="reflectance", name=f"snr_{ratio}")
        names = tuple(name.split()[0].lower() for name in library.names)
        scenes.append(UnmixingScene(cube, len(names), None, shares, library.spectra, names))
    return scenes

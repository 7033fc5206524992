"""A smooth scene on small pixels, what a coarser sensor sees of it, and a sharp companion of three bands."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.wald import WaldConfig, coarsened
from hypersigma.georef import Georef

BANDS, SIDE = 12, 96
WAVES = np.linspace(450.0, 2300.0, BANDS)
FINE = Georef((2.0, 0.0, 300000.0, 0.0, -2.0, 5000000.0), 'LOCAL_CS["here",UNIT["metre",1]]')


def truth(seed: int = 0) -> np.ndarray:
    """Reflectance (bands, rows, cols) of three materials whose shares vary over a few pixels."""
    generator = np.random.default_rng(seed)
    maps = ndimage.gaussian_filter(generator.standard_normal((3, SIDE, SIDE)), (0, 1.5, 1.5))
    maps /= maps.std(axis=(1, 2), keepdims=True)
    spectra = np.stack([np.sin(WAVES / 400.0 + phase) for phase in (0.0, 1.0, 2.2)])
    return (0.4 + 0.04 * np.einsum("kb,krc->brc", spectra, maps)).astype(np.float32)


def cube(array: np.ndarray, georef: Georef | None = FINE, name: str = "scene") -> Cube:
    waves = WAVES if len(array) == BANDS else None
    return Cube.from_array(array, waves, quantity="reflectance", georef=georef, name=name)


def coarse(scale: int, array: np.ndarray | None = None) -> Cube:
    """The scene on pixels so many times larger."""
    image = coarsened(truth() if array is None else array, WaldConfig(scale=scale))
    return cube(image, FINE.divided(1 / scale))


def companion(array: np.ndarray | None = None, georef: Georef | None = FINE) -> Cube:
    """Three bands on the small pixels, each a mean of four bands of the scene."""
    image = truth() if array is None else array
    return cube(image.reshape(3, 4, *image.shape[1:]).mean(axis=1), georef, "companion")

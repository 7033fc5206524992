"""A marine scene with an oil slick, made of measured spectra: for trying the search for oil before there is a scene.

    python -m hypersigma.data.simulate.marine LIBRARY.hdr FOLDER [SEED]

LIBRARY is an ENVI spectral library that holds the spectra named below, such as that of USGS splib07 for AVIRIS. FOLDER
gets scene.img with its header (160 x 200 pixels, reflectance) and truth.tif, above 0 where a tenth of a pixel or more
is oil. Emulsions of other thickness than the one that is looked for lie in streaks across the wind; between them are
glint, chlorophyll and foam.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.libraries import read_library
from hypersigma.data.simulate.random_fields import random_fields
from hypersigma.errors import HypersigmaError, InputError
from hypersigma.products import Layer, SpectralLibrary
from hypersigma.registry import suggestion
from hypersigma.writers import envi, geotiff

SEA = ("Seawater_Open_Ocean SW2", "Seawater_Coast_Chl SW1")
OIL = ("Oil60_Water40 DWH10-3 1.85mm", "Oil60_Water40 DWH10-3 0.5 mm", "Oil40_Water60 DWH10-3 8 mm")
SHAPE = (160, 200)
OILY = 0.1  # share of a pixel from which on the truth counts it


def named(library: SpectralLibrary, start: str) -> NDArray[np.float64]:
    """The spectrum (bands,) whose name begins so, gaps bridged.

    Raises:
        InputError: the library has none.
    """
    found = [index for index, name in enumerate(library.names) if name.startswith(start)]
    if not found:
        raise InputError(f"{library.name} has no spectrum '{start}...': {suggestion(start, list(library.names))}")
    spectrum = library.spectra[found[0]]
    known = np.isfinite(spectrum)
    bridged: NDArray[np.float64] = np.interp(library.wavelengths, library.wavelengths[known], spectrum[known])
    return bridged


def marine_scene(library: SpectralLibrary, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Reflectance (bands, rows, cols) and the share of oil (rows, cols)."""
    generator = np.random.default_rng(seed)
    water, chlorophyll, glint, slick, streaks = random_fields(generator, 5, SHAPE, 3.0, 40.0)
    kinds = random_fields(generator, len(OIL), SHAPE, 3.0, 25.0)
    green = 1 / (1 + np.exp(-2 * chlorophyll))
    sea = [named(library, name)[:, None, None] for name in SEA]
    background = (1 - green) * sea[0] + green * sea[1]
    # what the sun throws back from waves is grey, and rough at the scale of a pixel
    rough = np.abs(generator.standard_normal(SHAPE))
    background = background * (1 + 0.1 * water) + 0.01 * np.exp(0.5 * glint) * rough
    # streaks across the wind, inside the slick alone
    across = np.sin(np.add.outer(np.arange(SHAPE[0]) * 0.5, np.arange(SHAPE[1]) * 0.2) + 1.5 * streaks)
    share = np.clip(0.9 * (slick - 1.0), 0, 1) * np.clip(0.6 + across, 0, 1)
    weights = np.exp(2 * kinds)
    oil = np.tensordot(np.stack([named(library, name) for name in OIL], axis=1), weights / weights.sum(axis=0), axes=1)
    scene = (1 - share) * background + share * oil
    scene += 0.001 * generator.standard_normal(scene.shape)
    return scene.astype(np.float32), share.astype(np.float32)


def main(arguments: list[str]) -> None:
    """Write the scene and its truth."""
    if len(arguments) not in (2, 3):
        raise InputError(f"{len(arguments)} arguments; expected LIBRARY.hdr FOLDER [SEED]")
    library = read_library(arguments[0])
    folder = Path(arguments[1])
    scene, share = marine_scene(library, int(arguments[2]) if len(arguments) == 3 else 0)
    folder.mkdir(parents=True, exist_ok=True)
    layer = Layer(name="scene", array=scene, kind="cube", units="reflectance", wavelengths=library.wavelengths)
    envi.write(layer, folder / "scene.img")
    truth = Layer(name="truth", array=(share >= OILY).astype(np.uint8), kind="score")
    geotiff.write(truth, folder / "truth.tif")
    sys.stdout.write(f"{folder}: scene.img, truth.tif; {np.mean(share >= OILY):.1%} of the pixels hold oil\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except HypersigmaError as error:
        sys.exit(str(error))

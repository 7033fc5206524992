"""DLR HySU, unmixing: 42 x 26 pixels of 0.7 m with 25 square targets of five materials on grass, of known areas.

Data by the DLR (Cerra et al., 2021); the files are not shipped. The same ground three times: `blind`, unmixed into
seven endmembers that are found in it (the six materials of the library, and a white panel that lies there too); into
the spectra of the image library, each of which is a pixel of this very scene; into those of a field spectrometer.

Sides of the squares are 3, 2, 1, 0.5 and 0.25 m: the data set's readme names those of the first and the last two, and
the squares of the aerial photograph beside the scene are of these sizes. Pixels are pure that lie in the circle
inscribed into a square of 3 m, however it is turned; grass is pure off the masks and the panel; of all others no
abundance is known.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.scenes import _unmixing
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_libraries import library_on_scene
from hypersigma.data.unmixing_scores import by_material
from hypersigma.data.unmixing_targets import KnownTarget
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary
from hypersigma.readers import open_cube
from hypersigma.readers.matlab import MatlabFile

TASK, PROTOCOLS = _unmixing.TASK, _unmixing.PROTOCOLS

_IMAGE = "HySpex/full_hs/Full.tif"
_MASKS = "HySpex/all_targets_hs/TargetsROIs/masks.mat"
_LIBRARIES = {
    "image_library": "spectral_libraries/HySpex_library/DLR_HySU_HS_library_ASCII.txt",
    "field_library": "spectral_libraries/SVC_data/DLR_HySU_SVC_ASCII.txt",
}
# In the order of the masks, by words that both libraries have in their names; grass has no mask.
_MATERIALS = ("bitumen", "red metal", "blue fabric", "red fabric", "green fabric", "grass")
_SIDES = (3.0, 2.0, 1.0, 0.5, 0.25)  # metres, of the classes of size 1 to 5
_PIXEL = 0.7  # metres
_ROWS, _COLS = slice(21, 63), slice(40, 66)  # the lawn around the targets
_PANEL = slice(33, 37), slice(59, 62)  # a white panel that no library holds
_NUM_FOUND = 7


def load(root: Path | None = None) -> list[UnmixingScene]:
    """The ground with what it is unmixed into: endmembers found in it, the image library, the field library.

    Args:
        root: the folder, or one that holds it as `dlr_hysu`; the environment variable HYPERSIGMA_DATA by default.

    Raises:
        InputError: a file is missing, or is not that of the scene.
    """
    folder = folder_of("the files of HySU", "dlr_hysu", (_IMAGE, _MASKS, *_LIBRARIES.values()), root)
    cube = _cut(open_cube(folder / _IMAGE))
    file = MatlabFile.of(folder / _MASKS)
    masks, sizes = np.moveaxis(file.load("materials"), -1, 0) > 0, file.load("targetsROI")
    if len(masks) != len(_MATERIALS) - 1:
        raise InputError(f"{folder / _MASKS}: {len(masks)} masks; expected {len(_MATERIALS) - 1}, one a material")
    targets = _targets(masks, sizes)
    truth = _truth(masks, sizes)
    libraries = {
        name: library_on_scene(cube, _grouped(read_library(folder / table))) for name, table in _LIBRARIES.items()
    }
    image = libraries["image_library"]
    spectra, _ = by_material(image.spectra, image)
    blind = UnmixingScene(replace(cube, name="blind"), _NUM_FOUND, None, truth, spectra, _MATERIALS, targets)
    given = [
        UnmixingScene(replace(cube, name=name), None, library, truth, None, _MATERIALS, targets)
        for name, library in libraries.items()
    ]
    return [blind, *given]


def _cut(cube: Cube) -> Cube:
    """The lawn around the targets."""
    lawn = cube.read()[:, _ROWS, _COLS]
    cut = Cube.from_array(lawn, cube.wavelengths, cube.fwhm, quantity="reflectance")
    return replace(cut, sensor=cube.sensor)


def _grouped(library: SpectralLibrary) -> SpectralLibrary:
    """The library with the material of each spectrum as its group.

    Raises:
        InputError: a material has no spectrum, or a spectrum no material.
    """
    groups = tuple(next((word for word in _MATERIALS if word in name.lower()), "") for name in library.names)
    if tuple(dict.fromkeys(groups)) != _MATERIALS:
        raise InputError(f"{library.name}: spectra of {', '.join(library.names)}; expected {', '.join(_MATERIALS)}")
    return replace(library, groups=groups)


def _targets(masks: NDArray[np.bool_], sizes: NDArray[np.integer]) -> tuple[KnownTarget, ...]:
    """All targets, of masks (materials, rows, cols) and classes of size (rows, cols) of the whole image."""
    return tuple(
        KnownTarget(material, (mask & (sizes == size))[_ROWS, _COLS], (side / _PIXEL) ** 2, f"{side:g}_m")
        for material, mask in enumerate(masks)
        for size, side in enumerate(_SIDES, 1)
    )


def _truth(masks: NDArray[np.bool_], sizes: NDArray[np.integer]) -> NDArray[np.float64]:
    """Abundances (6, rows, cols): 1 and 0 where a pixel is pure, NaN elsewhere."""
    grass = ~(masks.any(axis=0) | (sizes > 0))
    grass[_PANEL] = False
    rows, cols = np.indices(sizes.shape)
    # a pixel lies in a circle where its corners do
    radius = _SIDES[0] / 2 / _PIXEL - np.sqrt(0.5)
    pure = []
    for mask in masks:
        places = np.argwhere(mask & (sizes == 1))
        row, col = places.mean(axis=0)
        pure.append(np.hypot(rows - row, cols - col) <= radius)
    only = np.stack([*pure, grass])
    return np.where(only.any(axis=0), only.astype(np.float64), np.nan)[:, _ROWS, _COLS]

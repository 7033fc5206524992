"""DLR HySU: HySpex over Oberpfaffenhofen, 4 June 2018, 86 x 123 pixels of 0.7 m; five materials laid out as targets.

Data by the DLR (Cerra et al., 2021); the files are not shipped. Spectra to look for are those of the image library
that comes with them, which is in the ten thousandths of the image; masks say where each material lies.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.detection import DetectionScene
from hypersigma.data.libraries import read_library
from hypersigma.data.scenes._detection import PUBLISHED, require_protocol
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.target_files import read_target
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.readers.matlab import MatlabFile

APPROXIMATE = False
PROTOCOLS = PUBLISHED
TASK = "target_detection"

_IMAGE = "HySpex/full_hs/Full.tif"
_LIBRARY = "spectral_libraries/HySpex_library/DLR_HySU_HS_library_ASCII.txt"
_MASKS = "HySpex/all_targets_hs/TargetsROIs/masks.mat"
# In the order of the masks, by their names in the library.
_MATERIALS = ("Bitumen", "Red Metal Sheets", "Blue Fabric", "Red Fabric", "Green Fabric")


def load(root: Path | None = None) -> list[DetectionScene]:
    """The scene five times, with the spectrum and the mask of each material, under the material's name.

    Args:
        root: the folder, or one that holds it as `dlr_hysu`; the environment variable HYPERSIGMA_DATA by default.

    Raises:
        InputError: a file is missing, or the masks are of another number.
    """
    folder = folder_of("the files of HySU", "dlr_hysu", (_IMAGE, _LIBRARY, _MASKS), root)
    cube, library = open_cube(folder / _IMAGE), read_library(folder / _LIBRARY)
    masks = np.moveaxis(MatlabFile.of(folder / _MASKS).load("materials"), -1, 0) > 0
    if len(masks) != len(_MATERIALS):
        raise InputError(f"{folder / _MASKS}: {len(masks)} masks; expected {len(_MATERIALS)}, one a material")
    scenes = []
    for material, mask in zip(_MATERIALS, masks, strict=True):
        named = replace(cube, name=material.lower().replace(" ", "_"))
        scenes.append(DetectionScene(named, mask, read_target(named, library, spectrum=material)))
    return scenes


def sizes(root: Path | None = None) -> NDArray[np.uint8]:
    """The class of size (rows, cols) of the target in each pixel: 1, the largest, to 5, the smallest; 0 elsewhere.

    Args:
        root: as of `load`.

    Raises:
        InputError: a file is missing.
    """
    folder = folder_of("the masks of HySU", "dlr_hysu", (_MASKS,), root)
    return MatlabFile.of(folder / _MASKS).load("targetsROI").astype(np.uint8)


def draw(protocol: str, seed: int) -> list[DetectionScene]:
    """The scenes of `load`, whatever the seed.

    Raises:
        ConfigError: there is no such protocol.
        InputError: a file is missing.
    """
    require_protocol(protocol, PROTOCOLS, "hysu")
    return load()

"""Jasper Ridge: AVIRIS, 100 x 100 pixels, 198 of 224 bands, four materials; the file `jasperRidge2_R198.mat`.

F. Zhu's set; the file is not shipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hypersigma.data.scenes import _unmixing
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.readers.matlab import MatlabFile

TASK, PROTOCOLS = _unmixing.TASK, _unmixing.PROTOCOLS

_FILE = "jasperRidge2_R198.mat"
_ALL_CENTRES = np.linspace(380.0, 2500.0, 224)
_MATERIALS = ("tree", "water", "dirt", "road")


def load(root: Path | None = None) -> list[UnmixingScene]:
    """The scene with its truth.

    Args:
        root: the folder with the file, or one that holds it as `jasper_ridge`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    path = folder_of("the file of Jasper Ridge", "jasper_ridge", (_FILE,), root) / _FILE
    file = MatlabFile.of(path)
    kept = np.ravel(file.load("SlectBands")).astype(int) - 1
    highest = float(np.ravel(file.load("maxValue"))[0])
    found = _unmixing.scene_of(
        path,
        "jasper_ridge",
        _ALL_CENTRES[kept],
        _MATERIALS,
        sensor="AVIRIS",
        abundances="A",
        endmembers="M",
        scale=1.0 / highest,
    )
    return [found]

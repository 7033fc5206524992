"""Samson: 95 x 95 pixels, 156 bands, three materials; the file `Samson.mat` of the usual benchmark of unmixing.

F. Zhu's set; the file is not shipped. The true spectra are each scaled to a maximum of 1, so that angles alone mean
something. What is tuned may be tuned here, with seeds from 100 up.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hypersigma.data.scenes import _unmixing
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.unmixing import UnmixingScene

TASK, PROTOCOLS = _unmixing.TASK, _unmixing.PROTOCOLS

_FILE = "Samson.mat"
_CENTRES = np.linspace(401.0, 889.0, 156)
_MATERIALS = ("soil", "tree", "water")


def load(root: Path | None = None) -> list[UnmixingScene]:
    """The scene with its truth.

    Args:
        root: the folder with the file, or one that holds it as `samson`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    path = folder_of("the file of Samson", "samson", (_FILE,), root) / _FILE
    found = _unmixing.scene_of(
        path, "samson", _CENTRES, _MATERIALS, sensor="SAMSON", abundances="S_GT", endmembers="GT"
    )
    return [found]

"""MUUFL Gulfport, unmixing: CASI-1500 over a campus, 90 x 90 pixels, 64 of 72 bands, five materials without names.

Data by P. Gader et al., University of Florida (REP-2013-570); the crop `muffle_dataset_130_90.mat` by Z. Han et al. is
not shipped. Of its two sets of endmembers `M` goes with the abundances: it leaves half as much of the image as `M1`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hypersigma.data.scenes import _unmixing
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.unmixing import UnmixingScene

TASK, PROTOCOLS = _unmixing.TASK, _unmixing.PROTOCOLS

_FILE = "muffle_dataset_130_90.mat"
# Nobody says which eight bands are left out; by custom four at either end.
_CENTRES = np.linspace(367.7, 1043.4, 72)[4:-4]


def load(root: Path | None = None) -> list[UnmixingScene]:
    """The scene with its truth.

    Args:
        root: the folder with the file, or one that holds it as `muufl_unmixing`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    path = folder_of("the unmixing crop of MUUFL", "muufl_unmixing", (_FILE,), root) / _FILE
    found = _unmixing.scene_of(
        path, "muufl_unmixing", _CENTRES, (), sensor="CASI-1500", abundances="label", endmembers="M"
    )
    return [found]

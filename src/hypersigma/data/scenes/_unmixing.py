"""What the benchmark scenes for unmixing share: nothing of a truth is given to a method, and everything is scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_truth import read_unmixing_truth
from hypersigma.readers import open_cube

TASK = "unmixing"
PROTOCOLS = {"none": SplitConfig(protocol="none")}

_APPROXIMATE = "wavelengths are approximate, as the file holds none"


def scene_of(
    path: Path,
    name: str,
    centres: NDArray[np.float64],
    materials: Sequence[str],
    *,
    sensor: str,
    abundances: str,
    endmembers: str,
    scale: float = 1.0,
) -> UnmixingScene:
    """The scene of a MATLAB file with the array `Y` and its truth.

    Args:
        path: the file.
        name: of the scene.
        centres: (bands,) nm, which the file does not hold.
        materials: names of those in the truth, or none.
        sensor: its name.
        abundances: name of the array of true abundances.
        endmembers: name of the array of true endmembers.
        scale: what the stored numbers are multiplied with.

    Raises:
        InputError: the file is damaged, or its arrays do not fit.
    """
    cube: Cube = open_cube(path, variable="Y", wavelengths=centres)
    cube = replace(cube, sensor=sensor, name=name, scale=scale, notes=(_APPROXIMATE,))
    truth = read_unmixing_truth(cube, path, abundances, endmembers)
    assert truth.spectra is not None
    return UnmixingScene(cube, len(truth.spectra), None, truth.abundances, truth.spectra, tuple(materials))

"""A truth that detections are scored by: a file or an array that is above 0 where there is something to find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_marks
from hypersigma.errors import InputError


def read_truth(cube: Cube, truth: Any, variable: str | None = None) -> NDArray[np.bool_] | None:
    """The truth (rows, cols) of a scene; None where none is given.

    Args:
        cube: the scene.
        truth: a raster, a MATLAB file or polygons; or an array (rows, cols); or None.
        variable: which array of a MATLAB file.

    Raises:
        InputError: it cannot be read, or is of another size than the scene.
    """
    if truth is None:
        return None
    if isinstance(truth, str | Path):
        return read_marks(Path(truth), cube, variable=variable, attribute=None).labels > 0
    array = np.asarray(truth)
    if array.shape != cube.shape[1:]:
        raise InputError(
            f"the truth has shape {array.shape}, {cube.name} {cube.shape[1]} rows x {cube.shape[2]} columns; "
            "give one of the scene's size"
        )
    return array > 0

"""The arrays of Indian Pines: 145 x 145 pixels, 200 of the 220 bands of AVIRIS, labels of 16 classes.

They come with the package tensorly (extra `demo`), so nothing is downloaded. Data by Purdue University (Baumgardner,
Biehl, Landgrebe); the form with 200 bands by the Computational Intelligence Group, EHU.
"""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError, MissingExtraError
from hypersigma.spectra import sensor_bands

# Bands of water vapour and noise that the 200-band form leaves out of 220, counted from one.
_REMOVED = (*range(104, 109), *range(150, 164), 220)
# Bands beyond the wavelength at which the first and second pair of overlapping detectors are cut.
_OVERLAPPING = (31, 32, 94, 95)


def read(root: Path | None = None) -> tuple[Cube, NDArray[np.int32]]:
    """The scene and its labels (rows, cols).

    Args:
        root: a folder with Indian_pines_corrected.npy and Indian_pines_gt.npy; the package's by default.

    Raises:
        MissingExtraError: tensorly is not installed and no folder is given.
        InputError: the folder lacks a file.
    """
    folder = _package_folder() if root is None else root
    paths = [folder / name for name in ("Indian_pines_corrected.npy", "Indian_pines_gt.npy")]
    for path in paths:
        if not path.is_file():
            raise InputError(f"Indian Pines: expected the file {path}, which does not exist")
    data, labels = (np.load(path, mmap_mode="r") for path in paths)
    kept = np.setdiff1d(np.arange(220), np.array(_REMOVED) - 1)
    centres, widths = (values[kept] for values in sensor_bands("aviris_1992"))
    cube = Cube.from_array(data.transpose(2, 0, 1), centres, widths, quantity="counts", name="indian_pines")
    cube = dataclasses.replace(cube, sensor="AVIRIS", path=paths[0])
    cube = cube.dropped(np.isin(kept[cube.order] + 1, _OVERLAPPING), "overlap of two detectors")
    return cube, np.asarray(labels, dtype=np.int32)


def _package_folder() -> Path:
    """Where tensorly keeps its data sets; the package itself is not imported, which would take seconds."""
    spec = find_spec("tensorly")
    if spec is None or spec.origin is None:
        raise MissingExtraError("tensorly", "demo", "the Indian Pines scene")
    return Path(spec.origin).parent / "datasets" / "data"

"""Indian Pines: AVIRIS over farmland of Indiana, 12 June 1992, 145 x 145 pixels of 20 m, 16 classes.

The arrays come with the package tensorly (extra `demo`), so nothing is downloaded. Data by Purdue University
(Baumgardner, Biehl, Landgrebe); the form with 200 bands by the Computational Intelligence Group, EHU.
"""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.errors import InputError, MissingExtraError
from hypersigma.products import Legend
from hypersigma.spectra import sensor_bands

LEGEND = Legend(
    (
        "Alfalfa",
        "Corn-notill",
        "Corn-mintill",
        "Corn",
        "Grass-pasture",
        "Grass-trees",
        "Grass-pasture-mowed",
        "Hay-windrowed",
        "Oats",
        "Soybean-notill",
        "Soybean-mintill",
        "Soybean-clean",
        "Wheat",
        "Woods",
        "Buildings-Grass-Trees-Drives",
        "Stone-Steel-Towers",
    ),
    # Related crops share a hue: corn yellow to brown, grass green, soybean blue to violet, the rest on its own.
    (
        (240, 128, 150),
        (255, 214, 64),
        (232, 160, 32),
        (168, 104, 16),
        (170, 220, 110),
        (110, 180, 60),
        (205, 240, 170),
        (250, 240, 170),
        (255, 120, 60),
        (120, 190, 240),
        (40, 120, 200),
        (120, 90, 190),
        (230, 190, 140),
        (16, 96, 48),
        (200, 60, 80),
        (120, 120, 120),
    ),
)
PROTOCOLS = {
    "random": SplitConfig(protocol="random", num_per_class=10),
    "fields": SplitConfig(protocol="fields", num_per_class=10),
}
TASK = "classification"

# Bands of water vapour and noise that the 200-band form leaves out of 220, counted from one.
_REMOVED = (*range(104, 109), *range(150, 164), 220)
# Bands beyond the wavelength at which the first and second pair of overlapping detectors are cut.
_OVERLAPPING = (31, 32, 94, 95)


def load(root: Path | None = None) -> list[LabelledScene]:
    """The one scene with its labels.

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
    return [LabelledScene(cube, np.asarray(labels, dtype=np.int32), LEGEND)]


def _package_folder() -> Path:
    """Where tensorly keeps its data sets; the package itself is not imported, which would take seconds."""
    spec = find_spec("tensorly")
    if spec is None or spec.origin is None:
        raise MissingExtraError("tensorly", "demo", "the Indian Pines scene")
    return Path(spec.origin).parent / "datasets" / "data"

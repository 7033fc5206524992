"""Indian Pines: AVIRIS over farmland of Indiana, 12 June 1992, 145 x 145 pixels of 20 m, 16 classes.

The arrays come with the package tensorly (extra `demo`), so nothing is downloaded. Data by Purdue University
(Baumgardner, Biehl, Landgrebe); the form with 200 bands by the Computational Intelligence Group, EHU.
"""

from __future__ import annotations

from pathlib import Path

from hypersigma.data.labels import LabelledScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes import _indian_pines
from hypersigma.products import Legend

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


def load(root: Path | None = None) -> list[LabelledScene]:
    """The one scene with its labels.

    Args:
        root: a folder with Indian_pines_corrected.npy and Indian_pines_gt.npy; the package's by default.

    Raises:
        MissingExtraError: tensorly is not installed and no folder is given.
        InputError: the folder lacks a file.
    """
    cube, labels = _indian_pines.read(root)
    return [LabelledScene(cube, labels, LEGEND)]

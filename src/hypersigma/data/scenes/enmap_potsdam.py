"""EnMAP over Potsdam, 24 July 2022: 18 tiles of 32 x 32 pixels of 30 m, six classes of land cover.

The tiles are not shipped. A folder with `images/` and `labels/` (GeoTIFFs of the same names, as in the test data
of the EnMAP-Box) is given as root or through the environment variable HYPERSIGMA_DATA.
"""

from __future__ import annotations

from pathlib import Path

from hypersigma.data.label_files import read_labels
from hypersigma.data.labels import LabelledScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes._folder import folder_of
from hypersigma.errors import InputError
from hypersigma.products import Legend
from hypersigma.readers import open_cube

LEGEND = Legend(
    ("roof", "pavement", "low vegetation", "tree", "soil", "water"),
    ((200, 60, 60), (130, 130, 130), (150, 210, 90), (20, 110, 50), (190, 140, 80), (50, 120, 200)),
)
PROTOCOLS = {"tiles": SplitConfig(protocol="tiles", num_per_class=None, num_folds=6)}
TASK = "classification"


def load(root: Path | None = None) -> list[LabelledScene]:
    """The tiles with their labels, in order of their names.

    Args:
        root: the folder, or one that holds it as `enmap_potsdam`; the environment variable by default.

    Raises:
        InputError: there is no such folder, or a tile lacks its labels.
    """
    folder = folder_of("the tiles of EnMAP Potsdam", "enmap_potsdam", ("images/", "labels/"), root)
    paths = sorted((folder / "images").glob("*.tif"))
    if not paths:
        raise InputError(f"{folder / 'images'}: no tiles (*.tif) found; expected those of EnMAP Potsdam")
    scenes = []
    for path in paths:
        # A tile holds some of the classes; the legend of all is put in place of its own.
        labelled = read_labels(folder / "labels" / path.name, open_cube(path))
        scenes.append(LabelledScene(labelled.cube, labelled.labels, LEGEND))
    return scenes

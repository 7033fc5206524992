"""Taizhou: Landsat-7 ETM+ over a growing city in China, 2000 and 2003, 400 x 400 pixels of 30 m, six bands of counts.

C. Wu, B. Du and L. Zhang, Slow feature analysis for change detection in multispectral imagery, IEEE Transactions on
Geoscience and Remote Sensing 52 (5), 2014. The files are not shipped. 4,227 pixels are known to have changed and
17,163 not to; the others are unknown. Neither date is calibrated against the other.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypersigma.data.label_files import read_labels
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import Pair
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes import _change
from hypersigma.data.scenes._folder import folder_of
from hypersigma.readers import open_cube

PROTOCOLS = _change.PROTOCOLS | {
    "blocks": SplitConfig(protocol="blocks", num_per_class=_change.NUM_PER_CLASS, block=80, window_radius=0)
}
TASK = _change.TASK

_DATES = ("2000TM", "2003TM")
_CHANGED, _UNCHANGED = "change.bmp", "unchanged.bmp"


def load(root: Path | None = None) -> list[LabelledScene]:
    """The pair with its labels.

    Args:
        root: the folder, or one that holds it as `taizhou`; the environment variable HYPERSIGMA_DATA by default.

    Raises:
        InputError: a file is missing.
    """
    folder = folder_of("the files of Taizhou", "taizhou", (*_DATES, _CHANGED, _UNCHANGED), root)
    before, after = (open_cube(folder / name, sensor="etm") for name in _DATES)
    pair = replace(Pair.of(before, after), name="taizhou")
    changed, unchanged = (read_labels(folder / name, before).labels > 0 for name in (_CHANGED, _UNCHANGED))
    return [_change.labelled(pair, changed, unchanged)]

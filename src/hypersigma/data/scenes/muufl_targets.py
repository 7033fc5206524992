"""MUUFL Gulfport, targets: CASI-1500 over a campus, 36 x 36 pixels of 1 m, 72 bands, three pixels of one target.

Data by P. Gader et al., University of Florida (REP-2013-570); the file, of the demonstrations of the hsi_toolkit, is
not shipped. The spectrum to look for comes with it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hypersigma.data.detection import DetectionScene
from hypersigma.data.label_files import read_labels
from hypersigma.data.scenes._detection import PUBLISHED, require_protocol
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.target_files import read_target
from hypersigma.readers import open_cube
from hypersigma.readers.matlab import MatlabFile

APPROXIMATE = False
PROTOCOLS = PUBLISHED
TASK = "target_detection"

_FILE = "an_hsi_img_for_tgt_det_demo.mat"


def load(root: Path | None = None) -> list[DetectionScene]:
    """The scene with its target and the pixels of that.

    Args:
        root: the folder with the file, or one that holds it as `muufl_gulfport`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    path = folder_of("the files of MUUFL Gulfport", "muufl_gulfport", (_FILE,), root) / _FILE
    cube = open_cube(path, variable="hsi_sub")
    cube = replace(cube, name="muufl_targets", quantity="reflectance")
    spectrum = np.ravel(MatlabFile.of(path).load("tgt_spectra"))
    truth = read_labels(path, cube, variable="gtImg_sub").labels > 0
    return [DetectionScene(cube, truth, read_target(cube, spectrum, names=("target",)))]


def draw(protocol: str, seed: int) -> list[DetectionScene]:
    """The scene of `load`, whatever the seed.

    Raises:
        ConfigError: there is no such protocol.
        InputError: there is no such file.
    """
    require_protocol(protocol, PROTOCOLS, "muufl_targets")
    return load()

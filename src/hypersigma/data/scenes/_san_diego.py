"""San Diego: AVIRIS over an airfield, 100 x 100 pixels of 3.5 m, 189 bands, three aircraft of 58 pixels.

Data by NASA/JPL; the file is not shipped. It holds no wavelengths. The bands usually left out of the 224 (those of
water vapour and low signal) are 35, which leaves 189; and the breaks between neighbouring bands lie where they say.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hypersigma.data.detection import DetectionScene
from hypersigma.data.scenes._detection import read_scene
from hypersigma.data.scenes._folder import folder_of
from hypersigma.spectra import Floats, sensor_bands

APPROXIMATE = True

_FILE = "sandiego.mat"
# Bands left out, counted from one.
_REMOVED = (*range(1, 7), *range(33, 36), 97, *range(107, 114), *range(153, 167), *range(221, 225))


def load(root: Path | None, name: str) -> DetectionScene:
    """The scene with its aircraft.

    Raises:
        InputError: there is no such file.
    """
    path = folder_of("the files of San Diego", "san_diego", (_FILE,), root) / _FILE
    return read_scene(path, _centres(), "AVIRIS", name)


def _centres() -> Floats:
    """Nominal band centres in nm; sorted, as detectors that overlap cannot be told apart without the scene's own."""
    centres, _ = sensor_bands("aviris")
    return np.sort(np.delete(centres, np.array(_REMOVED) - 1))

"""HYDICE Urban: a suburb, 80 x 100 pixels of about 1 m, 162 bands, 17 pixels of cars as anomalies.

Data by the US Army Corps of Engineers; the file is not shipped and holds no wavelengths. Of the sensor's 210 bands
162 are left, as usual without 1-4, 76, 87, 101-111, 136-153 and 198-210. HYDICE has a prism, whose bands lie close in
the blue and wide apart near 1000 nm: those given here are lines between what the scene shows at known wavelengths.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hypersigma.data.detection import DetectionScene
from hypersigma.data.scenes._detection import PUBLISHED, read_scene, require_protocol
from hypersigma.data.scenes._folder import folder_of

APPROXIMATE = True
PROTOCOLS = PUBLISHED
TASK = "anomaly_detection"

_FILE = "hydice.mat"
# Bands left out, counted from one.
_REMOVED = (*range(1, 5), 76, 87, *range(101, 112), *range(136, 154), *range(198, 211))
# Band and nm: the ends of the sensor's range, chlorophyll, and where water vapour absorbs (the bands left out for it).
_BANDS = (1, 51, 76, 87, 101, 136, 210)
_CENTRES = (400.0, 680.0, 940.0, 1130.0, 1345.0, 1795.0, 2500.0)


def load(root: Path | None = None) -> list[DetectionScene]:
    """The scene with its anomalies.

    Args:
        root: the folder with hydice.mat, or one that holds it as `hydice_urban`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    path = folder_of("the files of HYDICE Urban", "hydice_urban", (_FILE,), root) / _FILE
    kept = np.setdiff1d(np.arange(1, 211), _REMOVED)
    return [read_scene(path, np.interp(kept, _BANDS, _CENTRES), "HYDICE", "hydice_urban")]


def draw(protocol: str, seed: int) -> list[DetectionScene]:
    """The scene with its anomalies, whatever the seed.

    Raises:
        ConfigError: there is no such protocol.
        InputError: there is no such file.
    """
    require_protocol(protocol, PROTOCOLS, "hydice_urban")
    return load()

"""Airport-Beach-Urban: AVIRIS scenes of 100 x 100 or 150 x 150 pixels with anomalies drawn by hand (Kang et al., 2017).

X. Kang, X. Zhang, S. Li, K. Li, J. Li and J. A. Benediktsson, Hyperspectral anomaly detection with attribute and
edge-preserving filters, IEEE Transactions on Geoscience and Remote Sensing 55 (10), 2017. The files are not shipped.
They hold no wavelengths: water and oxygen of the air lie at about the bands where those given here put them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hypersigma.data.detection import DetectionScene
from hypersigma.data.scenes._detection import PUBLISHED, read_scene, require_protocol
from hypersigma.data.scenes._folder import folder_of
from hypersigma.spectra import Floats

APPROXIMATE = True
PROTOCOLS = PUBLISHED
TASK = "anomaly_detection"

# nm: from the first band of AVIRIS on, bands lie evenly up to a last one, but for two gaps where water absorbs all.
# Scenes with fewer bands left were cut more widely.
_FIRST = 366.0
_NARROW = (2480.0, (1350.0, 1410.0), (1820.0, 1915.0))
_WIDE = (2450.0, (1350.0, 1430.0), (1800.0, 1985.0))
_FEWEST_OF_NARROW = 200

Load = Callable[..., list[DetectionScene]]
Draw = Callable[[str, int], list[DetectionScene]]


def scene(which: str, num_bands: int) -> tuple[Load, Draw]:
    """What a scene's file offers: `load(root=None)` and `draw(protocol, seed)`, which draws nothing.

    Args:
        which: of the scenes, such as "airport-1".
        num_bands: that its file holds.
    """
    name = f"abu_{which.replace('-', '_')}"

    def load(root: Path | None = None) -> list[DetectionScene]:
        """The scene with its anomalies; root as of `folder_of`."""
        file = f"abu-{which}.mat"
        path = folder_of("the Airport-Beach-Urban scenes", "abu", (file,), root) / file
        return [read_scene(path, centres(num_bands), "AVIRIS", name)]

    def draw(protocol: str, seed: int) -> list[DetectionScene]:
        """The scene with its anomalies, whatever the seed."""
        require_protocol(protocol, PROTOCOLS, name)
        return load()

    return load, draw


def centres(num_bands: int) -> Floats:
    """Approximate band centres (bands,) in nm of what is left of AVIRIS's 224 bands."""
    last, *gaps = _NARROW if num_bands >= _FEWEST_OF_NARROW else _WIDE
    result = np.linspace(_FIRST, last - sum(end - start for start, end in gaps), num_bands)
    for start, end in gaps:
        result = np.where(result > start, result + end - start, result)
    return result

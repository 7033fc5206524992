"""San Diego, anomalies: three aircraft on an airfield, which nothing but the scene tells."""

from __future__ import annotations

from pathlib import Path

from hypersigma.data.detection import DetectionScene
from hypersigma.data.scenes import _san_diego
from hypersigma.data.scenes._detection import PUBLISHED, require_protocol

APPROXIMATE = _san_diego.APPROXIMATE
PROTOCOLS = PUBLISHED
TASK = "anomaly_detection"


def load(root: Path | None = None) -> list[DetectionScene]:
    """The scene with its aircraft.

    Args:
        root: the folder with sandiego.mat, or one that holds it as `san_diego`; HYPERSIGMA_DATA by default.

    Raises:
        InputError: there is no such file.
    """
    return [_san_diego.load(root, "san_diego")]


def draw(protocol: str, seed: int) -> list[DetectionScene]:
    """The scene with its aircraft, whatever the seed.

    Raises:
        ConfigError: there is no such protocol.
        InputError: there is no such file.
    """
    require_protocol(protocol, PROTOCOLS, "san_diego")
    return load()

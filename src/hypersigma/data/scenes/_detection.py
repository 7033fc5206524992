"""What the benchmark scenes for detection share: a protocol that draws nothing, and MATLAB files with a truth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from hypersigma.data.detection import DetectionScene
from hypersigma.data.label_files import read_labels
from hypersigma.data.sampling import SplitConfig
from hypersigma.errors import ConfigError
from hypersigma.readers import open_cube
from hypersigma.registry import suggestion
from hypersigma.spectra import Floats

PUBLISHED = {"published": SplitConfig(protocol="published")}


def require_protocol(protocol: str, known: Collection[str], scene: str) -> None:
    """Raise ConfigError unless a scene has a protocol."""
    if protocol not in known:
        raise ConfigError(f"{scene} has no protocol '{protocol}': {suggestion(protocol, list(known))}")


def read_scene(path: Path, centres: Floats, sensor: str, name: str) -> DetectionScene:
    """The scene of a MATLAB file with the arrays `data` and `map`, the truth; band centres in nm from elsewhere.

    Raises:
        InputError: the file is damaged, or has another number of bands.
    """
    cube = open_cube(path, variable="data", wavelengths=centres)
    note = "wavelengths are approximate, as the file holds none"
    cube = replace(cube, sensor=sensor, name=name, notes=(note,))
    return DetectionScene(cube=cube, truth=read_labels(path, cube, variable="map").labels > 0)

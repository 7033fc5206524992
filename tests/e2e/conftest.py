"""A small georeferenced scene of three crops with some labels, written as the files a person would have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from hypersigma import cli
from tests.fakes.envi import braces, write_envi

BANDS, ROWS, COLS = 40, 30, 36
PLACE = from_origin(380000, 5810000, 30, 30)
Said = tuple[int, str, str]


def truth() -> np.ndarray:
    """Three upright stripes (rows, cols), classes 1 to 3."""
    return np.tile(1 + np.arange(COLS) * 3 // COLS, (ROWS, 1)).astype(np.uint8)


def write_labels(path: Path, labels: np.ndarray, epsg: int = 32633) -> Path:
    """A GeoTIFF of labels on the scene's grid."""
    profile = {"driver": "GTiff", "height": labels.shape[0], "width": labels.shape[1], "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, crs=f"EPSG:{epsg}", transform=PLACE) as file:
        file.write(labels, 1)
    return path


def write_scene(folder: Path, seed: int = 0, hole: bool = False, **fields: str) -> Path:
    """The scene as an ENVI pair: one smooth spectrum a class, noise, and maybe a corner without data."""
    folder.mkdir(exist_ok=True)
    centres = np.linspace(420, 2400, BANDS)
    spectra = np.stack([3000 + 1500 * np.sin(centres / 300 + phase) for phase in (0.0, 0.8, 1.9)])
    noise = np.random.default_rng(seed).normal(scale=200, size=(BANDS, ROWS, COLS))
    array = (spectra[truth() - 1].transpose(2, 0, 1) + noise).astype("i2")
    if hole:
        array[:, :4, :5] = -9999
    header = {
        "wavelength": braces([f"{centre:.2f}" for centre in centres]),
        "wavelength_units": "Nanometers",
        "data_ignore_value": "-9999",
        "map_info": "{UTM, 1, 1, 380000, 5810000, 30, 30, 33, North, WGS-84, units=Meters}",
    }
    return write_envi(folder, array, **(header | fields))


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """The header of the scene, with a corner without data."""
    return write_scene(tmp_path / "scene", hole=True)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Labels of ten pixels a class."""
    some = np.zeros((ROWS, COLS), dtype=np.uint8)
    for value in (1, 2, 3):
        pixels = np.random.default_rng(value).permutation(np.flatnonzero(truth() == value))[:10]
        some.flat[pixels] = value
    return write_labels(tmp_path / "labels.tif", some)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Runs a command line: exit code, standard output, error stream."""

    def run(*tokens: object) -> Said:
        code = cli.main([str(token) for token in tokens])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run

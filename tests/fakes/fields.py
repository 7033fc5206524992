"""A scene of three crops on fields, made by code: smooth spectra, noise, labels of whole fields."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.palette import default_legend

ROWS, COLS = 40, 48
LEGEND = default_legend(("corn", "grass", "woods"))
AVIRIS_LIKE = np.linspace(410.0, 2450.0, 60)
ENMAP_LIKE = np.linspace(405.0, 2455.0, 80)


def crops(rows: int = ROWS, cols: int = COLS, field: int = 8) -> NDArray[np.int32]:
    """The class (rows, cols), 1 to 3, of every pixel: square fields that differ from those beside them."""
    row, col = np.indices((rows, cols)) // field
    return (1 + (row + 2 * col) % 3).astype(np.int32)


def field_cube(
    truth: NDArray[np.int32],
    wavelengths: NDArray[np.float64] | None = AVIRIS_LIKE,
    *,
    seed: int = 0,
    noise: float = 0.03,
) -> Cube:
    """The reflectance that these crops show a sensor, which may have 60 bands without wavelengths."""
    centres = AVIRIS_LIKE if wavelengths is None else wavelengths
    spectra = np.stack([0.3 + 0.1 * np.sin(centres / 300.0 + phase) for phase in (0.0, 0.7, 1.6)])
    generator = np.random.default_rng(seed)
    array = spectra[truth - 1].transpose(2, 0, 1) + noise * generator.standard_normal((len(centres), *truth.shape))
    return Cube.from_array(array.astype(np.float32), wavelengths, quantity="reflectance", name=f"fields {seed}")


def labelled(truth: NDArray[np.int32], per_class: int = 40, seed: int = 0) -> NDArray[np.int32]:
    """Labels (rows, cols) of some pixels of each class."""
    generator = np.random.default_rng(seed)
    labels = np.zeros_like(truth)
    for value in np.unique(truth):
        chosen = generator.permutation(np.flatnonzero(truth == value))[:per_class]
        labels.flat[chosen] = value
    return labels


def field_scene(
    rows: int = ROWS, cols: int = COLS, wavelengths: NDArray[np.float64] | None = AVIRIS_LIKE, *, seed: int = 0
) -> LabelledScene:
    """The scene with some labels."""
    truth = crops(rows, cols)
    return LabelledScene(field_cube(truth, wavelengths, seed=seed), labelled(truth, seed=seed), LEGEND)

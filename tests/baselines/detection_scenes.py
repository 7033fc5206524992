"""Small scenes with planted pixels, and the detectors that are run on them."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import registry
from hypersigma.baselines._detector import Detector
from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.data.targets import Target

BANDS, ROWS, COLS = 12, 24, 30
PLANTED = ((4, 5), (11, 20), (18, 9), (20, 25))
EMPTY = ((0, 0), (7, 13), (8, 13), (23, 29))


def method(name: str) -> Detector:
    """The registered detector, of smaller size where that is quicker."""
    chosen: Detector = registry.load("hypersigma.baselines", name).METHOD
    smaller = {"num_trees": 30, "num_samples": 150, "inner": 5, "outer": 9, "area": 9, "cleaned": 0.02}
    # of 12 bands the default would leave nothing, or take what is planted for background
    smaller |= {"num_directions": 2} | {"component_residual": {"num_components": 2}}.get(name, {})
    return replace(chosen, **{field: value for field, value in smaller.items() if hasattr(chosen, field)})


def names(task: str) -> list[str]:
    """The registered detectors of a task."""
    package = "hypersigma.baselines"
    return [name for name in registry.names(package) if task == registry.load(package, name).TASK]


def signature(num_bands: int = BANDS) -> NDArray[np.float64]:
    """The spectrum (bands,) of what is planted."""
    spectrum: NDArray[np.float64] = 1.0 + 0.5 * np.cos(1.9 * np.arange(num_bands))
    return spectrum


def numbers(num_bands: int = BANDS, rows: int = ROWS, cols: int = COLS, seed: int = 0) -> NDArray[np.float32]:
    """A background (bands, rows, cols) of three smooth spectra whose shares vary slowly, and noise."""
    rng = np.random.default_rng(seed)
    row, col = np.arange(rows)[:, None] / 9.0, np.arange(cols) / 11.0
    shares = np.stack([1.0 + np.sin(row + 0.3) * np.cos(col), 1.0 + np.cos(row - col), 1.0 + np.sin(col + 0 * row)])
    bands = np.arange(num_bands) / max(num_bands - 1, 1)
    spectra = np.stack([0.2 + bands, 1.2 - bands, 0.5 + bands * (1 - bands)], axis=1)
    array = np.einsum("bk,krc->brc", spectra, shares) / 3.0 + rng.normal(scale=0.02, size=(num_bands, rows, cols))
    return array.astype(np.float32)


def planted(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The array with the signature in place of the planted pixels."""
    result = array.copy()
    for row, col in PLANTED:
        result[:, row, col] = signature(len(array))
    return result


def emptied(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The array with no data in some pixels: in all bands, or in one."""
    result = array.copy()
    for index, (row, col) in enumerate(EMPTY):
        result[slice(None) if index % 2 else 3, row, col] = np.nan
    return result


def as_cube(array: NDArray[np.float32], **fields: Any) -> Cube:
    return Cube.from_array(array, 450.0 + 100.0 * np.arange(len(array)), **fields)


def scene(array: NDArray[np.float32], target: NDArray[np.float64] | None = None) -> DetectionScene:
    """A scene and the target that is looked for: the signature unless another is given."""
    looked_for = signature(len(array)) if target is None else target
    return DetectionScene(cube=as_cube(array), target=Target(looked_for[None]))

"""The pixels of scenes that endmembers are sought among: all of small scenes, squares all over large ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.errors import InputError
from hypersigma.tiling import Window, spread_blocks

_MOST_PIXELS = 1 << 15  # that endmembers are sought among
_BLOCK = 32  # pixels; side of the blocks that a sample of a large scene is made of
SMOOTHING = 1.0  # pixels; deviation of the Gaussian that a sample is smoothed with
_REACH = 3.0  # deviations, as far as it reaches


class Sample(NamedTuple):
    """Pixels with data all over a scene, (bands, n) each: as they are, and smoothed over their neighbours."""

    spectra: NDArray[np.float32]
    smooth: NDArray[np.float32]


def sample_of(inputs: Sequence[UnmixingScene], bands: Bands, smoothing: float = SMOOTHING) -> tuple[Sample, list[str]]:
    """Pixels with data in all bands that are used, and notes on them.

    Args:
        inputs: the scenes.
        bands: that are used.
        smoothing: pixels; deviation of the Gaussian that makes the smoothed spectra, 0 for none.

    Raises:
        InputError: there is none.
    """
    parts: list[Sample] = []
    for scene in inputs:
        _, rows, cols = scene.cube.shape
        for window in spread_blocks(rows, cols, _BLOCK, _MOST_PIXELS // len(inputs)):
            parts.append(_block(scene.cube, window, bands, smoothing))
    sample = Sample(*(np.concatenate(kind, axis=1) for kind in zip(*parts, strict=True)))
    count = sample.spectra.shape[1]
    if not count:
        names = ", ".join(scene.cube.name for scene in inputs)
        raise InputError(f"{names}: no pixel has data in all used bands; check no-data value and bad bands")
    total = sum(scene.cube.shape[1] * scene.cube.shape[2] for scene in inputs)
    notes = []
    if total > _MOST_PIXELS:
        notes.append(f"endmembers were sought among {count} of {total} pixels, all over the scene")
    negative = float((sample.spectra < 0).mean())
    if negative:
        notes.append(f"{negative:.2%} of the numbers are below zero; they were kept")
    return sample, notes


def _block(cube: Cube, window: Window, bands: Bands, smoothing: float) -> Sample:
    """The pixels of a window that have data; smoothing leaves those without out."""
    from scipy.ndimage import gaussian_filter

    _, rows, cols = cube.shape
    reach = math.ceil(_REACH * smoothing)
    seen = window.grown(reach, rows, cols)
    values = bands.read(cube, seen)
    known: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(values))
    filled = np.where(known, values, 0.0)
    settings: dict[str, Any] = {"mode": "constant", "radius": reach}
    weight = gaussian_filter(known.astype(np.float32), smoothing, **settings)
    smooth = gaussian_filter(filled, (0.0, smoothing, smoothing), mode="constant", radius=(0, reach, reach))
    inner = window.inside(seen).slices
    own = known[inner]
    smooth = smooth / np.maximum(weight, np.float32(1e-6))
    return Sample(values[:, *inner][:, own], smooth[:, *inner][:, own].astype(np.float32))

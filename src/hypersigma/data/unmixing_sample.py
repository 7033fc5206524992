"""The pixels of scenes that endmembers are sought among: all of small scenes, squares all over large ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.noise_level import noise_deviations
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.errors import InputError
from hypersigma.tiling import Window, spread_blocks

_MOST_PIXELS = 1 << 15  # that endmembers are sought among
_BLOCK = 32  # pixels; side of the blocks that a sample of a large scene is made of
SMOOTHING = 1.0  # pixels; deviation of the Gaussian that a sample is smoothed with
_REACH = 3.0  # deviations, as far as it reaches
_UNLIKE = 1.0  # squares of the noise, by which two spectra differ beyond it, at which one counts a third in the other
_FEWEST = 16  # pixels that noise is told from


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
    reach = math.ceil(_REACH * smoothing)
    blocks = [
        _block(scene.cube, window, bands, reach)
        for scene in inputs
        for window in spread_blocks(*scene.cube.shape[1:], _BLOCK, _MOST_PIXELS // len(inputs))
    ]
    spectra = np.concatenate([block.values[:, block.own] for block in blocks], axis=1)
    smooth = spectra
    if reach and spectra.shape[1] > _FEWEST:
        noise = noise_deviations(spectra[:, None])
        smooth = np.concatenate([_smoothed(block, noise, smoothing, reach) for block in blocks], axis=1)
    sample = Sample(spectra, smooth)
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


def alike_note(sample: Sample, endmembers: NDArray[np.float64], names: Sequence[str]) -> str:
    """Which two endmembers (K, bands) differ by less than the noise of a pixel, in a sentence; nothing if none do."""
    if len(endmembers) < 2 or sample.spectra.shape[1] <= _FEWEST:
        return ""
    noise = noise_deviations(sample.spectra[:, None])
    varied = noise > 0
    whitened = endmembers[:, varied] / noise[varied]
    apart = np.square(whitened[:, None] - whitened[None]).mean(axis=2) + np.diag(np.full(len(endmembers), np.inf))
    one, other = divmod(int(apart.argmin()), len(apart))
    if apart[one, other] >= 1:
        return ""
    return (
        f"{names[one]} and {names[other]} differ by less than the noise of a pixel, and may be one material; ask for "
        "fewer endmembers"
    )


class _Block(NamedTuple):
    """A window of a scene with what lies around it: (bands, h, w), and which pixels are its own and have data."""

    values: NDArray[np.float32]
    own: NDArray[np.bool_]


def _block(cube: Cube, window: Window, bands: Bands, reach: int) -> _Block:
    """The pixels of a window, and as many around it as smoothing reaches."""
    _, rows, cols = cube.shape
    seen = window.grown(reach, rows, cols)
    values = bands.read(cube, seen)
    own = np.zeros(values.shape[1:], dtype=bool)
    inner = window.inside(seen).slices
    own[inner] = np.isfinite(values[:, *inner]).all(axis=0)
    return _Block(values, own)


def _smoothed(block: _Block, noise: NDArray[np.float64], smoothing: float, reach: int) -> NDArray[np.float32]:
    """Own spectra (bands, n) averaged with those around them that differ from them by no more than noise."""
    scale = np.where(noise > 0, 1 / np.maximum(noise, np.finfo(np.float64).tiny), 0.0)
    count = max(int(np.count_nonzero(scale)), 1)
    whitened = (block.values * (scale / math.sqrt(2 * count))[:, None, None]).astype(np.float32)
    row, col = np.nonzero(block.own)
    rows, cols = block.own.shape
    total = np.zeros((len(noise), len(row)), dtype=np.float32)
    weight = np.zeros(len(row), dtype=np.float32)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            inside = (row + down >= 0) & (row + down < rows) & (col + right >= 0) & (col + right < cols)
            there = np.clip(row + down, 0, rows - 1), np.clip(col + right, 0, cols - 1)
            apart = np.square(whitened[:, *there] - whitened[:, row, col]).sum(axis=0)
            near = math.exp(-(down**2 + right**2) / (2 * smoothing**2))
            alike = near * np.exp(-np.maximum(apart - 1, 0) / _UNLIKE)
            alike = np.where(inside & np.isfinite(apart), alike, 0.0).astype(np.float32)
            total += alike * np.where(alike > 0, block.values[:, *there], 0.0)
            weight += alike
    return total / weight

"""Simulated scenes as a sensor sees them, with what is true of them: made once, kept in a folder.

A pair is an array (channels, 64, 64): the scene on the canonical grid as it is seen, the same without the instrument's
faults, and shapes: the true scene's leading principal components without small bright or dark things (openings and
closings by reconstruction).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.filters import morphological_profile
from hypersigma.data.simulated_corpus import PatchSimulator
from hypersigma.errors import InputError
from hypersigma.natural_spectra import components, natural_spectra
from hypersigma.spectra import CANONICAL
from hypersigma.writers import replaced_file

NUM_BANDS = len(CANONICAL)
RADII = (2, 5)  # pixels; of the discs
_LEADING = 3
_GROWTH = 24
NUM_SHAPES = _LEADING * 2 * len(RADII)


@dataclass(frozen=True)
class PairFolder:
    """The pairs of one sensor in a folder, a file each; those that are missing are made.

    Attributes:
        simulator: makes the scenes.
        folder: where they are kept, or None to make them anew each time.
    """

    simulator: PatchSimulator
    folder: Path | None

    def pair(self, seed: tuple[int, ...]) -> NDArray[np.float16]:
        """The pair (100 + 100 + NUM_SHAPES, 64, 64) of a seed.

        Raises:
            InputError: its file is damaged.
            OutputError: its file cannot be written.
        """
        if self.folder is None:
            return self._made(seed)
        path = self.folder / f"{'-'.join(map(str, seed))}.npy"
        if not path.exists():
            made = self._made(seed)
            with replaced_file(path) as place:
                np.save(place, made)
            return made
        try:
            kept: NDArray[np.float16] = np.load(path, mmap_mode="r")
        except (ValueError, OSError) as error:
            raise InputError(f"{path}: damaged ({error}); remove it, and it is made anew") from error
        return kept

    def _made(self, seed: tuple[int, ...]) -> NDArray[np.float16]:
        seen, true = self.simulator.pair(seed)
        return np.concatenate([seen, true, shapes(true)]).astype(np.float16)


def shape_levels() -> NDArray[np.float64]:
    """What shapes of no reflectance at all would be (NUM_SHAPES,): with it, those in brighter light are known.

    Openings and closings go along with any rising line: those of an image times f are f s + (1 - f) level.
    """
    level = -components(_LEADING) @ natural_spectra().mean
    return np.repeat(level, NUM_SHAPES // _LEADING)


def shapes(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """The shapes (NUM_SHAPES, rows, cols) of an image (100, rows, cols) of reflectance."""
    centred = image - natural_spectra().mean[:, None, None]
    leading = np.tensordot(components(_LEADING), centred, 1)
    profile = morphological_profile(leading, RADII, _GROWTH)
    stack = profile.reshape(_LEADING, 1 + 2 * len(RADII), *image.shape[1:])
    # The components themselves stand before their openings and closings.
    return stack[:, 1:].reshape(NUM_SHAPES, *image.shape[1:])

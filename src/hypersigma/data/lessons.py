"""What a network that corrects a restoration learns on: parts of a scene with what the restoration missed of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class Directions(NamedTuple):
    """Directions that the spectra of a scene vary in: a spectrum is the mean and so much of each.

    Attributes:
        mean: (used bands,); spectra: (D, used bands) of one of each.
    """

    mean: Floats
    spectra: Floats


class Lesson(NamedTuple):
    """A part of a scene and what is to be learned of it.

    Attributes:
        coefficients: (D, h, w) of the directions, of which encoders see the bands.
        told: (D, told, scale * h, scale * w), images that the network is told of each direction.
        missed: (D, scale * h, scale * w), what is to be added, perhaps with noise that has nothing to do with the rest.
        known: (scale * h, scale * w), where it is known.
    """

    coefficients: Image
    told: Image
    missed: Image
    known: Mask

    @property
    def scale(self) -> int:
        """Rows of what is to be added over those of the coefficients."""
        return int(self.missed.shape[1] // self.coefficients.shape[1])

    def part(self, row: int, col: int, height: int, width: int) -> Lesson:
        """The part of it on a rectangle of the coefficients' pixels."""
        scale = self.scale
        rows, cols = slice(row, row + height), slice(col, col + width)
        fine = slice(scale * row, scale * (row + height)), slice(scale * col, scale * (col + width))
        return Lesson(self.coefficients[:, rows, cols], self.told[..., *fine], self.missed[:, *fine], self.known[fine])

    def turned(self, turn: int) -> Lesson:
        """One of its eight flips and rotations; of one that is not square, of the four that keep its sides."""
        quarters = turn % 4 if self.coefficients.shape[1] == self.coefficients.shape[2] else 2 * (turn % 2)
        arrays: list[Any] = [np.rot90(array, quarters, axes=(-2, -1)) for array in self]
        return Lesson(*(array[..., ::-1] if turn >= 4 else array for array in arrays))


@dataclass(frozen=True, kw_only=True, eq=False)
class Lessons:
    """All that is learned of a scene.

    Attributes:
        directions: of the scene.
        weights: (D,) what a squared error of each counts, with sum 1.
        parts: of the scene, or the same one with other noise; what `apart` marks in them is not learned.
        trials: parts that tell there how much of what was learned holds.
    """

    directions: Directions
    weights: Floats
    parts: Sequence[Lesson]
    trials: Sequence[Lesson]

    def drawn(self, generator: np.random.Generator, side: int, count: int) -> Lesson:
        """So many squares of one part, side by side along a new first axis, without what is kept apart.

        Args:
            generator: what is drawn with.
            side: of a square, in pixels of what is missed; a smaller part is seen whole.
            count: squares.
        """
        part = self.parts[int(generator.integers(len(self.parts)))]
        part = part._replace(known=part.known & ~apart(part.known, side))
        _, rows, cols = part.coefficients.shape
        coarse = max(side // part.scale, 1)
        height, width = min(coarse, rows), min(coarse, cols)
        squares = [
            part.part(
                int(generator.integers(rows - height + 1)), int(generator.integers(cols - width + 1)), height, width
            ).turned(int(generator.integers(8)))
            for _ in range(count)
        ]
        return Lesson(*(np.stack(arrays) for arrays in zip(*squares, strict=True)))

    def kept_apart(self, side: int) -> Iterator[tuple[Lesson, Mask]]:
        """The trials, with where (rows, cols) nothing was learned."""
        for trial in self.trials:
            yield trial, apart(trial.known, side)


def apart(known: Mask, side: int) -> Mask:
    """Every fourth square of half a side (rows, cols), where numbers are known; what is learned is tried there."""
    cell = max(1, min(side, *known.shape) // 2)
    rows, cols = ((np.arange(length) // cell) % 2 == 1 for length in known.shape)
    return np.asarray(known & rows[:, None] & cols)

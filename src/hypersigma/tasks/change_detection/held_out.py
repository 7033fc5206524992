"""Answers to labels of ground that a method has not learned from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.change_maps import CHANGE, MAP
from hypersigma.data.labels import LabelledScene
from hypersigma.data.method import Fitted, Method
from hypersigma.errors import InputError
from hypersigma.tiling import blocks

_NUM_FOLDS = 4
_SQUARES = 8  # along the longer side of the ground, so that each fold has some of both kinds
_LEAST, _MOST = 8, 128  # pixels; side of a square
_TILE = 256


@dataclass(frozen=True, eq=False)
class Answers:
    """What was said of held-out labels.

    Attributes:
        scores: (n,) probabilities of change, or scores of what learns from no label.
        mapped: (n,) 1 unchanged, 2 changed; truth: (n,) the same, as labels say.
        block: side of the squares that were held out, in pixels.
    """

    scores: NDArray[np.float32]
    mapped: NDArray[np.uint8]
    truth: NDArray[np.int32]
    block: int


def held_out_answers(inputs: Sequence[LabelledScene], method: Method, seed: int) -> Answers:
    """What a method says of each quarter of the ground's squares, fitted on labels of the others.

    Raises:
        InputError: labels of the others are too few to fit it on, in every fold.
    """
    block = int(np.clip(max(max(scene.labels.shape) for scene in inputs) // _SQUARES, _LEAST, _MOST))
    generator = np.random.default_rng(seed)
    folds = [_folds(scene.labels.shape, block, generator) for scene in inputs]
    parts: list[tuple[NDArray[Any], ...]] = []
    fault = None
    for fold in range(_NUM_FOLDS):
        given = [
            replace(scene, labels=np.where(own == fold, 0, scene.labels))
            for scene, own in zip(inputs, folds, strict=True)
        ]
        known = [scene for scene in given if scene.labels.any()]
        if not known:
            continue
        try:
            fitted = method.fit(known, seed)
        except InputError as error:
            fault = error
            continue
        for scene, own in zip(inputs, folds, strict=True):
            parts += _answers(fitted, scene.cube, np.where(own == fold, scene.labels, 0))
    if not sum(len(truth) for *_, truth in parts):
        raise InputError("labels are too few, or too close together, to hold some of them out") from fault
    scores, mapped, truth = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Answers(scores, mapped, truth, block)


def _answers(fitted: Fitted, cube: Cube, asked: NDArray[np.int32]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Scores, map and truth (n,) of labelled pixels with data, window by window."""
    rows, cols = asked.shape
    for window in blocks(rows, cols, _TILE):
        truth = asked[window.slices]
        if truth.any():
            arrays = fitted.finish(fitted.predict(cube, window), cube, window)
            chosen = (truth > 0) & np.isfinite(arrays[CHANGE])
            yield arrays[CHANGE][chosen], arrays[MAP][chosen], truth[chosen]


def _folds(shape: tuple[int, ...], block: int, generator: np.random.Generator) -> NDArray[np.intp]:
    """The fold (rows, cols) that each pixel's square belongs to."""
    rows, cols = (-(-length // block) for length in shape)
    squares = generator.permutation(np.arange(rows * cols) % _NUM_FOLDS).reshape(rows, cols)
    spread = np.repeat(np.repeat(squares, block, axis=0), block, axis=1)
    return spread[: shape[0], : shape[1]]

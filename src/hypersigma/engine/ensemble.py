"""An ensemble of networks that is asked tile by tile."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hypersigma.engine.asked import Asked
from hypersigma.engine.channels import Channels
from hypersigma.engine.known_bands import known_on_card
from hypersigma.engine.side_by_side import side_by_side
from hypersigma.engine.transfer import Answer, Array
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.tasks._contract import Task
from hypersigma.tiling import Window, reflected


class Ensemble:
    """Networks of one kind on one device.

    On a processor they run side by side; on a card one after the other, from a record.

    Attributes:
        asked: they themselves, on their device.
    """

    def __init__(self, members: Sequence[Task]) -> None:
        self._members = members
        device = next(members[0].parameters()).device
        on_processor = device.type == "cpu"
        ask = partial(_side_by_side, members) if on_processor else partial(_in_turn, members, _bands(members))
        self.asked = Asked(ask, device)

    def begin(self, reader: Channels, window: Window) -> Answer:
        """Begin with a window: the quantities (M, Q, h, w) of its M members, NaN where a band has no data."""
        margin = self._members[0].margin
        _, rows, cols = reader.cube.shape
        seen = window.grown(margin, rows, cols)
        row_index = reflected(window.row - margin, window.row + window.height + margin, rows) - seen.row
        col_index = reflected(window.col - margin, window.col + window.width + margin, cols) - seen.col
        channels = reader.read(seen)
        complete: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(channels))
        filled = np.where(complete, channels, 0.0).astype(np.float32)[:, row_index[:, None], col_index]
        # some processors round otherwise where numbers lie apart in memory
        answer = self.asked.begin(np.ascontiguousarray(filled)[None])
        return partial(_masked, answer, ~complete[window.inside(seen).slices])


def _masked(answer: Answer, unknown: NDArray[np.bool_]) -> Array:
    """An answer (M, Q, h, w), NaN where something is unknown (h, w)."""
    quantities = answer()
    quantities[..., unknown] = np.nan
    return quantities


def _side_by_side(members: Sequence[Task], image: Tensor) -> Tensor:
    """Quantities (M, Q, h, w) of an image (1, C, H, W) with its margin, on a processor."""
    return torch.stack(side_by_side([partial(_answer, member, image) for member in members]))


def _in_turn(members: Sequence[Task], bands: Sequence[AbstractContextManager[Any]], image: Tensor) -> Tensor:
    """The same on a card, which nobody waits for in between."""
    answers = []
    for member, known in zip(members, bands, strict=True):
        with known:
            answers.append(_answer(member, image))
    return torch.stack(answers)


def _bands(members: Sequence[Task]) -> list[AbstractContextManager[Any]]:
    """What each member knows of canonical bands before it sees an image."""
    images = [[part for part in member.modules() if isinstance(part, CanonicalImage)] for member in members]
    return [known_on_card(image[0].present if image else None) for image in images]


@torch.inference_mode()
def _answer(member: Task, image: Tensor) -> Tensor:
    """One network's quantities (Q, h, w) of an image (1, C, H, W)."""
    return member.quantities(image)[0].float()

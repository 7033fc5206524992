"""Networks that begin with pre-trained encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hypersigma.cube import Cube
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.radiometry import Gain, gain_for
from hypersigma.tasks._contract import Task
from hypersigma.weights.encoders import Encoders, load_encoders
from hypersigma.weights.pretrained import Kind
from hypersigma.weights.receipt import Receipt


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What the members of an ensemble begin with.

    Attributes:
        encoders: pre-trained.
        gain: times the scenes' numbers, what the encoders were fed.
    """

    encoders: Encoders
    gain: Gain

    @classmethod
    def of(cls, weights: str, cubes: Sequence[Cube]) -> Beginning:
        """The encoders of a folder (or of a size's name), for scenes.

        Raises:
            WeightsError: there are no such weights.
            InputError: the scenes cannot be brought to what the encoders were fed.
        """
        encoders = load_encoders(weights)
        return cls(encoders=encoders, gain=gain_for(encoders.radiometry, cubes))

    def fill(self, members: Sequence[Task], front_end: FrontEnd) -> tuple[str, ...]:
        """Fill the encoders of all members; what became of the weights, in a sentence an encoder."""
        for member in members:
            receipts = member.begin_with(self.encoders, front_end, self.gain.factor)
        # Members are alike, so the receipt of one says it for all.
        return self.said(receipts)

    def said(self, receipts: Mapping[Kind, Receipt]) -> tuple[str, ...]:
        """What became of the weights by their receipts, and by which factor scenes were brought to them."""
        said = [f"weights of the {kind} encoder: {'; '.join(receipt.lines())}" for kind, receipt in receipts.items()]
        # Told once, with the other notes of the report.
        return (*said, self.gain.note) if self.gain.note else tuple(said)

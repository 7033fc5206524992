"""How far held-out labels lie from those that were learned from: what a figure measured on them is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.sampling import Split, SplitConfig
from hypersigma.data.sampling import audit as inside_windows
from hypersigma.products import Table
from hypersigma.tasks._contract import Share

RADIUS = SplitConfig().window_radius  # pixels; the same as in the benchmark's audit
_EIGHT_NEIGHBOURS = np.ones((3, 3))
_SLIVER = 5  # pixels; smaller patches of labels are points on a field, not fields
_MOST = 0.5


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Counts over all shares.

    Attributes:
        num_labels: labelled pixels.
        num_held: of those, held out once.
        num_scenes: held out with all labels of their scene.
        num_fields: held out with their whole field (connected labels of a class, five pixels at least).
        num_points: held out with their whole patch of fewer pixels.
        num_cut: held out while other pixels of their field were learned from.
        num_near: held out within `RADIUS` rows and columns of a label that was learned from.
    """

    num_labels: int
    num_held: int
    num_scenes: int
    num_fields: int
    num_points: int
    num_cut: int
    num_near: int

    def table(self) -> Table:
        """The counts for a person."""
        counts = {
            "labelled pixels": self.num_labels,
            "held out once": self.num_held,
            "with their whole scene": self.num_scenes,
            f"with their whole field ({_SLIVER} pixels at least)": self.num_fields,
            "as points or specks": self.num_points,
            "while the rest of their field was learned from": self.num_cut,
            f"within {RADIUS} pixels of a label that was learned from": self.num_near,
        }
        rows = tuple((what, count, f"{count / max(self.num_held, 1):.1%}") for what, count in counts.items())
        return Table(
            "Split audit",
            ("labels", "pixels", "of those held out"),
            tuple((what, count, "" if what == "labelled pixels" else share) for what, count, share in rows),
            "Every label is held out from one member at most; what that member says of it makes the figures.",
        )

    def meaning(self) -> str:
        """What figures on these labels say of other ground, in plain words."""
        held = max(self.num_held, 1)
        if self.num_scenes / held > _MOST:
            return (
                "Whole scenes were held out: the figures say what to expect of further scenes like these, "
                "of ground that was never seen."
            )
        if self.num_fields / held > _MOST and self.num_near / held < _MOST:
            return (
                "Whole fields were held out: the figures say what to expect of ground in this scene that was never "
                "seen. Another scene, day or sensor may do worse."
            )
        return (
            "Many held-out labels are points, or lie beside labels of their own field that were learned from: "
            "neighbours look alike, so the figures flatter the map where no label is near. Label whole fields, in "
            "several places, to know better."
        )


def audit(shares: Sequence[Share]) -> Audit:
    """Count where the held-out labels of all shares lie."""
    counts = dict.fromkeys(("num_scenes", "num_fields", "num_points", "num_cut", "num_near"), 0)
    pairs = [pair for share in shares for pair in zip(share.fitted, share.held_out, strict=True)]
    for fitted, held in pairs:
        learned, asked = fitted.labels > 0, held.labels > 0
        if asked.any():
            for name, count in _counts(fitted.labels, held.labels).items():
                counts[name] += count
            counts["num_near"] += inside_windows(Split(learned, np.zeros_like(learned), asked), RADIUS)
    num_held = sum(int(np.count_nonzero(held.labels)) for _, held in pairs)
    first = shares[0]
    num_labels = sum(
        int(np.count_nonzero(fitted.labels) + np.count_nonzero(held.labels))
        for fitted, held in zip(first.fitted, first.held_out, strict=True)
    )
    return Audit(num_labels=num_labels, num_held=num_held, **counts)


def _counts(learned: NDArray[np.int32], held: NDArray[np.int32]) -> dict[str, int]:
    """Of a scene's held-out labels, how many are held out with their scene, field, speck or in part."""
    if not learned.any():
        return {"num_scenes": int(np.count_nonzero(held))}
    counts = {"num_fields": 0, "num_points": 0, "num_cut": 0}
    for value in np.unique(held[held > 0]):
        both = (learned == value) | (held == value)
        parts, count = ndimage.label(both, structure=_EIGHT_NEIGHBOURS)
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        mine = np.bincount(parts.ravel(), weights=(held == value).ravel(), minlength=count + 1)
        whole = mine[1:] == sizes[1:]
        large = sizes[1:] >= _SLIVER
        counts["num_fields"] += int(mine[1:][whole & large].sum())
        counts["num_points"] += int(mine[1:][whole & ~large].sum())
        counts["num_cut"] += int(mine[1:][~whole].sum())
    return counts

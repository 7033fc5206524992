"""Figures of a change map, from the counts of two classes: 1 unchanged, 2 changed."""

from __future__ import annotations

import numpy as np

from hypersigma.metrics.classification import Matrix, cohen_kappa, overall_accuracy

_CHANGED = 2


def change_scores(matrix: Matrix) -> dict[str, float]:
    """Figures of a change map by their short names; those of an empty matrix are left out.

    f1_changed, precision, recall and iou_changed are of the changed class: with hits h, t truly changed and p mapped as
    changed 2 h / (t + p), h / p, h / t and h / (t + p - h), 0 where nothing is mapped, left out where nothing truly
    changed.
    f1_unchanged and iou_unchanged are those of the other class.

    Args:
        matrix: (3, 3) counts of [truth, mapped].
    """
    if not matrix.any():
        return {}
    figures = {"oa": overall_accuracy(matrix), "kappa": cohen_kappa(matrix)}
    for value, suffix in ((_CHANGED, "_changed"), (1, "_unchanged")):
        hits, truth, mapped = (
            int(number) for number in (matrix[value, value], matrix[value].sum(), matrix[:, value].sum())
        )
        if not truth:
            continue
        figures |= {f"f1{suffix}": 2 * hits / (truth + mapped), f"iou{suffix}": hits / (truth + mapped - hits)}
        if value == _CHANGED:
            figures |= {"precision": hits / mapped if mapped else 0.0, "recall": hits / truth}
    return {name: float(np.float64(figure)) for name, figure in figures.items()}

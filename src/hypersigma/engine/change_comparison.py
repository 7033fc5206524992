"""What benchmark rows of change detection say: mean and spread over seeds, of all test pixels and of each scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np

from hypersigma.engine.trial import Row, label_of
from hypersigma.products import Table

NOTE = (
    "F1, precision, recall and IoU are of changed pixels, over all test pixels together; AUC and AP of the scores. "
    "Mean F1: over scenes. ± is the deviation over seeds. No test pixel was trained on. Simulated changes are marked "
    "so by the scene's name: no real hyperspectral pair with a truth is at hand."
)
_FIGURES = {
    "F1": "f1_changed",
    "kappa": "kappa",
    "precision": "precision",
    "recall": "recall",
    "IoU": "iou_changed",
    "AUC": "auc",
    "AP": "ap",
    "mean F1": "mean_f1",
    "mean AP": "mean_ap",
}


def change_tables(rows: Iterable[Row]) -> list[Table]:
    """A table for each scene and protocol, the best method first; of several scenes in one, also F1 scene by scene."""

    def ground(row: Row) -> tuple[str, str]:
        return row["scene"], row["protocol"]

    tables = []
    for (scene, protocol), group in groupby(sorted(rows, key=ground), key=ground):
        methods: dict[str, list[Row]] = {}
        for row in group:
            methods.setdefault(label_of(row), []).append(row)
        order = sorted(methods, key=lambda name: -mean_of(methods[name], "f1_changed"))
        lines = [
            (
                name,
                len(methods[name]),
                *(spread_of(methods[name], key) for key in _FIGURES.values()),
                f"{np.mean([row['seconds'] for row in methods[name]]):.1f}",
                f"{np.mean([row['peak_memory_mb'] for row in methods[name]]):.0f}",
            )
            for name in order
        ]
        heads = ("method", "seeds", *_FIGURES, "seconds", "MB")
        said = [index for index in range(len(heads)) if any(line[index] for line in lines)]
        cells = tuple(tuple(str(line[index]) for index in said) for line in lines)
        tables.append(Table(f"{scene}, {protocol}", tuple(heads[index] for index in said), cells))
        own = sorted({key for row in methods[order[0]] for key in row["metrics"] if key.startswith("f1_")})
        places = [key.removeprefix("f1_") for key in own if key not in ("f1_changed", "f1_unchanged")]
        if places:
            by_scene = [(name, *(f"{spread_of(methods[name], f'f1_{place}')}" for place in places)) for name in order]
            tables.append(Table(f"{scene}, {protocol}: F1 by scene", ("method", *places), tuple(by_scene)))
    return tables


def spread_of(rows: Sequence[Row], key: str) -> str:
    """Mean over seeds and its deviation where there are several; nothing of no values."""
    values = [row["metrics"][key] for row in rows if key in row["metrics"]]
    if not values:
        return ""
    return f"{np.mean(values):.4f}" + (f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else "")


def mean_of(rows: Sequence[Row], key: str) -> float:
    """Mean over seeds, 0 of no values."""
    values = [row["metrics"][key] for row in rows if key in row["metrics"]]
    return float(np.mean(values)) if values else 0.0

"""What benchmark rows of change detection say: mean and spread over seeds, of all test pixels and of each scene."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from hypersigma.engine.method_tables import best_first, method_table, places_of, spread_of
from hypersigma.engine.trial import Row
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
        methods = best_first(list(group), "f1_changed", highest=True)
        tables.append(method_table(f"{scene}, {protocol}", methods, _FIGURES, ("seconds", "MB")))
        places = [place for place in places_of(methods, "f1") if place not in ("changed", "unchanged")]
        if places:
            by_scene = [(name, *(spread_of(own, f"f1_{place}") for place in places)) for name, own in methods.items()]
            tables.append(Table(f"{scene}, {protocol}: F1 by scene", ("method", *places), tuple(by_scene)))
    return tables

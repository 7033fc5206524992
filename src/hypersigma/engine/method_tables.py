"""Tables of benchmark rows, a line a method: mean and spread over seeds, what it cost, and scene by scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hypersigma.engine.trial import Row, label_of
from hypersigma.products import Table

Methods = Mapping[str, Sequence[Row]]

_COSTS = {"seconds": ("seconds", ".1f"), "MB": ("peak_memory_mb", ".0f")}


def best_first(rows: Sequence[Row], key: str, *, highest: bool) -> dict[str, list[Row]]:
    """Rows by method, those with the best mean of a figure first and those without it last."""
    methods: dict[str, list[Row]] = {}
    for row in rows:
        methods.setdefault(label_of(row), []).append(row)

    def rank(name: str) -> tuple[bool, float]:
        known = any(key in row["metrics"] for row in methods[name])
        return not known, -mean_of(methods[name], key) if highest else mean_of(methods[name], key)

    return {name: methods[name] for name in sorted(methods, key=rank)}


def method_table(title: str, methods: Methods, figures: Mapping[str, str], costs: Sequence[str]) -> Table:
    """A line a method; columns that say nothing of any method are left out.

    Args:
        title: of the table.
        methods: rows by method, in their order.
        figures: keys of figures by the heads of their columns.
        costs: which of "seconds" and "MB" are told.
    """
    heads = ("method", "seeds", *figures, *costs)
    lines = [
        (
            name,
            str(len(rows)),
            *(spread_of(rows, key) for key in figures.values()),
            *(format(float(np.mean([row[_COSTS[cost][0]] for row in rows])), _COSTS[cost][1]) for cost in costs),
        )
        for name, rows in methods.items()
    ]
    said = [index for index in range(len(heads)) if any(line[index] for line in lines)]
    cells = tuple(tuple(line[index] for index in said) for line in lines)
    return Table(title, tuple(heads[index] for index in said), cells)


def places_of(methods: Methods, key: str) -> list[str]:
    """Names of the scenes that some method has a figure of, as they stand in `<figure>_<scene>`."""
    own = {name for rows in methods.values() for row in rows for name in row["metrics"] if name.startswith(f"{key}_")}
    return sorted(name.removeprefix(f"{key}_") for name in own)


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

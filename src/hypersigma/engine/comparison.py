"""What benchmark rows say: mean and spread over seeds, and the paired difference to the best baseline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

import numpy as np

from hypersigma.engine.change_comparison import NOTE as CHANGE_NOTE
from hypersigma.engine.change_comparison import change_tables
from hypersigma.engine.detection_comparison import NOTE as DETECTION_NOTE
from hypersigma.engine.detection_comparison import detection_tables
from hypersigma.engine.restoration_comparison import NOTE as RESTORATION_NOTE
from hypersigma.engine.restoration_comparison import restoration_tables
from hypersigma.engine.trial import OURS, Row, label_of
from hypersigma.engine.unmixing_comparison import NOTE as UNMIXING_NOTE
from hypersigma.engine.unmixing_comparison import unmixing_tables
from hypersigma.products import Table

NOTE = (
    "Mean ± standard deviation over seeds. Interval: bootstrap over test pixels, mean of its ends. Whole fields: "
    "without the classes of a single field, which a line cuts. Difference to the best baseline: paired by seed, and "
    "how many seeds are won. Test in windows: test pixels inside the window of a training pixel."
)
_COLUMNS = (
    "method",
    "seeds",
    "OA",
    "95 % interval",
    "OA whole fields",
    "AA",
    "kappa",
    "OA - best",
    "seconds",
    "MB",
    "test in windows",
)


def tables(rows: Iterable[Row]) -> list[Table]:
    """Tables of rows of any task."""
    rows = list(rows)
    return [table for task, of in _TABLES.items() for table in of([row for row in rows if row["task"] in task])]


def note_of(tasks: Collection[str]) -> str:
    """What stands below the tables of these tasks."""
    return "\n".join(note for kinds, note in _NOTES.items() if set(kinds) & set(tasks))


def classification_tables(rows: Iterable[Row], mark: str = "") -> list[Table]:
    """One table for each scene and split, the best method first.

    Args:
        rows: of results.
        mark: the method that the others are compared with, the best baseline by default.
    """

    def ground(row: Row) -> tuple[str, str, str]:
        return row["scene"], row["protocol"], str(row["split"])

    return [_table(list(group), mark) for _, group in groupby(sorted(rows, key=ground), key=ground)]


def _table(rows: Sequence[Row], mark: str) -> Table:
    """The methods on one scene and split."""
    methods: dict[str, dict[int, Row]] = {}
    for row in rows:
        methods.setdefault(label_of(row), {})[row["seed"]] = row
    order = sorted(methods, key=lambda method: -float(np.mean(_values(methods[method], "oa"))))
    best = mark or next((method for method in order if not method.startswith(OURS)), "")
    lines = [_line(method, methods[method], best, methods.get(best, {})) for method in order]
    first = rows[0]
    title = f"{first['scene']}, {first['protocol']}"
    if first["split"]["num_per_class"]:
        title += f", {first['split']['num_per_class']} labels a class"
    # a column that says nothing of any method (no field was cut) is left out
    said = [index for index in range(len(_COLUMNS)) if any(line[index] for line in lines)]
    heads = tuple(_COLUMNS[index].replace("best", "mark" if mark else "best") for index in said)
    return Table(title, heads, tuple(tuple(line[i] for i in said) for line in lines))


def _line(method: str, by_seed: dict[int, Row], best: str, of_best: dict[int, Row]) -> tuple[str, ...]:
    """A method's row of the table."""
    low, high = (np.mean(_values(by_seed, name)) for name in ("oa_low", "oa_high"))
    costs = [np.mean([row[name] for row in by_seed.values()]) for name in ("seconds", "peak_memory_mb")]
    return (
        method,
        str(len(by_seed)),
        spread(_values(by_seed, "oa")),
        f"{low:.3f} to {high:.3f}",
        spread(_values(by_seed, "oa_whole_fields")),
        spread(_values(by_seed, "aa")),
        spread(_values(by_seed, "kappa")),
        "" if method == best else _paired(by_seed, of_best),
        f"{costs[0]:.1f}",
        f"{costs[1]:.0f}",
        f"{np.mean(_values(by_seed, 'test_in_windows')):.1%}",
    )


def _paired(by_seed: dict[int, Row], of_best: dict[int, Row]) -> str:
    """The difference in OA to the best baseline on the same splits, and on how many of them it is positive."""
    # the spread over splits is far larger than that between methods on one split: only pairs tell
    shared = sorted(by_seed.keys() & of_best.keys())
    if not shared:
        return "no shared seed"
    difference = [by_seed[seed]["metrics"]["oa"] - of_best[seed]["metrics"]["oa"] for seed in shared]
    wins = sum(value > 0 for value in difference)
    return f"{np.mean(difference):+.3f} ± {_deviation(difference):.3f} ({wins} of {len(shared)})"


def _values(by_seed: dict[int, Row], name: str) -> list[float]:
    """A figure over the seeds that have it."""
    return [row["metrics"][name] for row in by_seed.values() if name in row["metrics"]]


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation, nothing of no values."""
    return "" if not values else f"{np.mean(values):.3f} ± {_deviation(values):.3f}"


def _deviation(values: Sequence[float]) -> float:
    """Standard deviation with n - 1, 0 for a single value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


_KINDS = (
    ("classification",),
    ("anomaly_detection", "target_detection"),
    ("change_detection",),
    ("unmixing",),
    ("denoising", "super_resolution"),
)
_OF = (classification_tables, detection_tables, change_tables, unmixing_tables, restoration_tables)
_TABLES = dict(zip(_KINDS, _OF, strict=True))
_NOTES = dict(zip(_KINDS, (NOTE, DETECTION_NOTE, CHANGE_NOTE, UNMIXING_NOTE, RESTORATION_NOTE), strict=True))

"""What rows of probes say: a table for each scene and split, and one of probes carried over to other sensors."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from hypersigma.engine.comparison import classification_tables, spread
from hypersigma.engine.probe_plan import MARK
from hypersigma.engine.trial import Row
from hypersigma.products import Table

NOTE = (
    "Mean ± standard deviation over seeds. linear: logistic regression on standardised features, C = 10; knn: five "
    "nearest labels by angle. forest on pca_stack: random forest on 30 principal components and their smoothed copies, "
    "the mark to beat. random: the same encoders before any training. Seconds: features, computed once, and the probe. "
    "Shared bands: fitted on features of the bands that both sensors see, each scene standardised by itself."
)
_COLUMNS = ("method", "sensor", "seeds", "OA carried over", "OA by shared bands", "OA of its own", "difference")


def probe_tables(rows: Iterable[Row]) -> list[Table]:
    """All tables of probes."""
    rows = list(rows)
    carried = [row for row in rows if "oa_own" in row["metrics"]]
    plain = [row for row in rows if "oa_own" not in row["metrics"]]
    return classification_tables(plain, MARK) + ([_carried(carried)] if carried else [])


def _carried(rows: list[Row]) -> Table:
    """Probes fitted on scenes as they are and applied to the same scenes as other sensors see them."""

    def ground(row: Row) -> tuple[str, str, str]:
        return row["scene"], row["settings"][0], f"{row['method']} {row['weights']}"

    lines = []
    for (scene, setting, method), group in groupby(sorted(rows, key=ground), key=ground):
        figures = [row["metrics"] for row in group]
        carried, shared, own = ([figure[name] for figure in figures] for name in ("oa", "oa_shared", "oa_own"))
        lost = [one - other for one, other in zip(shared, own, strict=True)]
        sensor = f"{scene} as {setting.partition('=')[2]}"
        lines.append((method, sensor, str(len(figures)), *map(spread, (carried, shared, own, lost))))
    return Table("Probes carried over to other sensors", _COLUMNS, tuple(lines))

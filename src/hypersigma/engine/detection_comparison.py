"""What benchmark rows of detections say: each method over all scenes, and scene by scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from hypersigma.engine.trial import Row, label_of
from hypersigma.products import Table

NOTE = (
    "AUC of detection over false-alarm rate, AP average precision, Pd detection rate at 1e-3 false alarms. Mask: share "
    "of background taken for detections, where 1e-3 was asked for and no truth was seen. Means over scenes, then over "
    "seeds; ± is the deviation over seeds."
)


def detection_tables(rows: Iterable[Row]) -> list[Table]:
    """A table over scenes for each task and protocol, and one of average precision scene by scene."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["task"], row["protocol"]), []).append(row)
    tables = []
    for (task, protocol), group in sorted(groups.items()):
        methods: dict[str, list[Row]] = {}
        for row in group:
            methods.setdefault(label_of(row), []).append(row)
        order = sorted(methods, key=lambda name: -_mean(methods[name], "ap"))
        tables.append(_over_scenes(f"{task}, {protocol}", {name: methods[name] for name in order}))
        scenes = sorted({row["scene"] for row in group})
        if len(scenes) > 1:
            tables.append(_by_scene(f"{task}, {protocol}: AUC / AP by scene", methods, order, scenes))
    return tables


def _over_scenes(title: str, methods: dict[str, list[Row]]) -> Table:
    lines = []
    for name, rows in methods.items():
        scenes = sorted({row["scene"] for row in rows})
        worst = min(_mean([row for row in rows if row["scene"] == scene], "auc") for scene in scenes)
        seeds = len({row["seed"] for row in rows})
        figures = [_spread(rows, key) for key in ("auc", "ap", "pd_at_1e-3")]
        costs = [float(np.mean([row[key] for row in rows])) for key in ("seconds", "peak_memory_mb")]
        lines.append(
            (
                name,
                len(scenes),
                seeds,
                figures[0],
                figures[1],
                f"{worst:.4f}",
                figures[2],
                f"{_mean(rows, 'false_alarms'):.2e}",
                f"{costs[0]:.1f}",
                f"{costs[1]:.0f}",
            )
        )
    heads = ("method", "scenes", "seeds", "AUC", "AP", "worst AUC", "Pd", "mask", "seconds", "MB")
    return Table(title, heads, tuple(lines))


def _by_scene(title: str, methods: dict[str, list[Row]], order: Sequence[str], scenes: Sequence[str]) -> Table:
    """A row a scene, a column a method."""
    lines = []
    for scene in scenes:
        cells = []
        for name in order:
            rows = [row for row in methods[name] if row["scene"] == scene]
            cells.append(f"{_mean(rows, 'auc'):.3f} / {_mean(rows, 'ap'):.2f}" if rows else "")
        lines.append((scene, *cells))
    return Table(title, ("scene", *order), tuple(lines))


def _spread(rows: Sequence[Row], key: str) -> str:
    """Mean over scenes of a figure, and its deviation over seeds where there are several."""
    by_seed: dict[int, list[float]] = {}
    for row in rows:
        if key in row["metrics"]:
            by_seed.setdefault(row["seed"], []).append(row["metrics"][key])
    means = [float(np.mean(values)) for values in by_seed.values()]
    if not means:
        return ""
    return f"{np.mean(means):.4f}" + (f" ± {np.std(means, ddof=1):.4f}" if len(means) > 1 else "")


def _mean(rows: Sequence[Row], key: str) -> float:
    values = [row["metrics"][key] for row in rows if key in row["metrics"]]
    return float(np.mean(values)) if values else float("nan")

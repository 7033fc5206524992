"""What benchmark rows of unmixing say: mean and spread over seeds, and scene by scene."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import numpy as np

from hypersigma.engine.change_comparison import mean_of, spread_of
from hypersigma.engine.trial import Row, label_of
from hypersigma.products import Table

NOTE = (
    "SAD: mean spectral angle in radians of endmembers matched by the Hungarian method. RMSE of abundances: over all "
    "pixels and materials; RMSE by material: the mean over materials. MAE: mean absolute error. Residual: RMSE of the "
    "reconstruction. ± is the deviation over seeds. The truth was used for scoring alone."
)
_FIGURES = {
    "SAD": "sad",
    "RMSE": "armse",
    "RMSE by material": "rmse",
    "MAE": "mae",
    "residual": "residual",
}


def unmixing_tables(rows: Iterable[Row]) -> list[Table]:
    """A table for each scene, the best method first; of several scenes in one, also scene by scene."""

    def ground(row: Row) -> str:
        return str(row["scene"])

    tables = []
    for scene, group in groupby(sorted(rows, key=ground), key=ground):
        methods: dict[str, list[Row]] = {}
        for row in group:
            methods.setdefault(label_of(row), []).append(row)
        order = sorted(methods, key=lambda name: mean_of(methods[name], "armse"))
        lines = [
            (
                name,
                len(methods[name]),
                *(spread_of(methods[name], key) for key in _FIGURES.values()),
                f"{np.mean([row['seconds'] for row in methods[name]]):.1f}",
            )
            for name in order
        ]
        heads = ("method", "seeds", *_FIGURES, "seconds")
        said = [index for index in range(len(heads)) if any(line[index] for line in lines)]
        cells = tuple(tuple(str(line[index]) for index in said) for line in lines)
        tables.append(Table(scene, tuple(heads[index] for index in said), cells))
        own = {key for row in methods[order[0]] for key in row["metrics"] if key.startswith("armse_")}
        if own:
            places = sorted(key.removeprefix("armse_") for key in own)
            by_scene = [(name, *(_both(methods[name], place) for place in places)) for name in order]
            tables.append(Table(f"{scene}: SAD / RMSE by scene", ("method", *places), tuple(by_scene)))
    return tables


def _both(rows: list[Row], place: str) -> str:
    """Angle and error of a scene; the error alone where no true spectra are known."""
    error = f"{mean_of(rows, f'armse_{place}'):.4f}"
    known = any(f"sad_{place}" in row["metrics"] for row in rows)
    return f"{mean_of(rows, f'sad_{place}'):.4f} / {error}" if known else error

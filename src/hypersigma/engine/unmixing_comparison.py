"""What benchmark rows of unmixing say: mean and spread over seeds, and scene by scene."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from hypersigma.engine.method_tables import best_first, mean_of, method_table, places_of
from hypersigma.engine.trial import Row
from hypersigma.products import Table

NOTE = (
    "SAD: mean spectral angle in radians of endmembers matched by the Hungarian method. RMSE of abundances: over all "
    "pixels and materials; RMSE by material: the mean over materials. MAE: mean absolute error. Residual: RMSE of the "
    "reconstruction; SAM: its mean angle in radians. Of targets of known area: area is the sum of the errors of their "
    "areas over that of their areas, AUC of abundances against their masks, inside the MAE in pure pixels of theirs, "
    "outside the mean abundance where none is. ± is the deviation over seeds. The truth was used for scoring alone."
)
_FIGURES = {
    "SAD": "sad",
    "RMSE": "armse",
    "RMSE by material": "rmse",
    "MAE": "mae",
    "area": "area",
    "AUC": "auc",
    "inside": "inside",
    "outside": "outside",
    "residual": "residual",
    "SAM": "sam",
}


def unmixing_tables(rows: Iterable[Row]) -> list[Table]:
    """A table for each scene, the best method first; of several scenes in one, also scene by scene."""

    def ground(row: Row) -> str:
        return str(row["scene"])

    tables = []
    for scene, group in groupby(sorted(rows, key=ground), key=ground):
        methods = best_first(list(group), "armse", highest=False)
        tables.append(method_table(scene, methods, _FIGURES, ("seconds",)))
        places = places_of(methods, "armse")
        for heading, cell in (("SAD / RMSE", _both), ("area / inside / outside", _of_targets)):
            lines = tuple((name, *(cell(methods[name], place) for place in places)) for name in methods)
            if any(any(line[1:]) for line in lines):
                tables.append(Table(f"{scene}: {heading} by scene", ("method", *places), lines))
    return tables


def _both(rows: list[Row], place: str) -> str:
    """Angle and error of a scene; the error alone where no true spectra are known."""
    error = f"{mean_of(rows, f'armse_{place}'):.4f}"
    known = any(f"sad_{place}" in row["metrics"] for row in rows)
    return f"{mean_of(rows, f'sad_{place}'):.4f} / {error}" if known else error


def _of_targets(rows: list[Row], place: str) -> str:
    """Figures of a scene's targets of known area; nothing where it has none."""
    keys = tuple(f"{key}_{place}" for key in ("area", "inside", "outside"))
    known = any(keys[0] in row["metrics"] for row in rows)
    return " / ".join(f"{mean_of(rows, key):.4f}" for key in keys) if known else ""

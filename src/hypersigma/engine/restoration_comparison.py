"""What benchmark rows of denoising and super-resolution say: mean and spread over seeds, and scene by scene."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from hypersigma.engine.method_tables import Methods, best_first, mean_of, method_table, places_of
from hypersigma.engine.trial import Row
from hypersigma.products import Table

NOTE = (
    "MPSNR: mean over bands in dB, for a peak of 1. MSSIM: structural similarity. SAM: mean spectral angle in degrees; "
    "of denoising with both images clipped to 1e-4..1. ERGAS in per cent. Means over scenes, where a method takes all "
    "of them. ± is the deviation over seeds. The truth was used for scoring alone. Without a truth: noise left over "
    "noise before; what was taken out over noise (1 is best); correlations of what was taken out from band to band "
    "and pixel to pixel, high where it holds signal."
)
_FIGURES = {
    "MPSNR": "mpsnr",
    "MSSIM": "mssim",
    "SAM": "sam",
    "ERGAS": "ergas",
    "noise left": "noise_left",
    "taken out / noise": "removed_to_noise",
    "between bands": "band_correlation",
    "between pixels": "pixel_correlation",
}


def restoration_tables(rows: Iterable[Row]) -> list[Table]:
    """A table for each scene, the best method first; of several scenes in one, also MPSNR / SAM scene by scene."""

    def ground(row: Row) -> str:
        return str(row["scene"])

    tables = []
    for scene, group in groupby(sorted(rows, key=ground), key=ground):
        methods = best_first(list(group), "mpsnr", highest=True)
        tables.append(method_table(scene, methods, _FIGURES, ("seconds",)))
        places = places_of(methods, "mpsnr")
        if places:
            by_scene = [(name, *(_both(methods, name, place) for place in places)) for name in methods]
            tables.append(Table(f"{scene}: MPSNR / SAM by scene", ("method", *places), tuple(by_scene)))
    return tables


def _both(methods: Methods, name: str, place: str) -> str:
    """A method's figures of a scene, nothing where it does not take it."""
    rows = [row for row in methods[name] if f"mpsnr_{place}" in row["metrics"]]
    return f"{mean_of(rows, f'mpsnr_{place}'):.2f} / {mean_of(rows, f'sam_{place}'):.2f}" if rows else ""

"""Local RX: ours against Spectral Python's, with few bands and with many; and the collaborative detector's speed.

Run it with  python benchmarks/local_rx.py ; it prints one line a case and writes results/local_rx.json. All of it runs
on one thread. Speeds are pixels a second; a ratio above 1 means that ours is faster. Ours scores the pixels whose rings
lie inside the scene, theirs all pixels with rings of the same size shifted inwards at borders.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import spectral
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma.baselines._collaborative import collaborative
from hypersigma.baselines._local_rx import local_rx

# bands, side of the scene, inner window, outer window; the first is the one that the goal of 1,000 pixels/s is about
CASES = {"many_bands": (200, 34, 5, 15), "some_bands": (50, 34, 5, 15), "components": (5, 130, 17, 31)}
COLLABORATIVE = (25, 116, 13, 17)
LOADING, PENALTY, REPEATS = 1e-3, 1e-2, 3
RESULTS = Path(__file__).parent / "results" / "local_rx.json"


def scene(num_bands: int, side: int) -> NDArray[np.float32]:
    """Correlated random spectra (bands, rows, cols)."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(num_bands, num_bands)) * np.geomspace(1.0, 0.01, num_bands)
    return np.einsum("bk,krc->brc", mixing, rng.normal(size=(num_bands, side, side))).astype(np.float32)


def shortest_seconds(*methods: Callable[[], Any]) -> list[float]:
    """The shortest time that each method takes; methods take turns."""
    shortest = [float("inf")] * len(methods)
    for turn in range(REPEATS * len(methods)):
        which = turn % len(methods)
        start = time.perf_counter()
        methods[which]()
        shortest[which] = min(shortest[which], time.perf_counter() - start)
    return shortest


def agree() -> None:
    """Both give the same scores where rings have many more samples than bands."""
    image, inside = scene(20, 24), (slice(7, -7), slice(7, -7))
    theirs = spectral.rx(image.transpose(1, 2, 0).astype(np.float64), window=(5, 15))[inside]
    np.testing.assert_allclose(local_rx(image, 5, 15, 0.0), theirs, rtol=1e-3)


def against_spectral(num_bands: int, side: int, inner: int, outer: int) -> dict[str, Any]:
    """Pixels a second of both, and their ratio."""
    image = scene(num_bands, side)
    rows_last = np.ascontiguousarray(image.transpose(1, 2, 0).astype(np.float64))
    ours, theirs = shortest_seconds(
        lambda: local_rx(image, inner, outer, LOADING), lambda: spectral.rx(rows_last, window=(inner, outer))
    )
    ours, theirs = (side - outer + 1) ** 2 / ours, side**2 / theirs
    return {
        "bands": num_bands,
        "windows": [inner, outer],
        "ours": round(ours),
        "spectral": round(theirs),
        "ratio": round(ours / theirs, 2),
    }


def alone(num_bands: int, side: int, inner: int, outer: int) -> dict[str, Any]:
    """Pixels a second of the collaborative detector, which Spectral Python lacks."""
    image = scene(num_bands, side)
    (seconds,) = shortest_seconds(lambda: collaborative(image, inner, outer, PENALTY))
    return {"bands": num_bands, "windows": [inner, outer], "ours": round((side - outer + 1) ** 2 / seconds)}


def main() -> None:
    """Measure every case, print and store."""
    spectral.settings.show_progress = False
    agree()
    with threadpool_limits(1):
        rows = {name: against_spectral(*case) for name, case in CASES.items()}
        rows["collaborative"] = alone(*COLLABORATIVE)
    for name, row in rows.items():
        print(name, row)
    machine = {"processor": platform.machine(), "python": platform.python_version(), "numpy": np.__version__}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "threads": 1, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Fully constrained least squares against pysptools and a plain loop: pixels per second of processor time, interleaved.

    python benchmarks/abundances.py

One thread. The scene is 256 x 256 pixels of 200 bands in memory, mixtures of six spectra with noise. Each round does
all of it here, and a part of it with each of the others: a call of scipy's `nnls` a pixel, with a heavy row of ones for
the sum, and pysptools' `FCLS`, a quadratic program a pixel, where that is installed (it is not ours to need): with its
solver as it is, and held to tolerances that leave no difference. Errors are of the abundances of the same pixels. The
results go to benchmarks/results/abundances.json.
"""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits

from hypersigma.data.abundances import fcls

RESULTS = Path(__file__).parent / "results" / "abundances.json"
BANDS, SIDE, ENDMEMBERS, ROUNDS = 200, 256, 6, 5
NOISE = 0.005  # of spectra around 0.3: about 35 dB
PARTS = {"scipy nnls": 8192, "pysptools": 2048, "pysptools, exact": 1024}  # pixels of a round
EXACT = {"abstol": 1e-13, "reltol": 1e-13, "feastol": 1e-13}
HEAVY = 1e3  # weight of the row for the sum
Floats = NDArray[np.float64]


def scene() -> tuple[Floats, Floats, NDArray[np.float32]]:
    """Endmembers (K, bands), true shares (K, pixels) and spectra (bands, pixels), in an order drawn at random."""
    generator = np.random.default_rng(0)
    places = np.linspace(0, 1, BANDS)
    centres, widths = generator.uniform(0, 1, (ENDMEMBERS, 5, 1)), generator.uniform(0.03, 0.2, (ENDMEMBERS, 5, 1))
    heights = generator.uniform(0.02, 0.12, (ENDMEMBERS, 5, 1))
    endmembers = 0.2 + (heights * np.exp(-0.5 * ((places - centres) / widths) ** 2)).sum(axis=1)
    shares = generator.dirichlet(np.full(ENDMEMBERS, 0.7), SIDE * SIDE).T
    spectra = endmembers.T @ shares + NOISE * generator.standard_normal((BANDS, SIDE * SIDE))
    return endmembers, shares, spectra.astype(np.float32)


def looped(spectra: NDArray[Any], endmembers: Floats) -> Floats:
    """Shares (K, n) by a call a pixel."""
    system = np.vstack([endmembers.T, np.full(ENDMEMBERS, HEAVY)])
    return np.stack([nnls(system, np.append(pixel, HEAVY))[0] for pixel in spectra.T.astype(np.float64)], axis=1)


def theirs(spectra: NDArray[Any], endmembers: Floats) -> Floats:
    """Shares (K, n) of pysptools, a quadratic program a pixel."""
    solver = importlib.import_module("pysptools.abundance_maps.amaps").FCLS
    return np.asarray(solver(spectra.T.astype(np.float64), endmembers), dtype=np.float64).T


def exactly(spectra: NDArray[Any], endmembers: Floats) -> Floats:
    """Shares (K, n) of pysptools with the tolerances of its solver tightened."""
    options = importlib.import_module("cvxopt.solvers").options
    options.update(EXACT)
    found = theirs(spectra, endmembers)
    for key in EXACT:
        del options[key]
    return found


def seconds(work: Callable[[], Floats]) -> tuple[float, Floats]:
    """Processor time of a piece of work, and what came of it."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def error(found: Floats, true: Floats) -> float:
    """Root mean squared error of shares."""
    return float(np.sqrt(np.square(found - true).mean()))


def main() -> None:
    """Time all in turn, and compare what they say."""
    endmembers, shares, spectra = scene()
    others: dict[str, Callable[..., Floats]] = {"scipy nnls": looped}
    if find_spec("pysptools"):
        others |= {"pysptools": theirs, "pysptools, exact": exactly}
    rates: dict[str, list[float]] = {name: [] for name in ("hypersigma", *others)}
    rows: dict[str, dict[str, float]] = {}
    with threadpool_limits(limits=1):
        fcls(spectra[:, :64], endmembers)  # libraries are loaded
        for _ in range(ROUNDS):
            spent, ours = seconds(lambda: fcls(spectra, endmembers))
            rates["hypersigma"].append(spectra.shape[1] / spent)
            rows["hypersigma"] = {"rmse": error(ours, shares)}
            for name, solve in others.items():
                part = slice(0, PARTS[name])
                spent, found = seconds(lambda solve=solve, part=part: solve(spectra[:, part], endmembers))
                rates[name].append(PARTS[name] / spent)
                rows[name] = {
                    "rmse": error(found, shares[:, part]),
                    "rmse_of_ours_there": error(ours[:, part], shares[:, part]),
                    "largest_difference": float(np.abs(found - ours[:, part]).max()),
                }
    best = {name: max(values) for name, values in rates.items()}
    for name, row in rows.items():
        row |= {"pixels_per_second": best[name], "times_slower": best["hypersigma"] / best[name]}
        print(name, json.dumps(row))
    told = {"scene": [SIDE, SIDE, BANDS], "endmembers": ENDMEMBERS, "threads": 1, "methods": rows}
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Denoising of scenes with white noise of unknown strength: MPSNR (peak 1), MSSIM and the spectral angle.

    HYPERSIGMA_DATA=FOLDER python benchmarks/denoising.py

takes the clean bands of Indian Pines (from the package tensorly), Berlin HyMap and CAVE's chart and stuffed toy, scaled
to between 0 and 1, adds Gaussian noise of 30 and 70 of 255, seeds 0 to 4, and denoises it blind. Rows are appended to
benchmarks/results/denoising.jsonl; those in it already are not run again. One thread, about four minutes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma.data.scenes import indian_pines
from hypersigma.data.subspace_denoising import denoised
from hypersigma.engine.results import append_row
from hypersigma.metrics.restoration import restoration_scores
from hypersigma.readers import open_cube

RESULTS = Path(__file__).parent / "results" / "denoising.jsonl"
SIGMAS, SEEDS = (30, 70), (0, 1, 2, 3, 4)
CLEAN = 60.0  # a band's deviation against what its four neighbours leave of it
Image = NDArray[np.float64]


def scenes() -> Iterator[tuple[str, Image]]:
    """The clean scenes (bands, rows, cols)."""
    pines = indian_pines.load()[0].cube.read().astype(np.float64)
    pines = pines[clean(pines)]
    yield "indian_pines", (pines - pines.min()) / (pines.max() - pines.min())
    folder = Path(os.environ["HYPERSIGMA_DATA"])
    for name, file in (
        ("berlin_hymap", next((folder / "berlin_urban_gradient").glob("HyMap02_*.bsq"))),
        ("cave", folder / "cave" / "chart_and_stuffed_toy_ms_256.mat"),
    ):
        image = open_cube(file).read().astype(np.float64)
        yield name, image / image.max()


def clean(image: Image) -> NDArray[np.bool_]:
    """Bands whose noise, as their neighbours tell it, is small."""
    flat = image.reshape(len(image), -1)
    kept = np.zeros(len(flat), dtype=bool)
    for band in range(len(flat)):
        others = [other for other in range(band - 2, band + 3) if other != band and 0 <= other < len(flat)]
        known = np.concatenate([flat[others], np.ones((1, flat.shape[1]))]).T
        fitted = known @ np.linalg.lstsq(known, flat[band], rcond=None)[0]
        kept[band] = flat[band].mean() / (flat[band] - fitted).std() > CLEAN
    return kept


def rows() -> list[dict[str, Any]]:
    """What has been measured; a last line cut short by a kill is left out, and cut off by the next row."""
    lines = RESULTS.read_text().splitlines(keepends=True) if RESULTS.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main() -> None:
    """Measure what is missing and print the means."""
    done = {(row["scene"], row["sigma"], row["seed"]) for row in rows()}
    table: dict[tuple[str, int], list[dict[str, Any]]] = {}
    with threadpool_limits(limits=1):
        for name, image in scenes():
            for sigma in SIGMAS:
                for seed in SEEDS:
                    if (name, sigma, seed) in done:
                        continue
                    noise = np.random.default_rng(seed).normal(0, sigma / 255, image.shape)
                    start = time.process_time()
                    found = denoised((image + noise).astype(np.float32))
                    seconds = time.process_time() - start
                    figures = restoration_scores(found.image, image)
                    row = {"scene": name, "bands": len(image), "sigma": sigma, "seed": seed, "seconds": seconds}
                    append_row(RESULTS, row | {"metrics": figures})
    for row in rows():
        table.setdefault((row["scene"], row["sigma"]), []).append(row["metrics"])
    for (name, sigma), figures in sorted(table.items()):
        means = {key: float(np.mean([found[key] for found in figures])) for key in ("mpsnr", "mssim", "sam")}
        print(name, sigma, *(f"{key} {value:.3f}" for key, value in means.items()))


if __name__ == "__main__":
    main()

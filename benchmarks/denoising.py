"""Denoising of scenes with simulated noise nobody is told of, by every method: MPSNR (peak 1), MSSIM, SAM and ERGAS.

    HYPERSIGMA_DATA=FOLDER python benchmarks/denoising.py [SEED ...]

takes the clean bands of Indian Pines (from the package tensorly), Berlin HyMap and CAVE's chart and stuffed toy, scaled
to between 0 and 1, adds Gaussian noise of 30 and 70 of 255 or the mixtures of the published cases 2 to 5, seeds 0 to 4,
and denoises it blind. Images are clipped to 1e-4..1 for the angle alone. Rows are appended to
benchmarks/results/denoising.jsonl; those in it already are not run again. One thread, about half an hour a seed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.corrupt import PUBLISHED_CASES, CorruptionConfig, GaussianNoise, corrupted
from hypersigma.data.denoised_maps import DENOISED
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.scenes import indian_pines
from hypersigma.engine.methods import network_method
from hypersigma.engine.predict import predict_scene
from hypersigma.engine.results import append_row
from hypersigma.metrics.restoration import restoration_scores, spectral_angle
from hypersigma.readers import open_cube

RESULTS = Path(__file__).parent / "results" / "denoising.jsonl"
SEEDS = (0, 1, 2, 3, 4)
CASES = {
    **{f"sigma {level}": CorruptionConfig(gaussian=GaussianNoise(deviations=(level / 255,))) for level in (30, 70)},
    **{f"case {case}": PUBLISHED_CASES[case] for case in (2, 3, 4, 5)},
}
OURS = "hypersigma"
BASELINES = ("fasthyde", "nlm", "pca_denoising", "robust_pca")
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


def method_of(name: str) -> Any:
    """A method by its name."""
    return network_method("denoising", None) if name == OURS else registry.load("hypersigma.baselines", name).METHOD


def trial(image: Image, case: str, seed: int, name: str) -> dict[str, Any]:
    """Figures of a method on a scene with noise."""
    cube = Cube.from_array(corrupted(image, CASES[case], seed).image)
    start = time.process_time()
    fitted = method_of(name).fit([RestorationScene(cube=cube)], seed)
    found = predict_scene(fitted, cube)[DENOISED]
    seconds = time.process_time() - start
    figures = restoration_scores(found, image)
    figures["sam"] = spectral_angle(np.clip(found, 1e-4, 1), np.clip(image, 1e-4, 1))
    return {"seconds": seconds, "metrics": figures}


def main() -> None:
    """Measure what is missing and print the means."""
    keys = ("scene", "case", "seed", "method")
    done = {tuple(row[key] for key in keys) for row in rows()}
    seeds = tuple(int(word) for word in sys.argv[1:]) or SEEDS
    with threadpool_limits(limits=1):
        for seed in seeds:
            for scene, image in scenes():
                for case in CASES:
                    for name in (OURS, *BASELINES):
                        told = (scene, case, seed, name)
                        if told not in done:
                            row = dict(zip(keys, told, strict=True)) | {"bands": len(image)}
                            append_row(RESULTS, row | trial(image, case, seed, name))
    table: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows():
        table.setdefault((row["scene"], row["case"], row["method"]), []).append(row["metrics"])
    for told, figures in sorted(table.items()):
        means = {key: float(np.mean([found[key] for found in figures])) for key in ("mpsnr", "mssim", "sam", "ergas")}
        print(*told, len(figures), *(f"{key} {value:.3f}" for key, value in means.items()))


if __name__ == "__main__":
    main()

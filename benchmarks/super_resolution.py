"""Super-resolution of scenes made coarser (Wald's protocol), and fusion with a synthetic RGB.

    HYPERSIGMA_DATA=FOLDER python benchmarks/super_resolution.py

takes CAVE's chart and stuffed toy, DLR HySU (rows 0 to 83, columns 0 to 119) and Berlin HyMap (columns 0 to 63), over
their maxima; a coarse pixel is the mean of its own area. RGB has Gaussian responses at 640, 550 and 460 nm (deviation
40 nm), no noise, and lies exactly. Rows are appended to benchmarks/results/super_resolution.jsonl; those in it already
are not run again. One thread, about five minutes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma.cube import Cube
from hypersigma.data.resize import resized
from hypersigma.data.sharpening import enlarged, matched
from hypersigma.data.wald import WaldConfig, coarsened, whole
from hypersigma.engine.results import append_row
from hypersigma.georef import Georef
from hypersigma.metrics.restoration import restoration_scores
from hypersigma.readers import open_cube

RESULTS = Path(__file__).parent / "results" / "super_resolution.jsonl"
SCALES, FUSED, ROUNDS = (2, 4, 8), 4, 10
CENTRES, DEVIATION = np.array([640.0, 550.0, 460.0]), 40.0  # nm
PLACE = Georef((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), 'LOCAL_CS["here",UNIT["metre",1]]')
Image = NDArray[np.float32]


def scenes() -> Iterator[tuple[str, Image, NDArray[np.float64]]]:
    """Names, images (bands, rows, cols) and wavelengths in nm."""
    folder = Path(os.environ["HYPERSIGMA_DATA"])
    cave = open_cube(folder / "cave" / "chart_and_stuffed_toy_ms_256.mat").read()
    yield "cave", cave / cave.max(), np.linspace(400.0, 700.0, len(cave))
    hysu = open_cube(folder / "dlr_hysu" / "HySpex" / "full_hs" / "Full.hdr").read()[:, :84, :120]
    yield "hysu", hysu / hysu.max(), np.linspace(417.0, 903.0, len(hysu))
    berlin = open_cube(next((folder / "berlin_urban_gradient").glob("HyMap02_*.bsq")))
    image = berlin.read()[:, :100, :64]
    assert berlin.wavelengths is not None
    yield "berlin_hymap", image / image.max(), berlin.wavelengths[berlin.used]


def colour(image: Image, waves: NDArray[np.float64]) -> Image:
    """What a camera of three bands sees of an image."""
    responses = np.exp(-(((waves - CENTRES[:, None]) / DEVIATION) ** 2) / 2)
    return np.tensordot(responses / responses.sum(axis=1, keepdims=True), image, axes=1).astype(np.float32)


def methods(image: Image, waves: NDArray[np.float64], scale: int) -> Iterator[tuple[str, Callable[[], Image]]]:
    """Names and what they make of the scene on coarse pixels."""
    config = WaldConfig(scale=scale, spread="mean")
    coarse = coarsened(image, config)
    size = (image.shape[1], image.shape[2])
    yield "bicubic", lambda: resized(coarse, size)
    yield "bicubic_back_projected", lambda: enlarged(coarse, config, ROUNDS, "interpolated")
    yield "hypersigma", lambda: enlarged(coarse, config, ROUNDS)
    if scale == FUSED:
        match = matched(
            Cube.from_array(coarse, georef=PLACE.divided(1 / scale)),
            Cube.from_array(colour(image, waves), georef=PLACE),
        )
        told = np.tensordot(match.matrix[1:].T, match.sharp, axes=1) + match.matrix[0][:, None, None]
        yield "hypersharpening_rgb", lambda: (told + resized(match.residual, size)).astype(np.float32)
        yield "hypersigma_rgb", lambda: match.sharpened(ROUNDS)


def rows() -> list[dict[str, Any]]:
    """What has been measured; a last line cut short by a kill is left out, and cut off by the next row."""
    lines = RESULTS.read_text().splitlines(keepends=True) if RESULTS.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main() -> None:
    """Measure what is missing and print the figures."""
    done = {(row["scene"], row["scale"], row["method"]) for row in rows()}
    with threadpool_limits(limits=1):
        for name, scene, waves in scenes():
            for scale in SCALES:
                image = whole(scene, scale)
                for method, sharpened in methods(image, waves, scale):
                    if (name, scale, method) in done:
                        continue
                    start = time.process_time()
                    found = sharpened()
                    seconds = time.process_time() - start
                    figures = restoration_scores(found, image, ratio=scale)
                    row = {"scene": name, "scale": scale, "method": method, "seconds": seconds, "metrics": figures}
                    append_row(RESULTS, row)
    for row in rows():
        told = (f"{key} {row['metrics'][key]:.3f}" for key in ("mpsnr", "mssim", "sam", "ergas", "cc"))
        print(row["scene"], row["scale"], row["method"], *told)


if __name__ == "__main__":
    main()

"""How far denoising holds over the amount of noise: Gaussian noise, impulses and stripes, each at several levels.

    HYPERSIGMA_DATA=FOLDER python benchmarks/denoising_robustness.py

Two small scenes: the part of Pavia University (50 x 50 pixels, 103 bands) and 64 x 64 pixels of CAVE. Levels of
Gaussian noise are deviations of 255. Impulses and stripes lie on a third of the bands, on so many percent of their
pixels or columns, over Gaussian noise of 10 of 255. Draws are paired: the same Gaussian noise is scaled. Every method
of denoising with seeds 0, 1 and 2; rows are appended to benchmarks/results/denoising_robustness.jsonl, and those in it
already are not run again; at the end means over seeds are printed as a table of MPSNR / SAM. One thread, some minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.data.corrupt import CorruptionConfig, GaussianNoise, ImpulseNoise, StripeNoise, corrupted
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.scenes import _clean
from hypersigma.engine.methods import network_method
from hypersigma.engine.restoration_trial import restored_figures
from hypersigma.engine.results import append_row

RESULTS = Path(__file__).parent / "results" / "denoising_robustness.jsonl"
OURS = "hypersigma-tiny"
SEEDS = (0, 1, 2)
CALM = GaussianNoise(deviations=(10 / 255,))
LEVELS = {"Gaussian, of 255": (5, 20, 50, 100), "impulses, %": (5, 30, 60), "stripes, %": (5, 20, 40)}
CAVE = np.s_[:, 96:160, 96:160]
KEYS = ("scene", "case", "level", "seed", "method")
Row = dict[str, Any]


def noise(case: str, level: float) -> CorruptionConfig:
    """The noise of a case at a level."""
    if case.startswith("Gaussian"):
        return CorruptionConfig(gaussian=GaussianNoise(deviations=(level / 255,)))
    share = level / 100
    if case.startswith("impulses"):
        return CorruptionConfig(gaussian=CALM, impulses=ImpulseNoise(ratios=(share,)))
    return CorruptionConfig(gaussian=CALM, stripes=StripeNoise(columns=(share, share)))


def scenes() -> Iterator[tuple[str, _clean.CleanImage]]:
    """Names and clean images."""
    yield "pavia_university", _clean.pavia_university(None)
    cave = _clean.cave(None)
    yield "cave", replace(cave, image=cave.image[CAVE])


def methods() -> dict[str, Any]:
    """Every method of denoising by its name, ours first."""
    named = {name: registry.load("hypersigma.baselines", name) for name in registry.names("hypersigma.baselines")}
    known = {name: module.METHOD for name, module in named.items() if module.TASK == "denoising"}
    return {OURS: network_method("denoising", None)} | known


def trial(clean: _clean.CleanImage, row: Row, method: Any) -> Row:
    """Figures of a method on a scene with the noise of a row."""
    noisy = corrupted(clean.image, noise(row["case"], row["level"]), row["seed"]).image
    scene = RestorationScene(cube=clean.cube(noisy, row["scene"]), truth=clean.cube(clean.image, "truth"))
    outcome = restored_figures(method, [scene], "denoising", row["seed"])
    metrics = {key: round(outcome.metrics[key], 4) for key in ("mpsnr", "mssim", "sam", "ergas")}
    return {"seconds": round(outcome.seconds, 3), "metrics": metrics}


def table(rows: list[Row]) -> str:
    """MPSNR / SAM in Markdown, means over seeds."""
    names = list(dict.fromkeys(row["method"] for row in rows))
    lines = [f"| scene | noise | {' | '.join(names)} |", "| --- " * (len(names) + 2) + "|"]
    for scene, case, level in dict.fromkeys(tuple(row[key] for key in KEYS[:3]) for row in rows):
        here = [row for row in rows if (row["scene"], row["case"], row["level"]) == (scene, case, level)]
        cells = []
        for name in names:
            mine = [row["metrics"] for row in here if row["method"] == name]
            cells.append(" / ".join(f"{np.mean([found[key] for found in mine]):.2f}" for key in ("mpsnr", "sam")))
        lines.append(f"| {scene} | {case} {level:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def wanted() -> Iterator[tuple[Row, _clean.CleanImage, Any]]:
    """What tells a row from others, with the clean image and the method; a run cut short has all levels of a seed."""
    every = methods()
    for seed in SEEDS:
        for scene, clean in scenes():
            for case, levels in LEVELS.items():
                for level in levels:
                    for name, method in every.items():
                        yield dict(zip(KEYS, (scene, case, level, seed, name), strict=True)), clean, method


def rows() -> list[Row]:
    """What has been measured; a last line cut short by a kill is left out, and cut off by the next row."""
    lines = RESULTS.read_text().splitlines(keepends=True) if RESULTS.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main() -> None:
    """Measure what is missing and print the table."""
    done = {tuple(row[key] for key in KEYS) for row in rows()}
    with threadpool_limits(limits=1):
        for row, clean, method in wanted():
            if tuple(row.values()) not in done:
                append_row(RESULTS, row | trial(clean, row, method))
    print(table(rows()))


if __name__ == "__main__":
    main()

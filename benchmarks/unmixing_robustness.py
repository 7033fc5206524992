"""How well unmixing does over noise, lost bands and a wrong number of endmembers.

    HYPERSIGMA_DATA=FOLDER python benchmarks/unmixing_robustness.py

Seeds draw the mixtures, the noise, the bands that are lost and what a method draws; draws are paired: the same noise is
scaled, and bands lost at a lower share are lost at a higher one too. Rows go to
benchmarks/results/unmixing_robustness.jsonl, a line a trial; at the end the means over seeds are printed as a table of
SAD / RMSE of abundances. One thread, some minutes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.cube import ArraySource
from hypersigma.data.scenes import jasper_ridge, samson, simulated_mixtures
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.engine.methods import network_method
from hypersigma.engine.unmixing_trial import unmixing_figures

RESULTS = Path(__file__).parent / "results" / "unmixing_robustness.jsonl"
OURS = {"hypersigma-tiny": {}, "hypersigma-tiny, compare=shape": {"compare": "shape"}}
BASELINES = ("vca_fcls", "nfindr_fcls")
SEEDS = (0, 1, 2)
KEPT = ("sad", "armse")
Row = dict[str, Any]
Change = Callable[[UnmixingScene, float, np.random.Generator], UnmixingScene]


def unchanged(scene: UnmixingScene, level: float, generator: np.random.Generator) -> UnmixingScene:
    """The scene as it is."""
    return scene


def noisy(scene: UnmixingScene, level: float, generator: np.random.Generator) -> UnmixingScene:
    """The scene with white noise so many decibels below its own power, mean over all bands."""
    pixels = scene.cube.read(bands=np.arange(scene.cube.shape[0])).astype(np.float64)
    return _with_noise(scene, pixels, level, generator)


def mixed(scene: UnmixingScene, level: float, generator: np.random.Generator) -> UnmixingScene:
    """The mixtures of a simulated scene, without their noise, with white noise so many decibels below their power."""
    assert scene.truth_spectra is not None
    assert scene.truth_abundances is not None
    return _with_noise(scene, np.tensordot(scene.truth_spectra.T, scene.truth_abundances, axes=1), level, generator)


def without_bands(scene: UnmixingScene, level: float, generator: np.random.Generator) -> UnmixingScene:
    """The scene with some percent of its bands, drawn at random, marked as not valid."""
    places = generator.permutation(scene.cube.shape[0])
    return replace(scene, cube=scene.cube.dropped(places < level / 100 * len(places), "lost"))


def miscounted(scene: UnmixingScene, level: float, generator: np.random.Generator) -> UnmixingScene:
    """The scene with so many endmembers asked for beyond those that it holds."""
    assert isinstance(scene.count, int)
    return replace(scene, count=scene.count + int(level))


def _with_noise(scene: UnmixingScene, pixels: Any, level: float, generator: np.random.Generator) -> UnmixingScene:
    deviation = np.sqrt(np.nanmean(np.square(pixels)) / 10 ** (level / 10))
    source = ArraySource((pixels + deviation * generator.standard_normal(pixels.shape)).astype(np.float32))
    plain = {"order": np.arange(len(pixels)), "scale": 1.0, "offset": 0.0, "nodata": None}
    return replace(scene, cube=replace(scene.cube, source=source, **plain))


class Case(NamedTuple):
    """What is changed, by how much, and of which scenes."""

    change: Change
    levels: tuple[float, ...]
    scenes: tuple[str, ...]


REAL = ("samson", "jasper_ridge")
CASES = {
    "as it is": Case(unchanged, (0,), REAL),
    "SNR, dB": Case(mixed, (40, 30, 25, 20), ("simulated_mixtures",)),
    "added noise, dB": Case(noisy, (40, 30, 25, 20), ("samson",)),
    "bands lost, %": Case(without_bands, (10, 30, 60), REAL),
    "endmembers too many": Case(miscounted, (-1, 1), REAL),
}


def scene_of(name: str, seed: int) -> UnmixingScene:
    """A scene by name; the seed draws simulated ones."""
    if name == "simulated_mixtures":
        return simulated_mixtures.draw("published", seed)[-1]
    (scene,) = {"samson": samson, "jasper_ridge": jasper_ridge}[name].load()
    return scene


def trials() -> Iterator[Row]:
    """A row a trial, each method on the same changed scene."""
    methods = {name: network_method("unmixing", settings, device="cpu") for name, settings in OURS.items()}
    methods |= {name: registry.load("hypersigma.baselines", name).METHOD for name in BASELINES}
    for case, (change, levels, names) in CASES.items():
        for scene in names:
            for level in levels:
                for seed in SEEDS:
                    changed = change(scene_of(scene, seed), level, np.random.default_rng(seed))
                    row = {"scene": scene, "case": case, "level": level, "seed": seed}
                    for name, method in methods.items():
                        found = unmixing_figures(method, [changed], seed)
                        yield row | {"method": name, "metrics": {key: round(found[key], 5) for key in KEPT}}


def table(rows: list[Row]) -> str:
    """SAD / RMSE in Markdown, means over seeds."""
    methods = (*OURS, *BASELINES)
    lines = [f"| scene | case | {' | '.join(methods)} |", "| --- " * (len(methods) + 2) + "|"]
    places = dict.fromkeys((row["scene"], row["case"], row["level"]) for row in rows)
    for scene, case, level in places:
        here = [row for row in rows if (row["scene"], row["case"], row["level"]) == (scene, case, level)]
        cells = []
        for method in methods:
            mine = [row["metrics"] for row in here if row["method"] == method]
            cells.append(" / ".join(f"{np.mean([found[key] for found in mine]):.3f}" for key in KEPT))
        lines.append(f"| {scene} | {case} {level:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run all trials, write each as it comes, and print the table."""
    rows, start = [], time.process_time()
    with RESULTS.open("w") as file, threadpool_limits(limits=1):
        for row in trials():
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
    print(f"{table(rows)}\n\n{time.process_time() - start:.0f} s of CPU")


if __name__ == "__main__":
    main()

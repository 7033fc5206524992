"""How well detections do on noisy scenes, scenes that lost bands, and with a target's spectrum that is off.

Command: python benchmarks/detection_robustness.py anomaly_detection
         python benchmarks/detection_robustness.py target_detection
HYPERSIGMA_DATA names the folder of the scenes. Cost: 10 and 12 minutes on one core. Out come a line of JSON a
trial in benchmarks/results/{anomaly,target}_robustness.jsonl, and means over scenes and draws of AUC / AP as tables.

Draws are paired: the same noise is scaled, and bands lost at a lower share are lost at a higher one too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.cube import ArraySource
from hypersigma.data.detection import DetectionScene
from hypersigma.data.method import Method
from hypersigma.data.scenes import hysu, san_diego_targets
from hypersigma.engine.detection_trial import detection_figures
from hypersigma.engine.methods import network_method
from hypersigma.spectra import Floats

RESULTS = Path(__file__).parent / "results"
METHODS = {
    "anomaly_detection": ("hypersigma-tiny", "rank_fusion", "rx"),
    "target_detection": ("hypersigma-tiny", "ace", "matched_filter", "sam"),
}
ANOMALIES = ("abu_airport_2", "abu_beach_2", "abu_urban_3", "san_diego")
AIRCRAFT = (0, 1, 11)  # the first seed that draws each of the three
KEPT = ("auc", "ap", "pd_at_1e-3", "false_alarms")

Change = Callable[[DetectionScene, float, np.random.Generator], DetectionScene]


def unchanged(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """The scene as it is."""
    return scene


def noisy(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """The scene with Gaussian noise, each band so many decibels below its own variance."""
    pixels = scene.cube.read(bands=np.arange(scene.cube.shape[0]))
    deviation = pixels.std(axis=(1, 2), keepdims=True) * np.float32(10 ** (-level / 20))
    source = ArraySource(pixels + deviation * generator.standard_normal(pixels.shape, dtype=np.float32))
    order = np.arange(len(pixels))
    return replace(scene, cube=replace(scene.cube, source=source, order=order, scale=1.0, offset=0.0, nodata=None))


def without_bands(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """The scene with some percent of its bands, drawn at random, marked as not valid."""
    place = generator.permutation(scene.cube.shape[0])
    return replace(scene, cube=scene.cube.dropped(place < level / 100 * len(place), "lost"))


def brighter(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """The target's spectra times a gain."""
    return _with_spectra(scene, lambda spectra: spectra * level)


def tilted(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """The target's spectra times a line over the bands, some percent above 1 at the last, below at the first."""
    line = 1 + level / 100 * np.linspace(-1, 1, scene.cube.shape[0])
    return _with_spectra(scene, lambda spectra: spectra * line)


def misread(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """The target's spectra with Gaussian noise so many decibels below their power."""

    def read(spectra: Floats) -> Floats:
        deviation: Floats = np.sqrt((spectra**2).mean(axis=1, keepdims=True)) * 10 ** (-level / 20)
        return spectra + deviation * generator.standard_normal(spectra.shape)

    return _with_spectra(scene, read)


def of_size(scene: DetectionScene, level: float, generator: np.random.Generator) -> DetectionScene:
    """HySU with the targets of one size; the others of the material do not count."""
    assert scene.truth is not None
    those = hysu.sizes() == level
    return replace(scene, truth=scene.truth & those, ignored=scene.truth & ~those)


def _with_spectra(scene: DetectionScene, change: Callable[[Floats], Floats]) -> DetectionScene:
    assert scene.target is not None
    return replace(scene, target=replace(scene.target, spectra=change(scene.target.spectra)))


class Case(NamedTuple):
    """What is changed, by how much, and how many draws there are where it is random."""

    change: Change
    levels: tuple[float, ...]
    num_draws: int = 1
    only: str = ""


CASES = {
    "anomaly_detection": {
        "as it is": Case(unchanged, (0,)),
        "scene noise, dB": Case(noisy, (40, 30, 20, 10), 3),
        "bands lost, %": Case(without_bands, (10, 30, 60), 3),
    },
    "target_detection": {
        "as it is": Case(unchanged, (0,)),
        "gain": Case(brighter, (0.5, 0.8, 1.25, 2)),
        "tilt, %": Case(tilted, (-30, -20, -10, 10, 20, 30)),
        "spectrum noise, dB": Case(misread, (40, 30, 20, 10), 3),
        "scene noise, dB": Case(noisy, (40, 30, 20, 10)),
        "size": Case(of_size, (1, 2, 3, 4, 5), only="hysu"),
    },
}


def scenes(task: str) -> dict[str, list[tuple[str, DetectionScene]]]:
    """The scenes of a task by group, each with a word that tells it within its group."""
    if task == "anomaly_detection":
        loaded = [registry.load("hypersigma.data.scenes", name).draw("published", 0) for name in ANOMALIES]
        return {"scenes": [(scene.cube.name, scene) for (scene,) in loaded]}
    aircraft = [(f"draw {seed}", san_diego_targets.draw("fields", seed)[0]) for seed in AIRCRAFT]
    return {"san_diego_targets": aircraft, "hysu": [(one.cube.name, one) for one in hysu.draw("published", 0)]}


def trials(task: str) -> Iterator[dict[str, Any]]:
    """A row a trial, each method on the same changed scene."""
    methods = {name: _method(task, name) for name in METHODS[task]}
    for group, members in scenes(task).items():
        for name, case in CASES[task].items():
            if case.only not in ("", group):
                continue
            for level in case.levels:
                for draw in range(case.num_draws):
                    for which, scene in members:
                        changed = case.change(scene, level, np.random.default_rng(draw))
                        place = {"group": group, "scene": which, "case": name, "level": level, "draw": draw}
                        for key, method in methods.items():
                            found = detection_figures(method, changed, 0)
                            figures = {kept: round(found[kept], 5) for kept in KEPT}
                            yield {"task": task, **place, "method": key, "metrics": figures}


def _method(task: str, name: str) -> Method:
    if name.startswith("hypersigma-"):
        return network_method(task, {}, device="cpu")
    baseline: Method = registry.load("hypersigma.baselines", name).METHOD
    return baseline


def table(rows: list[dict[str, Any]], methods: tuple[str, ...]) -> str:
    """AUC / AP of a group in Markdown: means over scenes, then draws; ± is the deviation of AP over draws."""
    lines = [f"| case | {' | '.join(methods)} |", "| --- " * (len(methods) + 1) + "|"]
    for case, level in dict.fromkeys((row["case"], row["level"]) for row in rows):
        cells = []
        for method in methods:
            mine = [row for row in rows if (row["case"], row["level"], row["method"]) == (case, level, method)]
            by_draw = [
                [row["metrics"] for row in mine if row["draw"] == draw] for draw in {row["draw"] for row in mine}
            ]
            auc, ap = ([np.mean([found[key] for found in draw]) for draw in by_draw] for key in ("auc", "ap"))
            spread = f" ± {np.std(ap, ddof=1):.3f}" if len(ap) > 1 else ""
            cells.append(f"{np.mean(auc):.3f} / {np.mean(ap):.3f}{spread}")
        lines.append(f"| {case} {level:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(task: str) -> None:
    """Run all trials of a task, write each as it comes, and print the tables."""
    rows = []
    with (RESULTS / f"{task.removesuffix('_detection')}_robustness.jsonl").open("w") as file, threadpool_limits(1):
        for row in trials(task):
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
    for group in dict.fromkeys(row["group"] for row in rows):
        print(f"{group}\n{table([row for row in rows if row['group'] == group], METHODS[task])}\n")


if __name__ == "__main__":
    main(sys.argv[1])

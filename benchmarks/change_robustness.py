"""Change detection over a wrong registration, other light and noise: F1 and area under the ROC, without any labels.

    HYPERSIGMA_DATA=FOLDER python benchmarks/change_robustness.py [METHOD ...]

takes the methods for change detection that are named, or all: hypersigma-tiny and the baselines that need no labels.
Each meets the changes simulated on hyperspectral scenes and the real ones of Taizhou, whose second date is disturbed
further, once as they are and once after the shift between the dates was measured and removed, as `hypersigma run` does.
One disturbance grows at a time, over noise of 30 dB: without any noise, what has not changed would not differ at all.
Rows are appended to benchmarks/results/change_robustness.jsonl; those in it already are not run again. One thread; at
the end the means of F1 are printed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.baselines._change import as_pair
from hypersigma.cube import Cube
from hypersigma.data.dates import paired
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, Pair
from hypersigma.data.sampling import only
from hypersigma.data.scenes import simulated_change as made
from hypersigma.data.scenes import taizhou
from hypersigma.data.simulate import DisturbanceConfig, disturbed, simulated_change
from hypersigma.engine.methods import network_method
from hypersigma.engine.predict import predict_scene
from hypersigma.engine.results import append_row
from hypersigma.metrics.detection import detection_scores

TASK, BASELINES, OURS = "change_detection", "hypersigma.baselines", "hypersigma-tiny"
RESULTS = Path(__file__).parent / "results" / "change_robustness.jsonl"
SEEDS = (0, 1, 2)
BASE = DisturbanceConfig(snr=30.0)
AXES = {
    "shift": [replace(BASE, shift=shift) for shift in (0.0, 0.1, 0.25, 0.5, 1.0)],
    "light": [
        replace(BASE, gain=gain, shading=shading, tilt=tilt)
        for gain, shading, tilt in ((0.1, 0.05, 0.05), (0.25, 0.1, 0.1), (0.5, 0.2, 0.2))
    ],
    "noise": [replace(BASE, snr=snr) for snr in (40.0, 30.0, 20.0, 10.0)],
}
Row = dict[str, Any]


def methods(named: list[str]) -> list[str]:
    """The methods for change detection that are named, or all."""
    baselines = {name: registry.load(BASELINES, name) for name in registry.names(BASELINES)}
    able = [name for name, module in baselines.items() if module.TASK == TASK and not module.METHOD.needs_labels]
    known = [OURS, *able]
    unknown = sorted(set(named) - set(known))
    if unknown:
        sys.exit(f"{', '.join(unknown)}: no methods for change detection; known: {', '.join(known) or 'none'}")
    return named or known


def sources() -> dict[str, Cube]:
    """What dates are made of: hyperspectral scenes, and a pair whose changes are real."""
    (real,) = taizhou.load()
    return made.cubes() | {"taizhou": real.cube}


def scene_of(cube: Cube, seed: int, disturbances: DisturbanceConfig) -> LabelledScene:
    """Two dates and their truth: of a scene the second is made, of a pair it is disturbed."""
    if not isinstance(cube, Pair):
        return simulated_change(cube, seed, disturbances=disturbances)
    (real,) = taizhou.load()
    return replace(real, cube=replace(Pair.of(cube.before, disturbed(cube.after, seed, disturbances)), name=cube.name))


def figures(method: str, scene: LabelledScene, seed: int, *, registered: bool) -> Row:
    """Figures of a method on the labelled pixels of a scene that it is given without labels, and its seconds."""
    start = time.process_time()
    if registered:
        pair = as_pair(scene.cube)
        scene = replace(scene, cube=replace(paired(pair.before, pair.after), name=pair.name))
    bare, known = only(scene, np.zeros(scene.labels.shape, dtype=bool)), scene.labels > 0
    chosen = network_method(TASK, {}) if method == OURS else registry.load(BASELINES, method).METHOD
    fitted = chosen.fit([bare], seed)
    arrays = predict_scene(fitted, scene.cube)
    seconds = time.process_time() - start
    truth, found = scene.labels[known] == CHANGED, arrays["map"][known] == CHANGED
    scores = detection_scores(arrays["change"][known], truth)
    f1 = 2 * int((truth & found).sum()) / max(int(truth.sum() + found.sum()), 1)
    return {"metrics": {"f1": f1, "auc": scores["auc"], "ap": scores["ap"]}, "seconds": seconds}


def trials(named: list[str]) -> Iterator[tuple[Row, Cube, DisturbanceConfig]]:
    """What tells a row from others, and what it is measured on; seed by seed, so a run cut short has all curves."""
    cubes = sources()
    for seed in SEEDS:
        for name, cube in cubes.items():
            for axis, steps in AXES.items():
                for step, disturbances in enumerate(steps):
                    for method in named:
                        row = {"scene": name, "method": method, "seed": seed, "axis": axis, "step": step}
                        for registered in (False, True):
                            told = {"registered": registered, "disturbances": asdict(disturbances)}
                            yield row | told, cube, disturbances


def rows() -> list[Row]:
    """What has been measured; a last line cut short by a kill is left out, and cut off by the next row."""
    lines = RESULTS.read_text().splitlines(keepends=True) if RESULTS.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main() -> None:
    """Measure what is missing, and print the mean over seeds of every curve."""
    named = methods(sys.argv[1:])
    finished = rows()
    done = {json.dumps({key: row[key] for key in row if key not in ("metrics", "seconds")}) for row in finished}
    with threadpool_limits(limits=1):
        for row, cube, disturbances in trials(named):
            if json.dumps(row) not in done:
                scene = scene_of(cube, row["seed"], disturbances)
                append_row(RESULTS, row | figures(row["method"], scene, row["seed"], registered=row["registered"]))
    table: dict[tuple[str, str, str], dict[int, list[float]]] = {}
    for row in rows():
        told = f"{row['method']}{', registered' if row['registered'] else ''}"
        steps = table.setdefault((row["scene"], row["axis"], told), {})
        steps.setdefault(row["step"], []).append(row["metrics"]["f1"])
    for curve, steps in sorted(table.items()):
        print(*curve, *(f"{np.mean(steps[step]):.3f}" for step in sorted(steps)))


if __name__ == "__main__":
    main()

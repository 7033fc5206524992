"""Seconds that a fitted model of the default method takes for the whole map of Indian Pines, front end and all members.

    OMP_NUM_THREADS=2 python benchmarks/whole_map.py

fits the tiny network on ten labels a class (three steps a member: the time of a map does not depend on them), predicts
the scene five times, and writes benchmarks/results/whole_map.json. The scene comes with the package tensorly.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import torch

from hypersigma.data.sampling import folds, only
from hypersigma.data.scenes import indian_pines
from hypersigma.engine.methods import network_method
from hypersigma.engine.predict import predict_scene

RESULTS = Path(__file__).parent / "results" / "whole_map.json"
SEED, TIMES = 100, 5
STEPS = {"steps": 3, "warmup": 1}


def main() -> None:
    """Fit, predict, and write the seconds of the wall and of the processor."""
    (scene,) = indian_pines.load()
    (split,), *_ = folds([scene.labels], indian_pines.PROTOCOLS["random"], SEED, [])
    fitted = network_method("classification", {"training": STEPS}).fit([only(scene, split.train)], SEED)
    found = []
    for _ in range(TIMES):
        wall, processor = time.perf_counter(), time.process_time()
        predict_scene(fitted, scene.cube)
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = np.median(found, axis=0).round(2).tolist()
    row = {"threads": torch.get_num_threads(), "members": len(fitted.members), "wall": wall, "processor": processor}
    RESULTS.write_text(json.dumps(row) + "\n")
    print(row)


if __name__ == "__main__":
    main()

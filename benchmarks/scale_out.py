"""Many scenes on a Dask cluster: patches a second against the number of workers, and what large archives would cost.

Run it with  python benchmarks/scale_out.py ; it fits a small classification, writes scenes of 100 x 256 pixels and 200
bands into a temporary folder, maps them with one worker and with two, prints and writes results/scale_out.json. The
costs of 450,000 patches of 64 x 64 pixels and of 1,701 scenes of 1000 x 1000 are their pixels over the measured rate of
one worker and the number of devices: scenes are independent of each other, and share nothing but the disk they lie on.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from distributed import LocalCluster
from streaming import fit, write_strip

from hypersigma.engine.cluster import attempted
from hypersigma.engine.prediction import carried_out, jobs_for

NUM_SCENES, ROWS, COLS, PATCH = 6, 100, 256, 64
ARCHIVES = {"450000 patches of 64 x 64": 450_000 * PATCH**2, "1701 scenes of 1000 x 1000": 1701 * 1000**2}
DEVICES = (8, 512)
RESULTS = Path(__file__).parent / "results" / "scale_out.json"


def measure(model: Path, scenes: list[Path], output: Path, num_workers: int) -> dict[str, float]:
    """Scenes and patches a second on so many workers: all, and without the first of each, which loads the model."""
    jobs = jobs_for(scenes, [model], output, opening={}, device="cpu")
    begun, times = time.perf_counter(), []
    for job, result in attempted(carried_out, jobs, num_workers, None) if num_workers > 1 else one_worker(jobs):
        if isinstance(result, Exception):
            raise SystemExit(f"{job.name}: {result}")
        times.append(time.perf_counter())
    steady = (len(scenes) - num_workers) / (times[-1] - times[num_workers - 1])
    return {
        "seconds": round(times[-1] - begun, 1),
        "scenes_per_second_without_start": round(steady, 3),
        "patches_per_second_without_start": round(steady * ROWS * COLS / PATCH**2, 2),
    }


def one_worker(jobs: list[Any]) -> Any:
    """The same cluster with a single worker, so that both are measured alike."""
    with LocalCluster(n_workers=1, threads_per_worker=1, memory_limit=0, dashboard_address=None) as cluster:
        yield from attempted(carried_out, jobs, 1, cluster.scheduler_address)


def main() -> None:
    """Measure, print and store."""
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fit(folder / "model")
        scenes = [write_strip(folder / f"scene{number}.img", ROWS) for number in range(NUM_SCENES)]
        for num_workers in (1, 2):
            rows[str(num_workers)] = measure(folder / "model", scenes, folder / f"maps{num_workers}", num_workers)
            print(num_workers, rows[str(num_workers)], flush=True)
    rate = rows["1"]["patches_per_second_without_start"] * PATCH**2
    hours = {
        what: {str(devices): round(pixels / rate / devices / 3600, 2) for devices in DEVICES}
        for what, pixels in ARCHIVES.items()
    }
    machine = {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    content = {"machine": machine, "load": os.getloadavg(), "scene": [200, ROWS, COLS], "workers": rows}
    RESULTS.write_text(json.dumps({**content, "hours_on_devices_like_a_core": hours}, indent=2) + "\n")


if __name__ == "__main__":
    main()

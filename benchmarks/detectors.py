"""Global RX and ACE against Spectral Python: processor time, interleaved, and memory beyond the scene's own.

    python benchmarks/detectors.py

One thread. Each round scores a scene of 512 x 512 pixels and 200 bands with both; memory is measured in fresh
processes that hold scenes of two sizes. The results go to benchmarks/results/detectors.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import spectral
from threadpoolctl import threadpool_limits

from hypersigma.baselines._detector import FittedDetector, view_of
from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.data.targets import Target
from hypersigma.engine.predict import predict_scene
from hypersigma.registry import load

RESULTS = Path(__file__).parent / "results" / "detectors.json"
BANDS, SIDE, ROUNDS = 200, 512, 5


def scene(rows: int, path: Path) -> np.memmap[Any, np.dtype[np.float32]]:
    """A scene (bands, rows, columns) of float32 in a file: mixtures of six smooth spectra, with 3 % of noise."""
    generator = np.random.default_rng(0)
    places = np.linspace(0, 1, BANDS)[:, None]
    centres, widths = generator.uniform(0, 1, 30), generator.uniform(0.03, 0.2, 30)
    bumps = np.exp(-0.5 * ((places - centres) / widths) ** 2) * generator.uniform(0.02, 0.12, 30)
    spectra = 0.2 + bumps.reshape(BANDS, 6, 5).sum(axis=2)
    array = np.memmap(path, dtype=np.float32, mode="w+", shape=(BANDS, rows, SIDE))
    for row in range(0, rows, 64):
        weights = generator.dirichlet(np.ones(6), 64 * SIDE).T
        block = spectra @ weights + 0.01 * generator.normal(size=(BANDS, 64 * SIDE))
        array[:, row : row + 64] = block.reshape(BANDS, 64, SIDE)
    array.flush()
    return array


def ours(name: str, array: Any, target: np.ndarray[Any, Any]) -> Any:
    """The score map of one of our detectors."""
    kind = load("hypersigma.baselines", name)
    method = type(kind.METHOD)() if name == "rx" else type(kind.METHOD)(loading=0.0)
    given = None if name == "rx" else Target(target[None])
    cube = Cube.from_array(array)
    view = view_of(DetectionScene(cube, target=given))
    learned, _ = method.learn(view, 0)
    fitted = FittedDetector(method=method, bands=view.bands, learned=learned, seed=0)
    return predict_scene(fitted, cube)["anomaly" if name == "rx" else "target"]


def theirs(name: str, array: Any, target: np.ndarray[Any, Any]) -> Any:
    """The score map of Spectral Python."""
    return spectral.rx(array) if name == "rx" else spectral.ace(array, target)


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time of a piece of work, and what came of it."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def memory(name: str, rows: int) -> float:
    """Megabytes that scoring a scene of some rows takes at most beyond what was held before."""
    code = f"import benchmarks.detectors as b; b.peak({name!r}, {rows})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def peak(name: str, rows: int) -> None:
    """Print the peak of this process above what it held before scoring, the scene in its memory included."""
    with tempfile.TemporaryDirectory() as folder:
        array = np.array(scene(rows, Path(folder) / "scene"))
    target = array[:, 0, 0].astype(np.float64)
    ours(name, array[:, :64, :64], target)  # libraries are loaded
    Path("/proc/self/clear_refs").write_text("5")
    held = _status("VmRSS")
    ours(name, array, target)
    print(_status("VmHWM") - held)


def _status(key: str) -> float:
    """Megabytes of memory that the system tells of this process."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    return float(line.split()[1]) / 1024


def main() -> None:
    """Time both in turn, compare what they say, and measure memory."""
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(limits=1):
        array = np.asarray(scene(SIDE, Path(folder) / "scene"))
        target = array[:, 5, 7].astype(np.float64)
        order = np.ascontiguousarray(array.transpose(1, 2, 0))
        for name in ("rx", "ace"):
            times: dict[str, list[float]] = {"ours": [], "spy": []}
            for _ in range(ROUNDS):
                spent, mine = seconds(lambda name=name: ours(name, array, target))
                times["ours"].append(spent)
                spent, other = seconds(lambda name=name: theirs(name, order, target))
                times["spy"].append(spent)
            # theirs has no sign: what is opposed to the target scores like the target
            reference = np.asarray(other)
            error = np.abs(np.abs(mine) - reference).max() / np.abs(reference).max()
            best = {key: min(values) for key, values in times.items()}
            rows[name] = {
                "cpu_seconds": best,
                "ratio": best["spy"] / best["ours"],
                "largest_difference_over_largest_score": float(error),
                "extra_memory_mb": {str(count): memory(name, count) for count in (SIDE, 4 * SIDE)},
            }
            print(name, json.dumps(rows[name]))
    RESULTS.write_text(json.dumps({"scene": [SIDE, SIDE, BANDS], "threads": 1, "detectors": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Streamed prediction of long strips: memory above what the process held before, and the share of reading and writing.

Run it with  python benchmarks/streaming.py [ROWSxTHREADS ...] ; it fits a small classification on simulated fields,
writes strips of float32, 256 columns x 200 bands, of 1500 and 3000 rows (614 MB) into a temporary folder, maps each in
a process of its own as `hypersigma predict` does, with so many threads of PyTorch, prints and writes
results/streaming.json, where rows of other strips and threads stay.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.front_end_strips import Strips
from hypersigma.data.labels import LabelledScene
from hypersigma.engine import channels, journal, predict
from hypersigma.engine.measure import measured
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.prediction import carried_out, jobs_for
from hypersigma.palette import default_legend
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.task import Classification

BANDS, COLS, FIELD = 200, 256, 16
CASES = ("1500x1", "3000x1", "1500x2")  # rows x threads
WAVES = np.linspace(400.0, 2490.0, BANDS)
RESULTS = Path(__file__).parent / "results" / "streaming.json"


def field_rows(first: int, count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows of square fields of three crops: spectra (bands, rows, cols) with noise, and their classes."""
    row, col = np.indices((count, COLS))
    truth = 1 + ((row + first) // FIELD + 2 * (col // FIELD)) % 3
    spectra = np.stack([0.3 + 0.1 * np.sin(WAVES / 300.0 + phase) for phase in (0.0, 0.7, 1.6)]).astype(np.float32)
    noise = np.random.default_rng(first).standard_normal((BANDS, count, COLS), dtype=np.float32)
    return spectra[truth - 1].transpose(2, 0, 1) + np.float32(0.03) * noise, truth.astype(np.int32)


def fit(folder: Path) -> None:
    """A tiny classification as it is by default, hardly trained: its numbers do not matter here."""
    spectra, truth = field_rows(0, 128)
    labels = np.where(np.random.default_rng(0).random(truth.shape) < 0.02, truth, 0)
    scene = LabelledScene(Cube.from_array(spectra, WAVES, quantity="reflectance"), labels, default_legend(tuple("abc")))
    config = ClassificationConfig(training=TrainingConfig(steps=2, warmup=1), pixels_per_batch=4096)
    NeuralMethod(task=Classification, config=config, device="cpu").fit([scene], 0).save(folder)


def write_strip(path: Path, rows: int) -> Path:
    """A strip as ENVI, band-interleaved by line, and its header."""
    with path.open("wb") as file:
        for first in range(0, rows, 100):
            file.write(field_rows(first, 100)[0].transpose(1, 0, 2).tobytes())
    header = path.with_suffix(".hdr")
    header.write_text(
        f"ENVI\nsamples = {COLS}\nlines = {rows}\nbands = {BANDS}\nheader offset = 0\ndata type = 4\n"
        "interleave = bil\nbyte order = 0\nwavelength units = Nanometers\nreflectance scale factor = 1\n"
        f"wavelength = {{{', '.join(f'{wave:.2f}' for wave in WAVES)}}}\n"
    )
    return header


class Watch:
    """Seconds that pass inside chosen functions."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def over(self, owner: Any, name: str, what: str) -> None:
        """Count the time of a function under a name."""
        inner = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return inner(*arguments, **named)
            finally:
                self.seconds[what] = self.seconds.get(what, 0.0) + time.perf_counter() - begun

        setattr(owner, name, timed)


def measure(model: Path, scene: Path, output: Path) -> dict[str, Any]:
    """One streamed prediction in this process, its model loaded before."""
    # the model is loaded here, and kept
    (job,) = jobs_for([scene], [model], output, opening={})
    watch = Watch()
    watch.over(Cube, "read", "reading")
    watch.over(journal.Journal, "put", "writing")
    watch.over(Strips, "next", "front end, reading included")
    watch.over(channels.StreamedChannels, "read", "waiting for the reader")
    watch.over(predict, "_finished", "finishing, reading included")
    with measured() as cost:
        carried_out(job)
    rows = {what: round(seconds, 2) for what, seconds in sorted(watch.seconds.items())}
    share = (watch.seconds["reading"] + watch.seconds["writing"]) / cost.seconds
    return {
        "seconds": round(cost.seconds, 1),
        "memory_above_mb": round(cost.peak_memory_mb),
        "share_of_reading_and_writing": round(share, 4),
        "seconds_of": rows,
    }


def main(cases: Sequence[str]) -> None:
    """Measure, print and store."""
    for case in cases:
        count, threads = map(int, case.split("x"))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            fit(folder / "model")
            scene = write_strip(folder / "strip.img", count)
            line = [sys.executable, __file__, str(folder / "model"), str(scene), str(folder / "maps")]
            alone = {**os.environ, "OMP_NUM_THREADS": str(threads)}
            done = subprocess.run(line, check=True, capture_output=True, text=True, env=alone)
            size = round(scene.with_suffix(".img").stat().st_size / 1e6)
        row = {"rows": count, "threads": threads, "scene_mb": size, **json.loads(done.stdout)}
        print(row, flush=True)
        _store(row)


def _store(row: dict[str, Any]) -> None:
    """Put a row beside the others in the results, in place of the last one of as many rows and threads."""
    known = json.loads(RESULTS.read_text())["rows"] if RESULTS.is_file() else []
    others = [other for other in known if (other["rows"], other["threads"]) != (row["rows"], row["threads"])]
    rows = sorted([*others, row], key=lambda one: (one["threads"], one["rows"]))
    machine = {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({"machine": machine, "cols": COLS, "bands": BANDS, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 4 and Path(sys.argv[1]).is_dir():
        print(json.dumps(measure(*map(Path, sys.argv[1:]))))
    else:
        main(sys.argv[1:] or CASES)

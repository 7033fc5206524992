"""Harvesting and loading patches: patches a second, bytes a patch, seconds to go on after a kill.

Run it with  python benchmarks/harvest.py ; it simulates a Hyperion-like scene in a temporary folder (1.5 GB), harvests
it on one process and on two, reads the store back, prints and writes results/harvest.json. With real scenes as
arguments their compressed size is measured too:  python benchmarks/harvest.py scene.hdr other.mat
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from scipy.ndimage import gaussian_filter

from hypersigma.data.patch_group import PATCH
from hypersigma.data.patch_stream import batches
from hypersigma.data.patches import SceneOrigin
from hypersigma.data.shards import Store, packed_bytes
from hypersigma.engine.harvest import Plan, harvest
from hypersigma.readers import open_cube

BANDS, SIDE, MATERIALS, BATCH, NUM_BATCHES = 175, 2048, 8, 32, 24
RESULTS = Path(__file__).parent / "results" / "harvest.json"


def write_scene(folder: Path, interleave: str) -> Path:
    """A scene of reflectance times 10000: dark materials mixed by fields of several scales, shade, noise of 0.005."""
    random = np.random.default_rng(0)
    waves = np.linspace(430.0, 2400.0, BANDS)
    spectra = gaussian_filter(random.random((MATERIALS, BANDS)), (0, 12)) * 4 - 1.6
    # brighter in the near infrared than in green, as land is
    spectra = np.clip(0.4 * spectra * np.interp(waves, (500, 800), (0.3, 1.0)), 0.01, 0.28).astype(np.float32)
    fields = [
        np.sum([gaussian_filter(random.standard_normal((SIDE, SIDE)), s) * s for s in (1.5, 6, 40)], axis=0)
        for _ in range(MATERIALS)
    ]
    abundances = np.exp(2.0 * np.stack(fields).astype(np.float32))
    abundances /= abundances.sum(axis=0)
    shade = (0.8 + 0.1 * gaussian_filter(random.standard_normal((SIDE, SIDE)), 2) * 4).astype(np.float32)
    axes = {"bsq": (0, 1, 2), "bil": (1, 0, 2)}[interleave]
    shape = [(BANDS, SIDE, SIDE)[axis] for axis in axes]
    stored = np.memmap(folder / f"{interleave}.img", dtype="<i2", mode="w+", shape=tuple(shape))
    for band in range(BANDS):
        clean = np.tensordot(spectra[:, band], abundances, 1) * shade
        noisy = clean + 0.005 * random.standard_normal((SIDE, SIDE)).astype(np.float32)
        stored.transpose(np.argsort(axes))[band] = np.rint(1e4 * noisy)
    stored.flush()
    centres = ", ".join(f"{wave:.2f}" for wave in waves)
    header = folder / f"{interleave}.hdr"
    header.write_text(
        f"ENVI\nsamples = {SIDE}\nlines = {SIDE}\nbands = {BANDS}\nheader offset = 0\ndata type = 2\n"
        f"interleave = {interleave}\nbyte order = 0\nreflectance scale factor = 10000\n"
        f"wavelength units = Nanometers\nwavelength = {{{centres}}}\n"
    )
    return header


def processor_seconds() -> float:
    """Time that processors gave to this process and those it started and waited for: others do not disturb it."""
    return sum(os.times()[:4])


def measure_harvest(scene: Path, store: Path, num_jobs: int) -> dict[str, Any]:
    """Patches a second of a whole harvest, and of its pieces alone, without start and pictures."""
    times: list[tuple[float, int]] = []

    def note(what: str, done: int, total: int) -> None:
        if what == "patches":
            times.append((time.perf_counter(), done))

    plan = Plan(origins=(SceneOrigin.of(open_cube(scene)),))
    start, busy = time.perf_counter(), processor_seconds()
    result = harvest(plan, store, num_jobs=num_jobs, progress=note)
    seconds, busy = time.perf_counter() - start, processor_seconds() - busy
    (first, done_first), (last, done_last) = times[num_jobs - 1], times[-1]
    return {
        "patches": result.patches,
        "seconds": round(seconds, 2),
        "patches_per_second": round(result.candidates / seconds, 1),
        "patches_per_second_without_start": round((done_last - done_first) / (last - first), 1),
        "patches_per_processor_second": round(result.candidates / busy, 1),
        "bytes_per_patch": round(result.bytes / result.patches),
        "share_of_raw": round(result.bytes / result.raw_bytes, 3),
    }


def rates(steps: Any) -> dict[str, float]:
    """Patches a second and a processor second of an iterator of batches, without its first."""
    next(steps)
    start, busy = time.perf_counter(), time.process_time()
    for _ in islice(steps, NUM_BATCHES):
        pass
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    count = BATCH * NUM_BATCHES
    return {"per_second": round(count / seconds, 1), "per_processor_second": round(count / busy, 1)}


def measure_loader(folder: Path) -> dict[str, dict[str, float]]:
    """Patches a second as stored, on the canonical grid, and by way of plain Zarr for comparison."""
    store = Store(folder)
    found = {
        f"stored_{threads}_threads": rates(batches([store], seed=0, batch=BATCH, num_threads=threads))
        for threads in (1, 2)
    }
    for threads in (1, 2):
        stream = batches([store], seed=0, batch=BATCH, num_threads=threads)
        found[f"canonical_{threads}_threads"] = rates(batch.canonical() for batch in stream)
    (name,) = store.groups
    array = zarr.open_array(folder / name / "patches", mode="r")
    order = np.random.default_rng(0).permutation(len(store))
    found["plain_zarr"] = rates(np.stack([array[int(i)] for i in order[:BATCH]]) for _ in iter(int, 1))
    return found


def share_of_raw(path: Path) -> float:
    """Compressed size of a scene's patches, as a share of what they take without."""
    origin = SceneOrigin.of(open_cube(path))
    patches = [stored for _, stored in origin.cut() if stored is not None]
    return round(sum(map(packed_bytes, patches)) / sum(patch.nbytes for patch in patches), 3)


def main() -> None:
    """Measure, print and store."""
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for interleave in ("bsq", "bil"):
            scene = write_scene(folder, interleave)
            for num_jobs in (1, 2):
                rows[f"{interleave}_{num_jobs}_jobs"] = measure_harvest(
                    scene, folder / f"{interleave}{num_jobs}", num_jobs
                )
            scene.with_suffix(".img").unlink()
        rows["loader"] = measure_loader(folder / "bsq1")
    rows["share_of_raw"] = {path.stem: share_of_raw(path) for path in map(Path, sys.argv[1:])}
    for key, row in rows.items():
        print(key, row)
    machine = {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    content = {"machine": machine | {"numpy": np.__version__, "zarr": zarr.__version__}, "patch": [BANDS, PATCH, PATCH]}
    RESULTS.write_text(json.dumps(content | {"rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Memory and time of denoising a simulated scene of 512 x 512 pixels and 200 bands, by every method.

    OMP_NUM_THREADS=1 python benchmarks/denoising_memory.py [METHOD ...]

writes the scene (float32, BIL, 210 MB) into a temporary folder and has processes of their own do with it, files
written, what `hypersigma run denoising` does, by the default and by each classical method, and what `hypersigma
predict` does with the model of that run. Memory is what is in RAM at most, pages of mapped files too, above what the
process held once all was imported. What takes longer than a limit is ended. One thread, about an hour; figures go to
results/denoising_memory.json, where those of methods that are not named stay.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.simulate.scene import Simulator
from hypersigma.data.simulate.settings import InstrumentConfig, SimulationConfig
from hypersigma.engine.measure import measured
from hypersigma.engine.model import load_model
from hypersigma.engine.prediction import Job, carried_out
from hypersigma.engine.run import run
from hypersigma.natural_spectra import natural_spectra
from hypersigma.products import SpectralLibrary

SIDE, BANDS = 512, 200
OURS = "hypersigma"
METHODS = (OURS, "fasthyde", "pca_denoising", "robust_pca", "nlm")
LIMITS = {"nlm": 180.0}  # seconds
RESULTS = Path(__file__).parent / "results" / "denoising_memory.json"


def library(waves: np.ndarray[Any, Any]) -> SpectralLibrary:
    """Twelve made-up materials that vary as those of nature do."""
    nature, grid = natural_spectra(), np.linspace(400.0, 2500.0, 100)
    drawn = np.random.default_rng(0).multivariate_normal(nature.mean, nature.covariance, 12, method="eigh")
    spectra = np.stack([np.interp(waves, grid, np.clip(spectrum, 0.01, 0.9)) for spectrum in drawn])
    return SpectralLibrary(
        names=tuple(f"material {number}" for number in range(12)),
        wavelengths=waves,
        spectra=spectra,
        quantity="reflectance",
    )


def write_scene(path: Path) -> Path:
    """The scene as ENVI; returns its header."""
    waves = np.linspace(410.0, 2490.0, BANDS)
    config = SimulationConfig(rows=SIDE, cols=SIDE, sensor="", instrument=InstrumentConfig(snr=100.0))
    cube = Simulator(library(waves), config).scene(0).cube
    cube.read(bands=np.arange(BANDS)).astype("<f4").transpose(1, 0, 2).tofile(path)
    header = path.with_suffix(".hdr")
    header.write_text(
        f"ENVI\nsamples = {SIDE}\nlines = {SIDE}\nbands = {BANDS}\nheader offset = 0\ndata type = 4\n"
        f"interleave = bil\nbyte order = 0\nreflectance scale factor = 1\nwavelength units = Nanometers\n"
        f"wavelength = {{{', '.join(f'{wave:.2f}' for wave in waves)}}}\n"
    )
    return header


def measure(verb: str, method: str, scene: Path, output: Path) -> dict[str, Any]:
    """A run or a prediction in this process."""
    # a small scene first, so that nothing that is imported counts
    small = np.random.default_rng(0).random((8, 24, 24), dtype=np.float32)
    chosen = None if method == OURS else method
    with tempfile.TemporaryDirectory() as name:
        run("denoising", Cube.from_array(small), method=chosen).save(Path(name) / "out")
    identity = load_model(output).identity if verb == "predict" else ""
    with measured() as cost:
        if verb == "run":
            run("denoising", scene, method=chosen).save(output)
        else:
            maps = output.with_name(f"{method}-maps")
            carried_out(
                Job(scene=(scene,), models=(output / "model",), identities=(identity,), output=maps, opening={})
            )
    return {"seconds": round(cost.seconds, 1), "memory_above_mb": round(cost.peak_memory_mb)}


def tried(verb: str, method: str, scene: Path, output: Path) -> dict[str, Any]:
    """Figures of a process of its own; how long it was let run where it did not end."""
    line = [sys.executable, __file__, verb, method, str(scene), str(output)]
    try:
        done = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMITS.get(method))
    except subprocess.TimeoutExpired:
        return {"ended_after_seconds": LIMITS[method]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(methods: tuple[str, ...]) -> None:
    """Measure, print and store."""
    rows: dict[str, Any] = json.loads(RESULTS.read_text())["methods"] if RESULTS.exists() else {}
    machine = {"processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = write_scene(folder / "scene.img")
        for method in methods:
            rows[method] = {}
            for verb in ("run", "predict") if method == OURS else ("run",):
                rows[method][verb] = tried(verb, method, scene, folder / method)
                print(method, verb, rows[method][verb], flush=True)
                told = {"machine": machine, "rows": SIDE, "cols": SIDE, "bands": BANDS, "methods": rows}
                RESULTS.write_text(json.dumps(told, indent=2) + "\n")
            for left in folder.glob(f"{method}*/"):
                shutil.rmtree(left)


if __name__ == "__main__":
    if sys.argv[1:2] in (["run"], ["predict"]):
        print(json.dumps(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))))
    else:
        main(tuple(sys.argv[1:]) or METHODS)

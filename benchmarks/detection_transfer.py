"""Detections carried over: a model to another scene of the same sensor, and a target's spectrum to another sensor.

Command: python benchmarks/detection_transfer.py
HYPERSIGMA_DATA names the folder of the scenes. Cost: 6 minutes on one core. Out come a line of JSON a trial in
benchmarks/results/detection_transfer.jsonl, and means of AUC / AP as tables.

Scenes: those of Airport-Beach-Urban that share their bands, each model on each scene, its own for comparison. Files
hold no wavelengths, so that bands are the same is told by the lines of the air in their mean spectra: beach 1 and 3
have as many bands as each other, but not the same. Pairs that overlap are left out: a fifth of airport 2 is urban 5.

Sensors: in HySU, the mean spectrum of the largest target of each material is looked for in the smaller ones. Spectrum
or scene are resampled to the bands of other sensors; a field spectrometer's spectra are a real other instrument.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene
from hypersigma.data.method import Fitted, Method
from hypersigma.data.other_sensor import VNIR_CAMERA, seen_by
from hypersigma.data.scenes import hysu
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.target_files import read_target
from hypersigma.data.targets import Target
from hypersigma.engine.detection_trial import detection_figures
from hypersigma.engine.methods import network_method
from hypersigma.products import SpectralLibrary
from hypersigma.spectra import Floats

Row = dict[str, Any]

RESULTS = Path(__file__).parent / "results" / "detection_transfer.jsonl"
OURS = "hypersigma-tiny"
ANOMALY_METHODS, TARGET_METHODS = (OURS, "rank_fusion", "rx"), (OURS, "ace", "matched_filter")
SCENES = tuple(name for name in registry.names("hypersigma.data.scenes") if name.startswith("abu"))
SENSORS = ("enmap", "prisma", "hyperion", "emit", VNIR_CAMERA, "sentinel2")
FIELD = "spectral_libraries/SVC_data/DLR_HySU_SVC_ASCII.txt"
ALIKE = 0.9  # correlation of the curvature of mean spectra; lines of the air one band apart leave 0
OWN, FIELD_NAME = "HySpex", "field spectrometer"


@dataclass(frozen=True)
class Elsewhere:
    """A method that was fitted before, whatever scene it is given."""

    fitted: Fitted

    def fit(self, inputs: Any, seed: int) -> Fitted:
        """The fitted model as it is."""
        return self.fitted


def curvature(cube: Cube) -> Floats:
    """Second differences (bands - 2,) of the logarithm of the mean spectrum of counts: the lines of the air."""
    mean_spectrum = cube.read().mean(axis=(1, 2), dtype=np.float64)
    return np.diff(np.log(np.maximum(mean_spectrum, 1.0)), 2)


def pixels(cube: Cube) -> set[bytes]:
    """The spectra of a scene, to be compared with those of others."""
    return {spectrum.tobytes() for spectrum in cube.read().reshape(cube.shape[0], -1).T}


def comparable(one: Cube, other: Cube) -> bool:
    """Whether two scenes have the same bands and do not overlap."""
    if one.shape[0] != other.shape[0] or np.corrcoef(curvature(one), curvature(other))[0, 1] <= ALIKE:
        return False
    return one is other or not pixels(one) & pixels(other)


def over_scenes() -> Iterator[Row]:
    """A row for each model and each scene with its bands, where there is another one."""
    scenes = {name: registry.load("hypersigma.data.scenes", name).draw("published", 0)[0] for name in SCENES}
    for source, scene in scenes.items():
        targets = [name for name, other in scenes.items() if comparable(scene.cube, other.cube)]
        if len(targets) == 1:
            continue
        for name in ANOMALY_METHODS:
            method = Elsewhere(_method("anomaly_detection", name).fit([replace(scene, truth=None)], 0))
            for target in targets:
                place = {"fitted_on": source, "scene": target, "bands": scene.cube.shape[0]}
                yield place | _scored(name, method, scenes[target])


def over_sensors() -> Iterator[Row]:
    """A row for each scene and spectrum by the sensors that see them, material and method."""
    sizes = hysu.sizes()
    for scene in hysu.draw("published", 0):
        assert scene.truth is not None
        largest = scene.truth & (sizes == 1)
        smaller = replace(scene, ignored=largest)
        own = _library(scene.cube, read_target(scene.cube, largest).spectrum)
        seen = {sensor: seen_by(scene.cube, sensor) for sensor in SENSORS}
        spectra = {sensor: _library(cube, read_target(cube, own).spectrum) for sensor, cube in seen.items()}
        pairs = [(OWN, scene.cube, sensor, spectrum) for sensor, spectrum in ({OWN: own} | spectra).items()]
        pairs += [(sensor, cube, OWN, own) for sensor, cube in seen.items()]
        for eye, cube, source, spectrum in pairs:
            yield from _found(smaller, eye, cube, source, read_target(cube, spectrum))
        for eye, cube in ({OWN: scene.cube} | seen).items():
            yield from _found(smaller, eye, cube, FIELD_NAME, _field_target(cube, scene.cube.name))


def _library(cube: Cube, spectrum: Floats) -> SpectralLibrary:
    """A spectrum in the bands of a scene, which a sensor with other bands can look for."""
    assert cube.wavelengths is not None
    return SpectralLibrary(
        names=("mean",), wavelengths=cube.wavelengths, spectra=spectrum[None], fwhm=cube.fwhm, quantity=cube.quantity
    )


def _field_target(cube: Cube, material: str) -> Target:
    """A material's spectrum by the field spectrometer, in the bands of a scene."""
    path = folder_of("the field spectra of HySU", "dlr_hysu", (FIELD,), None) / FIELD
    words = material.removesuffix("_sheets").replace("_", " ").title()
    return read_target(cube, path, spectrum=f"Mean SVC '{words}'")


def _found(scene: DetectionScene, eye: str, cube: Cube, source: str, target: Target) -> Iterator[Row]:
    """A row a method for a scene under other bands."""
    bands = int(np.isfinite(target.spectrum[cube.used]).sum())
    place = {"scene_by": eye, "spectrum_by": source, "bands": bands, "scene": scene.cube.name}
    for name in TARGET_METHODS:
        changed = replace(scene, cube=cube, target=target)
        yield place | _scored(name, _method("target_detection", name), changed)


def _scored(name: str, method: Method, scene: DetectionScene) -> Row:
    found = detection_figures(method, scene, 0)
    kept = {key: round(found[key], 5) for key in ("auc", "ap", "pd_at_1e-3", "false_alarms")}
    return {"method": name, "metrics": kept}


def _method(task: str, name: str) -> Method:
    if name == OURS:
        return network_method(task, {}, device="cpu")
    baseline: Method = registry.load("hypersigma.baselines", name).METHOD
    return baseline


def mean(rows: Sequence[Row], key: str) -> float:
    """Mean of a figure over rows."""
    return float(np.mean([row["metrics"][key] for row in rows]))


def tables(rows: Sequence[Row]) -> Iterator[str]:
    """Lines of both tables in Markdown."""
    scenes = [row for row in rows if "fitted_on" in row]
    yield "| bands | method | own model: AUC / AP / mask | another's | worst AUC |\n| --- | --- | --- | --- | --- |"
    for bands, name in dict.fromkeys((row["bands"], row["method"]) for row in scenes):
        mine = [row for row in scenes if (row["bands"], row["method"]) == (bands, name)]
        parts = [[row for row in mine if (row["fitted_on"] == row["scene"]) is own] for own in (True, False)]
        cells = [" / ".join(f"{mean(part, key):.4f}" for key in ("auc", "ap", "false_alarms")) for part in parts]
        worst = min(row["metrics"]["auc"] for row in parts[1])
        yield f"| {bands} | {name} | {cells[0]} | {cells[1]} ({len(parts[1])}) | {worst:.3f} |"
    sensors = [row for row in rows if "scene_by" in row]
    yield f"\n| scene by | spectrum by | bands | {' | '.join(TARGET_METHODS)} |\n{'| --- ' * 6}|"
    for eye, source, bands in dict.fromkeys((row["scene_by"], row["spectrum_by"], row["bands"]) for row in sensors):
        mine = [row for row in sensors if (row["scene_by"], row["spectrum_by"]) == (eye, source)]
        by_method = [[row for row in mine if row["method"] == name] for name in TARGET_METHODS]
        cells = [f"{mean(part, 'auc'):.3f} / {mean(part, 'ap'):.3f}" for part in by_method]
        yield f"| {eye} | {source} | {bands} | {' | '.join(cells)} |"


def main() -> None:
    """Run all trials, write each as it comes, and print the tables."""
    rows = []
    with RESULTS.open("w") as file, threadpool_limits(1):
        for trials in (over_scenes(), over_sensors()):
            for row in trials:
                rows.append(row)
                file.write(json.dumps(row) + "\n")
                file.flush()
    print("\n".join(tables(rows)))


if __name__ == "__main__":
    main()

"""What denoising does for what follows: a classification of a scene as it is, and unmixing of scenes with added noise.

    HYPERSIGMA_DATA=FOLDER python benchmarks/denoising_effect.py

Classification: Indian Pines, support vector machine on spectra, 10 labels a class drawn at random, seeds 0 to 4; the
scene as it is and denoised by each method, which sees no label. Unmixing: Samson and Jasper Ridge with white noise
20 dB below their own power, seeds 0 to 2, unmixed by vca_fcls and by ours: without that noise, with it, and denoised.
Rows go to benchmarks/results/denoising_effect.jsonl, a line a trial; means over seeds are printed. One thread, ten
minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma import metrics, registry
from hypersigma.cube import ArraySource, Cube
from hypersigma.data.denoised_maps import DENOISED
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sampling import folds, only
from hypersigma.data.scenes import indian_pines, jasper_ridge, samson
from hypersigma.engine.methods import network_method
from hypersigma.engine.predict import predict_scene
from hypersigma.engine.unmixing_trial import unmixing_figures

RESULTS = Path(__file__).parent / "results" / "denoising_effect.jsonl"
BASELINES = "hypersigma.baselines"
OURS, NOTHING = "hypersigma-tiny", "none"
DENOISERS = (OURS, "fasthyde", "nlm", "pca_denoising", "robust_pca")
SEEDS = (0, 1, 2, 3, 4)
RATIO = 20  # dB
Row = dict[str, Any]


def method_of(task: str, name: str) -> Any:
    """A method by its name."""
    return network_method(task, None, device="cpu") if name == OURS else registry.load(BASELINES, name).METHOD


def filled(cube: Cube, image: Any) -> Cube:
    """The cube with other numbers (used bands, rows, cols) in the bands that are used."""
    pixels = cube.read(bands=np.arange(cube.shape[0])).astype(np.float32)
    pixels[cube.used] = image
    plain = {"order": np.arange(len(pixels)), "scale": 1.0, "offset": 0.0, "nodata": None}
    return replace(cube, source=ArraySource(pixels), **plain)


def denoised(cube: Cube, name: str) -> Cube:
    """The cube without what a denoiser takes for noise."""
    if name == NOTHING:
        return cube
    fitted = method_of("denoising", name).fit([RestorationScene(cube=cube)], 0)
    return filled(cube, predict_scene(fitted, cube)[DENOISED])


def classified() -> Iterator[Row]:
    """Rows of a classification after each denoiser."""
    (scene,) = indian_pines.load()
    for name in (NOTHING, *DENOISERS):
        changed = replace(scene, cube=denoised(scene.cube, name))
        for seed in SEEDS:
            ((split,),) = folds([scene.labels], indian_pines.PROTOCOLS["random"], seed)
            fitted = method_of("classification", "svm").fit([only(changed, split.train | split.validation)], seed)
            found = predict_scene(fitted, changed.cube)["map"]
            counts = metrics.confusion_matrix(scene.labels[split.test], found[split.test], len(scene.legend.names))
            told = {"scene": "indian_pines", "noise": "its own", "denoiser": name, "method": "svm", "seed": seed}
            yield told | {"metrics": metrics.score(counts, ("oa", "aa", "kappa"))}


def unmixed() -> Iterator[Row]:
    """Rows of unmixing after each denoiser."""
    for module in (samson, jasper_ridge):
        (scene,) = module.load()
        image = scene.cube.read().astype(np.float64)
        deviation = np.sqrt(np.nanmean(np.square(image)) / 10 ** (RATIO / 10))
        for seed in SEEDS[:3]:
            drawn = np.random.default_rng([seed, RATIO]).standard_normal(image.shape)
            noisy = filled(scene.cube, image + deviation * drawn)
            cubes = {("its own", NOTHING): scene.cube}
            cubes |= {(f"{RATIO} dB", name): denoised(noisy, name) for name in (NOTHING, *DENOISERS)}
            for (noise, denoiser), cube in cubes.items():
                for name in (OURS, "vca_fcls"):
                    found = unmixing_figures(method_of("unmixing", name), [replace(scene, cube=cube)], seed)
                    told = {"noise": noise, "denoiser": denoiser, "method": name, "seed": seed}
                    kept = {key: round(found[key], 5) for key in ("sad", "armse")}
                    yield {"scene": scene.cube.name} | told | {"metrics": kept}


def table(rows: list[Row]) -> str:
    """Means and deviations over seeds in Markdown."""
    lines = ["| scene | noise | denoised by | then | figures |", "| --- | --- | --- | --- | --- |"]
    keys = ("scene", "noise", "denoiser", "method")
    for place in dict.fromkeys(tuple(row[key] for key in keys) for row in rows):
        mine = [row["metrics"] for row in rows if tuple(row[key] for key in keys) == place]
        values = {key: [found[key] for found in mine] for key in mine[0]}
        told = [f"{key} {np.mean(of):.3f} ± {np.std(of, ddof=1):.3f}" for key, of in values.items()]
        lines.append(f"| {' | '.join(place)} | {', '.join(told)} |")
    return "\n".join(lines)


def main() -> None:
    """Run all trials, write each as it comes, and print the table."""
    rows = []
    with RESULTS.open("w", encoding="utf-8") as file, threadpool_limits(limits=1):
        for trials in (unmixed(), classified()):
            for row in trials:
                rows.append(row)
                file.write(json.dumps(row) + "\n")
                file.flush()
    print(table(rows))


if __name__ == "__main__":
    main()

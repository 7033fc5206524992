"""Super-resolution and fusion of scenes made coarser (Wald's protocol), beside the classical methods.

    HYPERSIGMA_DATA=FOLDER python benchmarks/super_resolution.py

takes CAVE's chart and stuffed toy, DLR HySU (rows 0 to 83, columns 0 to 119) and Berlin HyMap (columns 0 to 63), over
their maxima; a coarse pixel is the mean of its own area. RGB has Gaussian responses at 640, 550 and 460 nm (deviation
40 nm), no noise, and lies exactly.

Two companions are of other instruments: DLR HySU (HySpex, 0.7 m, reflectance) with its photograph (3K, 0.13 m), and
Berlin as EnMAP would see it (30 m; simulated from HyMap by its makers) with three bands of HyMap (3.6 m). They are
moved to where they tell most, and seen by the scene's pixels through the Gaussian with which they explain most, that
leaves 0.5 and 0.4 of the contrast at half a wave a pixel; the scene is made 5 and 3 times coarser through a Gaussian
that leaves 0.3. Truth is the scene itself, where the companion shows
it. Names that end in _stated are of methods which were told that Gaussian; the others found what the pixels see.

Rows are appended to benchmarks/results/super_resolution.jsonl; those in it already are not run again. What draws runs
with seeds 0 to 4. One thread, about three minutes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hypersigma import registry
from hypersigma.baselines._sharpener import SHARPENING, Enlarger, Fusion
from hypersigma.cube import Cube
from hypersigma.data.companion_shift import registered
from hypersigma.data.method import Method
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sharpening import complete, filled, matched
from hypersigma.data.wald import WaldConfig, coarsened, whole
from hypersigma.engine.methods import network_method
from hypersigma.engine.results import append_row
from hypersigma.georef import Georef
from hypersigma.metrics.restoration import restoration_scores
from hypersigma.readers import open_cube
from hypersigma.screening import screen

RESULTS = Path(__file__).parent / "results" / "super_resolution.jsonl"
SCALES, FUSED = (2, 4, 8), 4
SEEDS = {"cnmf": range(5)}  # of what draws
CENTRES, DEVIATION = np.array([640.0, 550.0, 460.0]), 40.0  # nm
HYMAP_RGB = (646.5, 558.4, 484.3)  # nm
PLACE = Georef((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), 'LOCAL_CS["here",UNIT["metre",1]]')
Image = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A scene made coarser, and what is known of it.

    Attributes:
        name: of the scene.
        truth: (bands, rows, cols), what it was.
        coarse: what it became; scale: how many times.
        sharp: companion on the truth's pixels, or None.
        spread: how it became coarse.
        place: of the truth's pixels.
    """

    name: str
    truth: Image
    coarse: Image
    scale: int
    sharp: Image | None
    spread: Literal["mean", "gaussian"]
    place: Georef = PLACE

    @property
    def alone(self) -> RestorationScene:
        """The scene with its scale."""
        return RestorationScene(cube=Cube.from_array(self.coarse, name=self.name), scale=self.scale)

    @property
    def together(self) -> RestorationScene:
        """The scene with its companion."""
        assert self.sharp is not None
        coarse = Cube.from_array(self.coarse, georef=self.place.divided(1 / self.scale), name=self.name)
        return RestorationScene(cube=coarse, companion=Cube.from_array(self.sharp, georef=self.place, name="companion"))


def scenes() -> Iterator[tuple[str, Image, NDArray[np.float64]]]:
    """Names, images (bands, rows, cols) and wavelengths in nm."""
    folder = Path(os.environ["HYPERSIGMA_DATA"])
    cave = open_cube(folder / "cave" / "chart_and_stuffed_toy_ms_256.mat").read()
    yield "cave", cave / cave.max(), np.linspace(400.0, 700.0, len(cave))
    hysu = open_cube(folder / "dlr_hysu" / "HySpex" / "full_hs" / "Full.hdr").read()[:, :84, :120]
    yield "hysu", hysu / hysu.max(), np.linspace(417.0, 903.0, len(hysu))
    berlin = open_cube(next((folder / "berlin_urban_gradient").glob("HyMap02_*.bsq")))
    image = berlin.read()[:, :100, :64]
    assert berlin.wavelengths is not None
    yield "berlin_hymap", image / image.max(), berlin.wavelengths[berlin.used]


def colour(image: Image, waves: NDArray[np.float64]) -> Image:
    """What a camera of three bands sees of an image."""
    responses = np.exp(-(((waves - CENTRES[:, None]) / DEVIATION) ** 2) / 2)
    return np.tensordot(responses / responses.sum(axis=1, keepdims=True), image, axes=1).astype(np.float32)


def cases() -> Iterator[Case]:
    """All that is measured."""
    for name, scene, waves in scenes():
        for scale in SCALES:
            truth = whole(scene, scale)
            coarse = coarsened(truth, WaldConfig(scale=scale, spread="mean"))
            sharp = colour(truth, waves) if scale == FUSED else None
            yield Case(name=name, truth=truth, coarse=coarse, scale=scale, sharp=sharp, spread="mean")
    folder = Path(os.environ["HYPERSIGMA_DATA"])
    hysu = open_cube(folder / "dlr_hysu" / "HySpex" / "full_hs" / "Full.hdr")
    photograph = open_cube(folder / "dlr_hysu" / "3K_RGB" / "DLR_HySU_3K.tiff")
    yield other_sensor("hysu_3k", hysu, photograph, 5, transfer=0.5)
    folder /= "berlin_urban_gradient/gzip_envi"
    hymap = open_cube(folder / "HighResolution_BerlinUrbanGradient.hdr")
    assert hymap.wavelengths is not None
    bands = [int(np.abs(hymap.wavelengths - wave).argmin()) for wave in HYMAP_RGB]
    colours = Cube.from_array(hymap.read(bands=np.array(bands)), georef=hymap.georef, name="HyMap")
    yield other_sensor(
        "berlin_enmap_hymap", open_cube(folder / "EnMAP_BerlinUrbanGradient.hdr"), colours, 3, transfer=0.4
    )


def other_sensor(name: str, cube: Cube, companion: Cube, scale: int, transfer: float) -> Case:
    """A scene made coarser, with a companion of another instrument as the scene's own pixels see it."""
    cube = screen(cube)
    match = matched(cube, registered(cube, screen(companion))[0], "gaussian", transfer)
    full, known = filled(match.image)
    assert isinstance(cube.georef, Georef)
    # the same pixels count for those without a companion
    shown = known & complete(match.coarse)
    return Case(
        name=name,
        truth=whole(np.where(shown, match.image, np.nan), scale),
        coarse=coarsened(full, WaldConfig(scale=scale)),
        scale=scale,
        sharp=whole(match.coarse, scale),
        spread="gaussian",
        place=cube.georef.windowed(match.window),
    )


def methods(case: Case) -> Iterator[tuple[str, Method, RestorationScene]]:
    """Names, methods, and what each is given."""
    for name in registry.names("hypersigma.baselines"):
        module = registry.load("hypersigma.baselines", name)
        if module.TASK != SHARPENING:
            continue
        if isinstance(module.METHOD, Enlarger):
            yield name, replace(module.METHOD, spread=case.spread), case.alone
        elif isinstance(module.METHOD, Fusion) and case.sharp is not None:
            yield name, module.METHOD, case.together
            if case.spread == "gaussian":
                yield f"{name}_stated", replace(module.METHOD, spread=case.spread), case.together
    yield "hypersigma", network_method(SHARPENING, {"spread": case.spread}), case.alone
    if case.sharp is not None:
        yield "hypersigma_rgb", network_method(SHARPENING, {}), case.together
    if case.spread == "gaussian":
        yield "hypersigma_rgb_stated", network_method(SHARPENING, {"spread": case.spread}), case.together


def rows() -> list[dict[str, Any]]:
    """What has been measured; a last line cut short by a kill is left out, and cut off by the next row."""
    lines = RESULTS.read_text().splitlines(keepends=True) if RESULTS.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main() -> None:
    """Measure what is missing and print the figures, means over seeds."""
    done = {(row["scene"], row["scale"], row["method"], row["seed"]) for row in rows()}
    with threadpool_limits(limits=1):
        for case in cases():
            for method, chosen, scene in methods(case):
                for seed in SEEDS.get(method.removesuffix("_stated"), range(1)):
                    if (case.name, case.scale, method, seed) in done:
                        continue
                    start = time.process_time()
                    found: Any = chosen.fit([scene], seed).predict(scene.cube, scene.cube.window)
                    seconds = time.process_time() - start
                    figures = restoration_scores(found, case.truth, ratio=case.scale)
                    told = {"scene": case.name, "scale": case.scale, "method": method, "seed": seed}
                    append_row(RESULTS, told | {"seconds": seconds, "metrics": figures})
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows():
        groups.setdefault((row["scene"], row["scale"], row["method"]), []).append(row)
    for key, group in groups.items():
        seconds = np.mean([row["seconds"] for row in group])
        print(*key, f"{seconds:.1f} s", *(spread_of(name, group) for name in group[0]["metrics"]))


def spread_of(name: str, group: list[dict[str, Any]]) -> str:
    """Mean and deviation of a figure over rows."""
    values = [row["metrics"][name] for row in group]
    return f"{name} {np.mean(values):.3f}" + (f" +- {np.std(values):.3f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()

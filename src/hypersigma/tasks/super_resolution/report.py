"""What a report says of a super-resolution: what came out, and how well the scene itself would have been told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.method import Findings, Fitted
from hypersigma.data.pixel_spread import PixelSpread
from hypersigma.data.resize import resized
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sharpened_maps import SHARPENED
from hypersigma.data.sharpening import Match, filled
from hypersigma.data.wald import coarsened, whole
from hypersigma.errors import InputError
from hypersigma.metrics.restoration import restoration_scores
from hypersigma.products import Figure, Layer, Section, Table, Text
from hypersigma.tasks._restoration import Image, number_notes

_LEAST_SIDE = 4  # coarse pixels each way, for a scene to be sharpened again

_WORTH = (
    "Nobody knows the scene on smaller pixels. The figures are those of the scene itself (Wald's protocol): it was "
    "made coarser by the same ratio, sharpened again, and compared with itself, beside bicubic interpolation. They "
    "tell how the method does on this ground with patterns of larger pixels; finer ones may come out better or worse."
)
_WORSE = (
    "the companion makes it worse than bicubic interpolation: it may not lie where its georeference says, or be of "
    "another date; do not trust its detail"
)

_WITHOUT = "the figures of the scene made coarser are those of mode=frozen: the network has learned on that image"


class Checked(NamedTuple):
    """A scene that was made coarser and sharpened again, beside itself, in the same pixels."""

    restored: Image
    bicubic: Image
    truth: Image
    ratio: int


def findings(
    inputs: Sequence[RestorationScene], method: Any, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """A super-resolution's part of a report.

    Args:
        inputs: scenes with a scale, or one with a companion.
        method: what was used.
        network: None, since none is trained.
        seed: of the run.
        layers: the sharpened scenes.
    """
    # what is trained has seen the scene made coarser: its figures would be those of what it learned by heart
    plain = getattr(method, "restoration", method)
    # classical methods are their own settings
    spread: PixelSpread = getattr(method, "config", method)
    metrics: dict[str, float] = {}
    sections: list[Section] = [Text("What the figures say", _WORTH)]
    notes: list[str] = [] if plain is method else [_WITHOUT]
    for scene, layer in zip(inputs, layers.values(), strict=True):
        prefix, cube = layer.name.removesuffix(SHARPENED), scene.cube
        match = None if scene.companion is None else spread.told(cube, scene.companion)
        if match is None:
            metrics[f"{prefix}ratio"] = float(scene.scale or 0)
        else:
            metrics |= {f"{prefix}ratio": match.ratio, f"{prefix}explained": float(np.median(match.explained))}
            cut = match.window.height * match.window.width
            if cut < cube.window.height * cube.window.width:
                notes.append(f"{cube.name}: sharpened where the companion lies, {cut} of its pixels")
        checked = _again(scene, match, spread, lambda again: plain.fit([again], seed))
        if checked is None:
            notes.append(f"{cube.name}: too small to be made coarser and sharpened again, so that nothing was measured")
        else:
            found, table = _scored(cube, checked)
            metrics |= {prefix + key: value for key, value in found.items()}
            sections.append(table)
            if found["wald_rmse"] > found["wald_rmse_bicubic"]:
                notes.append(f"{cube.name}: {_WORSE if match else 'bicubic interpolation does better on this scene'}")
        sections += _shown(scene, layer)
        notes += number_notes(cube, layer)
    return Findings(metrics, sections, notes)


def _again(
    scene: RestorationScene, match: Match | None, spread: PixelSpread, fit: Callable[[RestorationScene], Fitted]
) -> Checked | None:
    """The scene made coarser and sharpened again; None where it is too small or lacks too much."""
    cube = scene.cube
    window = cube.window if match is None else match.window
    ratio = scene.scale or max(2, round(match.ratio if match else 2.0))
    if min(window.height, window.width) // ratio < _LEAST_SIDE:
        return None
    image = cube.read(window)
    full, known = filled(image)
    coarse, truth = coarsened(full, spread.wald(ratio)), whole(np.where(known, image, np.nan), ratio)
    again = RestorationScene(cube=Cube.from_array(coarse, name=cube.name), scale=ratio)
    if match is not None:
        assert cube.georef is not None
        place = cube.georef.windowed(window)
        again = RestorationScene(
            cube=Cube.from_array(coarse, georef=place.divided(1 / ratio), name=cube.name),
            companion=Cube.from_array(whole(match.coarse, ratio), georef=place, name="companion"),
        )
    try:
        restored = fit(again).predict(again.cube, again.cube.window)
    except InputError:
        return None
    return Checked(restored, resized(coarse, (truth.shape[1], truth.shape[2])), truth, ratio)


def _scored(cube: Cube, checked: Checked) -> tuple[dict[str, float], Table]:
    """Figures of a scene that was sharpened again, and beside them those of bicubic interpolation."""
    peak = 1.0 if cube.quantity == "reflectance" else float(np.nanmax(checked.truth))
    scores, bicubic = (
        restoration_scores(image, checked.truth, peak=peak, ratio=checked.ratio)
        for image in (checked.restored, checked.bicubic)
    )
    rows = tuple((key, f"{bicubic.get(key, float('nan')):.4f}", f"{value:.4f}") for key, value in scores.items())
    note = f"Made coarser {checked.ratio} times; mpsnr and mssim for a peak of {peak:g}; sam in degrees."
    metrics = {f"wald_{key}": value for key, value in scores.items()}
    metrics |= {f"wald_{key}_bicubic": bicubic[key] for key in ("mpsnr", "sam", "rmse") if key in bicubic}
    return metrics, Table(
        f"Made coarser and sharpened again: {cube.name}", ("figure", "bicubic", "sharpened"), rows, note
    )


def _shown(scene: RestorationScene, layer: Layer) -> Iterator[Section]:
    """Pictures of one scene."""
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite

    waves = None if layer.wavelengths is None else layer.wavelengths.tolist()
    after = Cube.from_array(layer.array, waves, nodata=layer.nodata, name=layer.name)
    panels = [Panel("Before", composite(scene.cube)), Panel("After", composite(after))]
    if scene.companion is not None:
        panels.append(Panel("Companion", composite(scene.companion)))
    _, rows, cols = layer.planes.shape
    size = "" if layer.georef is None else " Pixels are {:.6g} x {:.6g} now.".format(*layer.georef.pixel_size)
    note = f"{rows} x {cols} pixels.{size}"
    yield Figure(f"Before and after: {scene.cube.name}", panels_figure(panels), note)

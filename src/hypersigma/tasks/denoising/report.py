"""What a report says of a denoising: how much noise, what was taken out, and how close to a truth the result is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.denoised_maps import ANGLE, DENOISED, RESIDUAL
from hypersigma.data.method import Findings
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.scene_model import SceneModel, made_up
from hypersigma.data.target_kept import targets_kept, tried_part
from hypersigma.mapped import release
from hypersigma.metrics.restoration import restoration_scores
from hypersigma.products import Figure, Layer, Section, Table, Text
from hypersigma.tasks._restoration import Image, RestorationMethod, number_notes
from hypersigma.tasks.denoising.task import Denoising
from hypersigma.tiling import Window

_WORTH = (
    "Noise is what no other band tells of a band. Without a truth nobody knows what was noise: the residual shows all "
    "that was taken out, and edges, fields or roofs in it are signal that was lost. What is too much for noise in a "
    "pixel is put back; how much of targets is left, the table tells."
)


def findings(
    inputs: Sequence[RestorationScene], method: Any, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """A denoising's part of a report.

    Args:
        inputs: scenes, one of which may have a truth.
        method: what was used.
        network: what was fitted, which knows what scenes are made of; None of a classical method.
        seed: of the run; nothing is drawn.
        layers: denoised scene, residual and angle of each scene.
    """
    metrics: dict[str, float] = {}
    sections: list[Section] = [Text("What the figures say", _WORTH)]
    notes: list[str] = []
    kinds = ([layer for name, layer in layers.items() if name.endswith(kind)] for kind in (DENOISED, RESIDUAL, ANGLE))
    for scene, clean, residual, angle in zip(inputs, *kinds, strict=True):
        prefix, cube = clean.name.removesuffix(DENOISED), scene.cube
        removed = _removed(residual)
        figures = {
            "removed_rms": float(np.sqrt(np.nanmean(np.square(removed)))),
            "angle_mean": float(np.nanmean(angle.array)) if np.isfinite(angle.array).any() else 0.0,
        }
        levels = {"taken out (rms)": removed}
        if isinstance(network, Denoising):
            model = network.model(cube)
            figures |= _figures(model)
            levels = {"noise (deviation)": model.subspace.deviations} | levels
            notes += _told(cube.name, model)
        kept, table = _kept(scene, _settled(method, network), seed)
        figures |= kept
        sections += [*_shown(cube, levels, clean, residual), *table]
        notes += number_notes(cube, clean)
        metrics |= {prefix + key: value for key, value in figures.items()}
        if scene.truth is not None:
            scores, against = _against(cube, scene.truth, clean)
            metrics |= scores
            sections.append(against)
    return Findings(metrics, sections, notes)


def _removed(residual: Layer) -> NDArray[np.float64]:
    """Root mean square (bands,) of what was taken out."""
    levels = []
    for band in residual.array:
        levels.append(np.sqrt(np.nanmean(np.square(band, dtype=np.float64))))
        release(residual.array)
    return np.array(levels)


def _figures(model: SceneModel) -> dict[str, float]:
    """Short figures of what a scene is made of."""
    subspace, faults = model.subspace, model.faults
    noise = subspace.deviations[subspace.used]
    return {
        "rank": float(len(subspace.vectors)),
        "noise_median": float(np.median(noise)),
        "signal_to_noise_median": float(np.median(subspace.mean[subspace.used] / noise)),
        "dead_columns": float(np.count_nonzero(faults.dead)),
        "striped_columns": float(np.count_nonzero(faults.offsets)),
        "stuck_bands": float(np.count_nonzero(np.isfinite(faults.stuck).any(axis=1))),
    }


def _told(name: str, model: SceneModel) -> Iterator[str]:
    """What a person should know of the faults of a scene."""
    faults = model.faults
    constant = int(np.count_nonzero(model.subspace.deviations == 0))
    if constant:
        yield f"{name}: {constant} bands do not vary between complete pixels and stay as they are"
    few = int(np.count_nonzero(made_up(model.subspace)))
    if few:
        told = f"{few} bands have next to no noise beside the others, as where spectra were interpolated"
        yield f"{name}: {told}; they stay nearly as they are, and their columns are not looked at"
    for count, told in (
        (np.count_nonzero(faults.dead), "dead columns of single bands were filled"),
        (np.count_nonzero(faults.offsets), "columns of single bands were off by a constant, which was taken out"),
        (np.count_nonzero(np.isfinite(faults.stuck).any(axis=1)), "bands have pixels stuck at a value, filled"),
    ):
        if count:
            yield f"{name}: {count} {told} from the other bands"


def _settled(method: Any, network: Any) -> Any:
    """The method, not to be trained again on parts of a scene."""
    if not isinstance(network, Denoising):
        return method
    return RestorationMethod(task=Denoising, config=network.config, corrector=network.corrector)


def _kept(scene: RestorationScene, method: Any, seed: int) -> tuple[dict[str, float], list[Section]]:
    """How much of targets that are put into the scene is left after denoising; nothing of a scene too small for it."""
    cube = scene.cube
    rows, cols = tried_part(*cube.shape[1:])
    window = Window(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)
    waves = None if cube.wavelengths is None else cube.wavelengths[cube.used]

    def denoise(image: Image) -> Image:
        part = Cube.from_array(image, waves, name=cube.name)
        fitted = method.fit([replace(scene, cube=part, truth=None)], seed)
        clean: Image = fitted.finish(fitted.predict(part, part.window), part, part.window)[DENOISED]
        return clean

    found = targets_kept(cube.read(window), denoise, scene.target)
    if found is None:
        return {}, []
    lines = tuple(
        (f"{fraction:g}", f"{before:.3f}", f"{after:.3f}", f"{kept:.1%}")
        for fraction, before, after, kept in zip(found.fractions, found.before, found.after, found.kept, strict=True)
    )
    source = "the most distinct spectra of the scene" if scene.target is None else "the given spectrum"
    note = (
        f"Single pixels of {window.height} x {window.width} in the middle, of which {source} filled a share, and the "
        "answer of a matched filter there: 1 for a whole pixel. Below 95 % a search for such targets belongs before "
        "denoising."
    )
    table = Table(f"Did it remove my target? {cube.name}", ("share", "before", "after", "kept"), lines, note)
    return {f"target_kept_{fraction:g}": kept for fraction, kept in zip(found.fractions, found.kept, strict=True)}, [
        table
    ]


def _shown(cube: Cube, levels: Mapping[str, NDArray[np.float64]], clean: Layer, residual: Layer) -> Iterator[Section]:
    """Pictures of one scene."""
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite
    from hypersigma.viz.spectra import spectra_figure

    waves = clean.wavelengths
    cubes = (
        Cube.from_array(layer.array, None if waves is None else waves.tolist(), nodata=layer.nodata, name=layer.name)
        for layer in (clean, residual)
    )
    pictures = (composite(shown) for shown in (cube, *cubes))
    titles = ("Before", "After", "Taken out")
    panels = [Panel(title, picture) for title, picture in zip(titles, pictures, strict=True)]
    yield Figure(
        f"Before and after: {cube.name}", panels_figure(panels), "Each picture is stretched by itself; grey is nothing."
    )
    units = clean.units or "unit of the scene"
    yield Figure(
        f"Noise of every band: {cube.name}",
        spectra_figure(waves, levels, units=units, title="Noise of every band"),
        "What is taken out is the noise, and what faults there are.",
    )


def _against(cube: Cube, truth: Cube, clean: Layer) -> tuple[dict[str, float], Table]:
    """Figures against the truth of the result, and beside them those of the scene as it was."""
    true = truth.read(bands=cube.used)
    peak = 1.0 if cube.quantity == "reflectance" else float(np.nanmax(true))
    after = clean.values(clean.array)
    scores = restoration_scores(after, true, peak=peak)
    noisy = restoration_scores(cube.read(), true, peak=peak)
    rows = tuple((key, f"{noisy.get(key, float('nan')):.4f}", f"{value:.4f}") for key, value in scores.items())
    note = f"mpsnr and mssim for a peak of {peak:g}; sam in degrees"
    return scores, Table("Against the truth", ("figure", "before", "after"), rows, note)

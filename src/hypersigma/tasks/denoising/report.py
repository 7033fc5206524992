"""What a report says of a denoising: how much noise, what was taken out, and how close to a truth the result is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from hypersigma.cube import Cube
from hypersigma.data.method import Findings
from hypersigma.data.spectral_subspace import SpectralSubspace, fit_subspace
from hypersigma.metrics.restoration import restoration_scores
from hypersigma.products import Figure, Layer, Section, Table, Text
from hypersigma.tasks._restoration import Image, RestorationMethod, RestorationScene, number_notes
from hypersigma.tasks.denoising.task import ANGLE, DENOISED, RESIDUAL

_WORTH = (
    "Noise is what no other band tells of a band. Without a truth nobody knows what was noise: the residual shows all "
    "that was taken out, and edges, fields or roofs in it are signal that was lost. A target of a few pixels, of a "
    "material that nothing else in the scene is made of, may be weakened: compare its spectrum before and after."
)


def findings(
    inputs: Sequence[RestorationScene], method: RestorationMethod, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """A denoising's part of a report.

    Args:
        inputs: scenes, one of which may have a truth.
        method: what was used.
        network: None, since none is trained.
        seed: of the run; nothing is drawn.
        layers: denoised scene, residual and angle of each scene.
    """
    metrics: dict[str, float] = {}
    sections: list[Section] = [Text("What the figures say", _WORTH)]
    notes: list[str] = []
    kinds = ([layer for name, layer in layers.items() if name.endswith(kind)] for kind in (DENOISED, RESIDUAL, ANGLE))
    for scene, clean, residual, angle in zip(inputs, *kinds, strict=True):
        prefix = clean.name.removesuffix(DENOISED)
        image = scene.cube.read()
        with threadpool_limits(limits=1):
            subspace = fit_subspace(image, method.config.subspace.rank)
        metrics |= {prefix + key: value for key, value in _figures(subspace, image, residual, angle).items()}
        sections += _shown(scene.cube, subspace, clean, residual)
        notes += number_notes(scene.cube.name, image, clean.array)
        constant = int(np.count_nonzero(subspace.deviations == 0))
        if constant:
            notes.append(
                f"{scene.cube.name}: {constant} bands do not vary between complete pixels and stay as they are"
            )
        if scene.truth is not None:
            scores, table = _against(scene.cube, scene.truth, image, clean.array)
            metrics |= scores
            sections.append(table)
    return Findings(metrics, sections, notes)


def _figures(subspace: SpectralSubspace, image: Image, residual: Layer, angle: Layer) -> dict[str, float]:
    """Short figures of one scene."""
    noise = subspace.deviations[subspace.used]
    return {
        "rank": float(len(subspace.vectors)),
        "noise_median": float(np.median(noise)),
        "signal_to_noise_median": float(np.median(subspace.mean[subspace.used] / noise)),
        "removed_rms": float(np.sqrt(np.nanmean(np.square(residual.array)))),
        "angle_mean": float(np.nanmean(angle.array)) if np.isfinite(angle.array).any() else 0.0,
    }


def _shown(cube: Cube, subspace: SpectralSubspace, clean: Layer, residual: Layer) -> Iterator[Section]:
    """Pictures of one scene."""
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite
    from hypersigma.viz.spectra import spectra_figure

    waves = clean.wavelengths
    cubes = (
        Cube.from_array(layer.array, None if waves is None else waves.tolist(), name=layer.name)
        for layer in (clean, residual)
    )
    pictures = (composite(shown) for shown in (cube, *cubes))
    titles = ("Before", "After", "Taken out")
    panels = [Panel(title, picture) for title, picture in zip(titles, pictures, strict=True)]
    yield Figure(
        f"Before and after: {cube.name}", panels_figure(panels), "Each picture is stretched by itself; grey is nothing."
    )
    units = clean.units or "unit of the scene"
    removed = np.sqrt(np.nanmean(np.square(residual.array), axis=(1, 2)))
    levels = {"noise (deviation)": subspace.deviations, "taken out (rms)": removed.astype(np.float64)}
    yield Figure(
        f"Noise of every band: {cube.name}",
        spectra_figure(waves, levels, units=units, title="Noise of every band"),
        f"The spectra of the scene lie in {len(subspace.vectors)} directions.",
    )


def _against(cube: Cube, truth: Cube, before: Image, after: Image) -> tuple[dict[str, float], Table]:
    """Figures against the truth of the result, and beside them those of the scene as it was."""
    true = truth.read(bands=cube.used)
    peak = 1.0 if cube.quantity == "reflectance" else float(np.nanmax(true))
    scores = restoration_scores(after, true, peak=peak)
    noisy = restoration_scores(before, true, peak=peak)
    rows = tuple((key, f"{noisy.get(key, float('nan')):.4f}", f"{value:.4f}") for key, value in scores.items())
    note = f"mpsnr and mssim for a peak of {peak:g}; sam in degrees"
    return scores, Table("Against the truth", ("figure", "before", "after"), rows, note)

"""How a restoration does on scenes: made without a look at the truth, then compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.denoised_maps import DENOISED
from hypersigma.data.method import Method
from hypersigma.data.noise_level import noise_deviations
from hypersigma.data.restoration import RestorationScene
from hypersigma.engine.mean_figures import figures_of_each, mean_figures
from hypersigma.engine.measure import measured
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import InputError
from hypersigma.metrics.restoration import restoration_scores, spectral_angle
from hypersigma.metrics.unreferenced import unreferenced_scores

RESTORED = {"denoising": DENOISED, "super_resolution": "sharpened"}  # the layer that is scored, by task
OF_EACH = ("mpsnr", "mssim", "sam", "ergas", "noise_left", "removed_to_noise")  # told scene by scene
_DARKEST = 1e-4  # of the peak: what both images are clipped to before noisy spectra are given an angle


@dataclass
class Outcome:
    """What a trial of a restoration comes to.

    Attributes:
        metrics: means over scenes, and of several scenes the figures of each; where a method does not take all
            scenes, means would be of other scenes than those of other methods and are left out.
        seconds, peak_memory_mb: of restoring, without scoring.
        left_out: why a scene was not taken, by its name.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    left_out: dict[str, str] = field(default_factory=dict)


def restored_figures(method: Method, scenes: Sequence[RestorationScene], task: str, seed: int) -> Outcome:
    """Figures of a method on scenes with or without a truth, and what it cost.

    Args:
        method: not fitted yet; it is given each scene by itself, without its truth.
        scenes: of a restoration; truths have a peak of 1.
        task: one of `RESTORED`.
        seed: of the method.
    """
    outcome, figures = Outcome(), {}
    for scene in scenes:
        name = scene.cube.name
        with measured() as cost:
            try:
                fitted: Any = method.fit([replace(scene, truth=None)], seed)
                found = predict_scene(fitted, scene.cube)[RESTORED[task]]
            except InputError as error:
                # a method without use for a companion, say, is not asked of scenes that have one
                outcome.left_out[name] = str(error)
                continue
        outcome.seconds += cost.seconds
        outcome.peak_memory_mb = max(outcome.peak_memory_mb, cost.peak_memory_mb)
        figures[name] = _figures(scene, found, denoised=task == "denoising")
    names, every = list(figures), list(figures.values())
    if outcome.left_out:
        outcome.metrics = figures_of_each(names, every, OF_EACH)
    elif every:
        outcome.metrics = mean_figures(names, every, OF_EACH)
    return outcome


def _figures(scene: RestorationScene, found: NDArray[Any], *, denoised: bool) -> dict[str, float]:
    """Figures of one scene against its truth, or against itself where it has none."""
    if scene.truth is None:
        before = scene.cube.read()
        return unreferenced_scores(before, found, noise_deviations(before), noise_deviations(found))
    truth = scene.truth.read()
    figures = restoration_scores(found, truth, ratio=truth.shape[1] / scene.cube.shape[1])
    if denoised:
        # noise turns dark spectra about, whatever a method does
        figures["sam"] = spectral_angle(*(np.clip(image, _DARKEST, 1.0) for image in (found, truth)))
    return figures

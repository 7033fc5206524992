"""How an unmixing does on scenes: fitted without a look at the truth, then compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypersigma.data.method import Method
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_maps import ABUNDANCES, ANGLE, RESIDUAL, left_over
from hypersigma.data.unmixing_scores import agreement, by_material, matched_abundances, on_all_bands
from hypersigma.data.unmixing_targets import target_figures
from hypersigma.engine.mean_figures import mean_figures
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import InputError

# figures that are told scene by scene, beside errors of areas
_OF_EACH = ("sad", "armse", "rmse", "mae", "auc", "inside", "outside")


def unmixing_figures(method: Method, scenes: Sequence[UnmixingScene], seed: int) -> dict[str, float]:
    """Means over scenes of the figures of each, and of several ones those of each by name.

    Raises:
        InputError: a scene has no truth, or does not allow the method.
    """
    figures = [_figures(method, scene, seed) for scene in scenes]
    areas = {key for found in figures for key in found if key.startswith("area")}
    return mean_figures([scene.cube.name for scene in scenes], figures, sorted({*_OF_EACH, *areas}))


def _figures(method: Method, scene: UnmixingScene, seed: int) -> dict[str, float]:
    """Figures of one scene."""
    if not scene.has_truth:
        raise InputError(f"{scene.cube.name} has no truth to score an unmixing by")
    fitted: Any = method.fit([scene.without_truth], seed)
    arrays = predict_scene(fitted, scene.cube)
    (library,) = fitted.libraries
    spectra, names = by_material(on_all_bands(library, scene.cube), library)
    agreed = agreement(scene, spectra, names, arrays[ABUNDANCES])
    figures = agreed.metrics
    if scene.truth_targets and scene.truth_abundances is not None:
        shares = matched_abundances(arrays[ABUNDANCES], agreed.materials.found)
        figures |= target_figures(scene.truth_targets, scene.truth_abundances, shares)
    return figures | left_over(arrays[RESIDUAL], arrays[ANGLE])

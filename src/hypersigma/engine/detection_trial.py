"""How a detector does on a scene: fitted without a look at the truth, then scored by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hypersigma.data.detection import DetectionScene
from hypersigma.data.method import Method
from hypersigma.data.score_maps import MASK, score_name
from hypersigma.errors import InputError
from hypersigma.metrics.detection import detection_scores, object_scores

OF_EACH = ("auc", "ap")  # figures that are told scene by scene


def detection_figures(method: Method, scene: DetectionScene, seed: int) -> dict[str, float]:
    """Figures of merit by their short names, over the pixels of a scene that count.

    Raises:
        InputError: the scene has no truth.
    """
    from hypersigma.engine.predict import predict_scene

    if scene.truth is None:
        raise InputError(f"{scene.cube.name} has no truth to score a detector by")
    # what a detector is given holds no truth at all
    fitted = method.fit([replace(scene, truth=None, ignored=None)], seed)
    arrays = predict_scene(fitted, scene.cube)
    task = "target_detection" if scene.target is not None else "anomaly_detection"
    counted = np.ones(scene.truth.shape, dtype=bool) if scene.ignored is None else ~scene.ignored
    score, mask = arrays[score_name(task)], arrays[MASK]
    figures = detection_scores(np.where(counted, score, np.nan), scene.truth)
    background = counted & ~scene.truth & (mask > 0)
    figures["false_alarms"] = float(np.mean(mask[background] == 2))
    return figures | object_scores((mask == 2) & counted, scene.truth & counted)

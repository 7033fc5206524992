"""What a dense prediction holds in memory beside the scene."""

from __future__ import annotations

import pytest

from hypersigma.data.scenes import indian_pines
from hypersigma.engine.measure import measured
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import MissingExtraError
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.task import Classification


def test_indian_pines_is_mapped_within_300_mb() -> None:
    try:
        (scene,) = indian_pines.load()
    except MissingExtraError as error:
        pytest.skip(str(error))
    config = ClassificationConfig(training=TrainingConfig(steps=1), num_members=2, pixels_per_batch=4096)
    fitted = NeuralMethod(task=Classification, config=config, device="cpu").fit([scene], 0)
    # As a model from disk, which has read no channels yet, on the scene in memory.
    fitted._last.clear()
    scene.cube.read()
    with measured() as cost:
        arrays = predict_scene(fitted, scene.cube)
    assert arrays["map"].all()
    assert cost.peak_memory_mb < 300

"""Classification networks small enough to be trained within a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from hypersigma.data.front_end import FrontEndConfig
from hypersigma.engine.neural import NeuralMethod
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.task import Classification

FRONT_END = FrontEndConfig(num_components=4)
TRAINING = TrainingConfig(steps=25, learning_rate=5e-3, warmup=3)


@contextmanager
def toy_size() -> Iterator[None]:
    """A size "toy" of four narrow blocks, for as long as it is needed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SIZES, "toy", Size(24, 4, 2, 2, (0, 1, 2, 3)))
        yield


def toy_config(**changes: Any) -> ClassificationConfig:
    """Settings of a small network."""
    settings: dict[str, Any] = {
        "size": "toy",
        "front_end": FRONT_END,
        "training": TRAINING,
        "tile": 16,
        "overlap": 4,
        "detail": 16,
        "pixels_per_batch": 2048,
        "num_members": 2,
    }
    return ClassificationConfig(**settings | changes)


def toy_method(steps: int = TRAINING.steps, **changes: Any) -> NeuralMethod:
    """A small network as a method on the CPU; `changes` are of its settings."""
    config = toy_config(**{"training": replace(TRAINING, steps=steps)} | changes)
    return NeuralMethod(task=Classification, config=config, device="cpu")

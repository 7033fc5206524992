"""A labelled scene that is registered for a test, and jobs that stay in its process, where they see that scene."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.engine import jobs
from hypersigma.palette import default_legend
from hypersigma.spectra import sensor_bands

NAME = "toy"
PROTOCOLS = {
    "random": SplitConfig(num_per_class=10),
    "fields": SplitConfig(protocol="fields", num_per_class=10, window_radius=1),
}
_FIELDS = np.array([[1, 2, 3, 1], [2, 3, 1, 2], [3, 1, 2, 3]])
_SIDE = 8


def ground(seed: int = 0) -> LabelledScene:
    """Fields of 8 x 8 pixels of three materials, as AVIRIS sees them, in reflectance."""
    centres, widths = sensor_bands("aviris_1992")
    labels = np.kron(_FIELDS, np.ones((_SIDE, _SIDE), dtype=np.int32)).astype(np.int32)
    spectra = np.stack([0.3 + 0.15 * np.sin(centres / scale) for scale in (250, 400, 700)])
    noise = np.random.default_rng(seed).normal(scale=0.05, size=(len(centres), *labels.shape))
    array = (spectra[labels - 1].transpose(2, 0, 1) + noise).astype(np.float32)
    cube = Cube.from_array(array, centres, widths, quantity="reflectance", name=NAME)
    cube = dataclasses.replace(cube, sensor="AVIRIS")
    return LabelledScene(cube, labels, default_legend(("one", "two", "three")))


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the scene be known, and jobs run one after the other in a thread."""
    known = SimpleNamespace(load=lambda: [ground()], PROTOCOLS=PROTOCOLS, TASK="classification")
    real = registry.load
    monkeypatch.setattr(
        registry,
        "load",
        lambda room, name: known if (room, name) == ("hypersigma.data.scenes", NAME) else real(room, name),
    )
    monkeypatch.setattr(jobs, "_pool", lambda num_jobs: ThreadPoolExecutor(1))

"""Tiles that do not fit are refused before they are tried, with the largest that fits."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hypersigma.engine import tile_memory as module
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.tile_memory import check_tile, free_bytes
from hypersigma.errors import ConfigError
from hypersigma.tiling import Window
from tests.fakes.fields import crops, field_cube, field_scene
from tests.fakes.networks import toy_method, toy_size


@pytest.fixture(scope="module")
def fitted() -> NeuralFitted:
    with toy_size():
        return toy_method(3, num_members=1).fit([field_scene()], 0)


def test_the_largest_that_fits_is_told(fitted: NeuralFitted, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is foretold of a tile agrees with what it takes when it is tried."""
    member, channels = fitted.members[0], fitted.front_end.num_channels
    check_tile(member, channels, 4096)
    _, taken = module._taken(member, channels, 320)
    monkeypatch.setattr(module, "free_bytes", lambda device: taken)
    with pytest.raises(ConfigError, match="a tile of 4096 x 4096 pixels needs about") as caught:
        check_tile(member, channels, 4096)
    found = re.search(r"--set tile=(\d+)", str(caught.value))
    assert found is not None
    assert int(found[1]) == pytest.approx(320, abs=32)
    check_tile(member, channels, 256)


def test_predicting_and_fitting_ask_before(fitted: NeuralFitted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_bytes", lambda device: 1e6)
    with toy_size():
        large = replace(fitted, config=replace(fitted.config, tile=512), _last=[])
    with pytest.raises(ConfigError, match="the largest that fits"):
        large.predict(field_cube(crops(300, 300)), Window(0, 0, 8, 8))
    assert np.isfinite(large.predict(field_cube(crops(40, 40)), Window(0, 0, 8, 8))).all()
    with toy_size(), pytest.raises(ConfigError, match="the largest that fits"):
        toy_method(3, num_members=1, tile=512).fit([field_scene(300, 300)], 0)


def test_free_memory_is_what_the_system_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    told, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    monkeypatch.setattr(module, "_MEMORY", told)
    monkeypatch.setattr(module, "_LIMIT", limit)
    assert free_bytes(cpu) == float("inf")
    told.write_text("MemTotal: 8000 kB\nMemAvailable:    4000 kB\n")
    assert free_bytes(cpu) == 4000 * 1024
    limit.write_text("1000\n")
    assert free_bytes(cpu) == 1000

"""Recipes: each fits its task, and its header says what to type, what it costs and what to expect."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hypersigma
from hypersigma import registry
from hypersigma.config import load_yaml
from hypersigma.cube import Cube
from hypersigma.data.front_end import fit_front_end

FOLDER = Path(hypersigma.__file__).parent / "recipes"
RECIPES = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name != "pretraining")
PRETRAINING = sorted(FOLDER.glob("pretraining/*.yaml"))
CUBE = Cube.from_array(np.random.default_rng(0).normal(size=(40, 8, 9)).astype(np.float32))


def header(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.startswith("#"))


def assert_header(path: Path) -> None:
    for word in ("Command", "Cost", "Expected"):
        assert re.search(rf"^# {word}: \S", header(path), re.MULTILINE), f"the header lacks '{word}: ...'"


def test_there_are_recipes() -> None:
    assert {path.parent.name for path in RECIPES} >= {"classification"}
    assert PRETRAINING


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_fits_its_task(path: Path) -> None:
    task = registry.load("hypersigma.tasks", path.parent.name).TASK
    config = load_yaml(path, task.Config)
    assert_header(path)
    size = re.search(r"hypersigma-(\w+)", header(path))
    assert size is None or size[1] == config.size, "the command names another size than the settings"


@pytest.mark.parametrize("path", PRETRAINING, ids=lambda path: path.stem)
def test_a_recipe_of_pre_training_can_be_begun(path: Path) -> None:
    import torch

    from hypersigma.engine.masking import workload
    from hypersigma.engine.recipe import PretrainConfig

    config = load_yaml(path, PretrainConfig)
    assert_header(path)
    with torch.device("meta"):
        assert list(workload(config, 0).build().parameters())


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_network_of_a_recipe_can_be_built(path: Path) -> None:
    import torch

    kind = registry.load("hypersigma.tasks", path.parent.name).TASK
    config = load_yaml(path, kind.Config)
    front_end = fit_front_end(replace(config.front_end, bands="native"), [CUBE])
    channels = front_end.num_channels
    with torch.device("meta"):
        network = kind(config, front_end, 16)
        side = config.window if config.head == "patch" else config.tile
        scores = network(torch.empty(1, channels, side, side))
    assert scores.shape[:2] == (1, 16)

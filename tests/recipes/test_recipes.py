"""Recipes: each fits its task, and its header says what to type, what it costs and what to expect."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hypersigma
from hypersigma import registry
from hypersigma.config import load_yaml, read_yaml, structure, with_settings
from hypersigma.cube import Cube
from hypersigma.data.front_end import fit_front_end
from hypersigma.data.simulated_corpus import SimulatedCorpus

FOLDER = Path(hypersigma.__file__).parent / "recipes"
RECIPES = sorted(path for path in FOLDER.rglob("*.yaml") if path.parent.name != "pretraining")
CORPORA = sorted(FOLDER.glob("pretraining/corpus*.yaml"))
PRETRAINING = sorted(set(FOLDER.glob("pretraining/*.yaml")) - set(CORPORA))
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

    from hypersigma.engine.masking import build_objective
    from hypersigma.engine.recipe import PretrainConfig

    config = load_yaml(path, PretrainConfig)
    assert_header(path)
    with torch.device("meta"):
        assert list(build_objective(config).parameters())


# Scenes that figures are reported on, and libraries that were taken from them.
EVALUATION = (
    *("indian", "potsdam", "san", "hydice", "abu", "samson", "jasper", "muufl", "hysu", "berlin", "cave", "pavia"),
    *("taizhou", "oscd", "urban.mat"),
)


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: path.stem)
def test_a_corpus_holds_no_scene_of_the_evaluation(path: Path) -> None:
    corpus = SimulatedCorpus.load(path)
    assert_header(path)
    files = [*corpus.libraries, *corpus.images, *(crop.path for crop in corpus.crops)]
    assert not [file for file in files for name in EVALUATION if name in file.lower()]


def flags(command: str) -> set[str]:
    return set(re.findall(r"--\S+(?: [\d.]+)?", command))


def test_the_script_of_the_corpus_gives_the_commands_of_its_recipes(tmp_path: Path) -> None:
    """Run with an interpreter at a relative path, which copies the photographs and only tells the rest."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "data").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" != - ] || exec {sys.executable} "$@"\necho "$@"\n')
    python.chmod(0o755)
    script = FOLDER / "pretraining" / "corpus.sh"
    command = ["bash", str(script), "data"]
    environment = {**os.environ, "PYTHON": "bin/python"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    real, simulated = CORPORA
    told = header(real).split("# Command: ")[1].split(", ")[0].split("# Cost")[0]
    assert flags(done.stdout) - {"--resume"} == flags(told)
    assert (tmp_path / "data" / "corpus" / "simulated.yaml").read_text() == simulated.read_text()
    images = SimulatedCorpus.load(simulated).images
    copied = {f"photographs/{file.name}" for file in (tmp_path / "data" / "photographs").iterdir()}
    assert copied == {image for image in images if image.startswith("photographs")}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_the_network_of_a_recipe_can_be_built(path: Path) -> None:
    import torch

    kind = registry.load("hypersigma.tasks", path.parent.name).TASK
    config = load_yaml(path, kind.Config)
    front_end = fit_front_end(replace(config.front_end, bands="native"), [CUBE])
    channels = kind.dates * front_end.num_channels
    if path.parent.name != "classification":
        with torch.device("meta"):
            # of an unmixing abundances, a residual and an angle
            ends, count = ((4,), 6) if path.parent.name == "unmixing" else ((), 1)
            network = kind(config, front_end, *ends)
            quantities = network.quantities(torch.empty(1, channels, config.tile, config.tile))
            assert quantities.shape[:2] == (1, count)
        return
    with torch.device("meta"):
        network = kind(config, front_end, 16)
        side = config.window if config.head == "patch" else config.tile
        scores = network(torch.empty(1, channels, side, side))
    assert scores.shape[:2] == (1, 16)


def test_runs_of_scaling_see_parts_of_one_corpus(tmp_path: Path) -> None:
    """The script with an interpreter that only notes what it is called with."""
    from hypersigma.engine.recipe import PretrainConfig

    script = FOLDER / "pretraining" / "scaling.sh"
    assert_header(script)
    (tmp_path / "corpus").mkdir()
    shutil.copy(FOLDER / "pretraining" / "corpus_simulated.yaml", tmp_path / "corpus" / "simulated.yaml")
    noted = tmp_path / "python"
    noted.write_text("#!/bin/bash\nprintf '%s\\0' \"$@\" >> calls; echo >> calls\n")
    noted.chmod(0o755)
    subprocess.run(["bash", str(script), str(tmp_path)], check=True, env=os.environ | {"PYTHON": str(noted)})
    calls = [line.split("\0")[:-1] for line in (tmp_path / "calls").read_text().splitlines()]
    runs = [call for call in calls if "pretrain" in call]
    assert len(runs) == 7
    for call in runs:
        settings = [call[place + 1] for place, word in enumerate(call) if word == "--set"]
        recipe = read_yaml(Path(call[call.index("--config") + 1]))
        config = structure(with_settings(recipe, settings), PretrainConfig)
        (part, _) = config.data["sources"]
        counts = SimulatedCorpus.load(tmp_path / part["corpus"]).sensors
        folder = call[call.index("-o") + 1]
        assert folder.split("-")[:2] == [f"runs/{config.size}", str(sum(counts.values()))]
    (compared,) = (call[call.index("--scaling") + 1 :] for call in calls if "benchmark" in call)
    assert compared == [*(call[call.index("-o") + 1] for call in runs), "tiny"]

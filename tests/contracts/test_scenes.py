"""Every benchmark scene says what it is for, how it is split, and what is missing where its files are."""

from __future__ import annotations

from pathlib import Path

import pytest

from hypersigma.data.sampling import SplitConfig
from hypersigma.errors import HypersigmaError, MissingExtraError
from hypersigma.registry import load, names

SCENES = names("hypersigma.data.scenes")


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_names_its_task_and_protocols(name: str) -> None:
    scene = load("hypersigma.data.scenes", name)
    assert scene.TASK in names("hypersigma.tasks")
    assert scene.PROTOCOLS
    for protocol, split in scene.PROTOCOLS.items():
        assert isinstance(split, SplitConfig)
        assert split.protocol == protocol


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_whose_files_are_missing_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(HypersigmaError, match=str(tmp_path)):
        load("hypersigma.data.scenes", name).load(tmp_path)


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_carries_labels_or_a_truth_and_wavelengths(name: str) -> None:
    try:
        scenes = load("hypersigma.data.scenes", name).load()
    except MissingExtraError as error:
        pytest.skip(str(error))
    except HypersigmaError as error:
        pytest.skip(f"files are elsewhere: {error}")
    assert all(scene.cube.wavelengths is not None for scene in scenes)
    if load("hypersigma.data.scenes", name).TASK != "classification":
        assert all(scene.truth.any() for scene in scenes)
        return
    for scene in scenes:
        assert 0 < scene.labels.max() <= len(scene.legend.names)
    assert len({scene.legend for scene in scenes}) == 1

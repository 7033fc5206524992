"""Every benchmark scene says what it is for, how it is split, and what is missing where its files are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.errors import HypersigmaError, MissingExtraError
from hypersigma.registry import load, names

SCENES = names("hypersigma.data.scenes")


def dates_of(cube: Cube) -> tuple[Cube, ...]:
    """Both dates of a pair, which has no wavelengths of its own; a cube alone."""
    return (cube.before, cube.after) if isinstance(cube, Pair) else (cube,)


def restorable(scene: RestorationScene) -> bool:
    """Whether a scene has something to restore: noise, whose truth may be unknown, or larger pixels than its truth."""
    if scene.truth is None:
        return scene.scale is None and scene.companion is None
    ratio = scene.truth.shape[1] / scene.cube.shape[1]
    sharpened = scene.scale is not None or scene.companion is not None
    return scene.truth.shape[0] == scene.cube.shape[0] and (ratio > 1) == sharpened


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
    module = load("hypersigma.data.scenes", name)
    dates = [date for scene in scenes for date in dates_of(scene.cube)]
    # a module says so where nobody knows which bands a scene has
    assert all((date.wavelengths is not None) == getattr(module, "WAVELENGTHS", True) for date in dates)
    task = module.TASK
    if task in ("anomaly_detection", "target_detection"):
        assert all(scene.truth.any() for scene in scenes)
        return
    if task == "unmixing":
        assert all(scene.has_truth and scene.materials for scene in scenes)
        return
    if task in ("denoising", "super_resolution"):
        assert all(restorable(scene) for scene in scenes)
        assert len({scene.cube.name for scene in scenes}) == len(scenes)
        return
    if task == "change_detection":
        assert all(isinstance(scene.cube, Pair) and scene.legend == LEGEND for scene in scenes)
        assert all(np.isin((UNCHANGED, CHANGED), scene.labels).all() for scene in scenes)
    for scene in scenes:
        assert 0 < scene.labels.max() <= len(scene.legend.names)
    assert len({scene.legend for scene in scenes}) == 1


@pytest.mark.parametrize("name", SCENES)
def test_scenes_held_out_are_of_protocols_and_folds_share_none(name: str) -> None:
    scene = load("hypersigma.data.scenes", name)
    for protocol, groups in getattr(scene, "HELD_OUT", {}).items():
        assert protocol in scene.PROTOCOLS
        held_out = [city for group in groups for city in group]
        assert len(held_out) == len(set(held_out))

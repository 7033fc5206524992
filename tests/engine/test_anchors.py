"""Labels as anchors: found again in their own scene wherever it comes from, and in no other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.engine.anchors import NOWHERE, Anchors, fingerprint
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.envi import braces, write_envi
from tests.fakes.fields import LEGEND, crops, field_cube, field_scene

SCENE, SECOND = field_scene(), field_scene(31, 20, seed=4)
ANCHORS = Anchors.of([SCENE, SECOND])


def reopened(cube: Cube) -> Cube:
    """Another cube that holds the same numbers under another name."""
    return Cube.from_array(cube.read(), cube.wavelengths, name="renamed")


@pytest.mark.parametrize("window", [Window(0, 0, 31, 20), Window(3, 5, 10, 9), Window(30, 19, 1, 1)])
def test_labels_are_found_in_any_window_of_their_scene(window: Window) -> None:
    for scene in (SCENE, SECOND):
        found = ANCHORS.labels(fingerprint(reopened(scene.cube)), window)
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, scene.labels[window.slices])


def test_another_scene_of_the_same_name_and_size_is_not_mistaken() -> None:
    other = field_cube(crops(), seed=9)
    other = replace(other, name=SCENE.cube.name)
    assert not ANCHORS.labels(fingerprint(other), other.window).any()
    assert fingerprint(other) != fingerprint(SCENE.cube)


def test_scenes_that_agree_in_rows_without_data_are_told_apart() -> None:
    """Both lack their middle."""
    cubes = []
    for seed in (0, 1):
        array = field_cube(crops(), seed=seed).read().copy()
        array[:, 15:25] = np.nan
        cubes.append(Cube.from_array(array, SCENE.cube.wavelengths))
    assert fingerprint(cubes[0]) != fingerprint(cubes[1])


def test_a_scene_opened_from_a_file_is_found(tmp_path: Path) -> None:
    waves = SCENE.cube.wavelengths
    assert waves is not None
    opened = open_cube(write_envi(tmp_path, SCENE.cube.read(), wavelength=braces(waves)))
    np.testing.assert_array_equal(ANCHORS.labels(fingerprint(opened), opened.window), SCENE.labels)


def test_bands_marked_as_not_valid_change_nothing() -> None:
    fewer = SCENE.cube.dropped(np.arange(60) == 7, "noisy")
    assert fingerprint(fewer) == fingerprint(SCENE.cube)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_scene_of_few_rows_has_a_fingerprint(rows: int) -> None:
    scene = field_scene(rows, 9)
    found = Anchors.of([scene]).labels(fingerprint(scene.cube), scene.cube.window)
    np.testing.assert_array_equal(found, scene.labels)


def test_what_is_saved_finds_the_same() -> None:
    bare = LabelledScene(field_cube(crops(), seed=3), np.zeros_like(SCENE.labels), LEGEND)
    anchors = Anchors.of([SCENE, bare, SECOND])
    again = Anchors.of_arrays(anchors.scenes, anchors.arrays())
    for scene in (SCENE, bare, SECOND):
        np.testing.assert_array_equal(again.labels(fingerprint(scene.cube), scene.cube.window), scene.labels)
    with pytest.raises(KeyError, match=r"0\.places"):
        Anchors.of_arrays(anchors.scenes, {})


def test_no_labels_are_anywhere() -> None:
    assert not NOWHERE.labels(fingerprint(SCENE.cube), SCENE.cube.window).any()
    assert NOWHERE.arrays() == {}

"""Pairs of dates with their labels, from files and arrays, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rasterio import Affine
from scipy.io import savemat

from hypersigma.data.pair import LEGEND, Pair
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.tasks.change_detection.inputs import load_inputs
from tests.fakes.dates import BANDS, COLS, ROWS, dates, truth
from tests.fakes.geotiff import write_tiff
from tests.layers import NORTH_UP

DATES = dates()
SOIL = np.where(truth() == 2, 3, 1)


def test_without_labels_there_is_a_pair():
    (scene,) = load_inputs(DATES)
    assert isinstance(scene.cube, Pair)
    assert scene.cube.shape == (2 * BANDS, ROWS, COLS)
    assert not scene.labels.any()
    assert scene.legend == LEGEND
    assert scene.from_to is None


@pytest.mark.parametrize(
    ("labels", "codes"),
    [
        (truth(), {}),
        (truth().astype(np.uint8), {}),
        ([truth()], {}),
        (truth() == 2, {"changed": 1, "unchanged": 0}),
        (np.where(truth() == 2, 255, 0).astype(np.uint8), {"changed": 255, "unchanged": 0}),
        (3 - truth(), {"changed": 1, "unchanged": 2}),
    ],
)
def test_labels_as_an_array(labels: Any, codes: dict[str, int]):
    (scene,) = load_inputs(DATES, labels, **codes)
    np.testing.assert_array_equal(scene.labels, truth())
    assert scene.labels.dtype == np.int32
    told = [note for note in scene.cube.notes if note.startswith("labels:")]
    assert told == ([] if codes else ["labels: 2 was taken for changed, 1 for unchanged"])


def test_labels_as_files(tmp_path):
    grid = Affine(*NORTH_UP.transform)
    raster = write_tiff(tmp_path / "labels.tif", truth().astype("u1")[None], transform=grid, crs="EPSG:32633")
    savemat(tmp_path / "labels.mat", {"gt": truth().astype(np.uint8), "other": np.zeros((ROWS, COLS), np.uint8)})
    for given, settings in ((raster, {}), (str(raster), {}), (tmp_path / "labels.mat", {"label_variable": "gt"})):
        (scene,) = load_inputs(DATES, given, **settings)
        np.testing.assert_array_equal(scene.labels, truth())


def test_labels_are_cut_with_the_first_date():
    a, b, c, d, e, f = NORTH_UP.transform
    later = replace(DATES[1], georef=Georef((a, b, c + 2 * a, d, e, f + 4 * e), NORTH_UP.crs))
    (scene,) = load_inputs((DATES[0], later), truth(), classes_before=SOIL, classes_after=truth(), register=False)
    np.testing.assert_array_equal(scene.labels, truth()[4:, 2:])
    assert scene.from_to.codes.shape == scene.labels.shape


def test_several_pairs_have_a_file_of_labels_each():
    scenes = load_inputs((*DATES, *dates(1)), [truth(), truth()])
    assert [scene.cube.name for scene in scenes] == ["before_after", "before_after"]
    for labels in (truth(), [truth()], [truth()] * 3):
        with pytest.raises(InputError, match=r"\d files of labels for 2 pairs of dates; one a pair is needed"):
            load_inputs((*DATES, *dates(1)), labels)


def test_classes_tell_what_turned_into_what():
    (scene,) = load_inputs(DATES, classes_before=np.ones((ROWS, COLS), dtype=int), classes_after=SOIL - 2 * (SOIL == 1))
    found = scene.from_to
    assert {word for word, _ in found.counted(found.codes)} == {"class 1 to class 3", "class 1 to unknown"}
    np.testing.assert_array_equal(np.array(found.words)[found.codes] == "class 1 to class 3", truth() == 2)


def test_codes_of_both_dates_are_told_apart(tmp_path):
    grid = {"transform": Affine(*NORTH_UP.transform), "crs": "EPSG:32633"}
    codes = np.where(truth() == 2, 512, 311).astype("u2")
    before = codes.copy()
    before[0] = 400
    paths = [write_tiff(tmp_path / f"{name}.tif", array[None], **grid) for name, array in (("a", before), ("b", codes))]
    (scene,) = load_inputs(DATES, classes_before=paths[0], classes_after=paths[1])
    counts = dict(scene.from_to.counted(scene.from_to.codes))
    assert set(counts) == {"class 311 to class 311", "class 400 to class 311", "class 512 to class 512"}
    assert counts["class 400 to class 311"] == COLS


def test_codes_without_labels_are_refused():
    with pytest.raises(InputError, match="changed and unchanged say what labels mean, and there are none"):
        load_inputs(DATES, changed=1)


def test_light_and_registration_are_as_asked():
    (plain,), (lit,) = load_inputs(DATES), load_inputs(DATES, normalise=True)
    assert abs(np.mean(lit.cube.after.read() - DATES[0].read())) < abs(
        np.mean(plain.cube.after.read() - DATES[0].read())
    )
    assert any("was brought to the light of the first" in note for note in lit.cube.notes)


@pytest.mark.parametrize(
    ("cubes", "settings", "said"),
    [
        ((), {}, "0 scenes; change detection takes pairs of dates: BEFORE AFTER"),
        (DATES[:1], {}, "1 scenes"),
        ((*DATES, DATES[0]), {}, "3 scenes"),
        (DATES, {"labels": truth()[:-1]}, r"labels: an array of shape \(39, 44\) .* 40 rows x 44 columns .* of before"),
        (DATES, {"labels": truth().astype(float)}, "type float64; whole numbers"),
        (DATES, {"labels": truth() * 5}, r"values 5 \(\d+ pixels\), 10 \(\d+ pixels\); .*--changed N --unchanged M"),
        (DATES, {"labels": -truth()}, r"values -2 \(\d+ pixels\)"),
        (DATES, {"labels": "missing.tif"}, "missing.tif: there is no such label file"),
        (DATES, {"classes_before": SOIL}, "classes_before and classes_after belong together"),
        (DATES, {"classes_after": SOIL}, "belong together, and to a single pair"),
        (DATES * 2, {"classes_before": SOIL, "classes_after": SOIL}, "to a single pair of dates"),
        (DATES, {"classes_before": SOIL[1:], "classes_after": SOIL}, "whole numbers of 40 rows"),
    ],
)
def test_inputs_that_cannot_be(cubes: Any, settings: dict[str, Any], said: str):
    with pytest.raises(InputError, match=said):
        load_inputs(cubes, **settings)

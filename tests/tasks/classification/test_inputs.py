"""Labels given as arrays, and settings that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.errors import ConfigError, InputError
from hypersigma.products import Legend
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.inputs import labelled_arrays, load_inputs
from tests.fakes.fields import LEGEND, crops, field_cube, labelled

TRUTH = crops()
CUBE = field_cube(TRUTH)
LABELS = labelled(TRUTH)


@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_labels_as_an_array(kind):
    (scene,) = load_inputs([CUBE], LABELS.astype(kind))
    np.testing.assert_array_equal(scene.labels, LABELS)
    assert scene.labels.dtype == np.int32
    assert scene.legend.names == ("class 1", "class 2", "class 3")


@pytest.mark.parametrize("legend", [LEGEND, list(LEGEND.names)])
def test_classes_may_have_names(legend):
    scenes = labelled_arrays([CUBE, CUBE], [LABELS, LABELS], legend)
    assert [scene.legend for scene in scenes] == [LEGEND, LEGEND]


def test_classes_without_a_pixel_are_left_out():
    legend = Legend(("none", *LEGEND.names), ((0, 0, 0), *LEGEND.colors))
    (scene,) = labelled_arrays([CUBE], [np.where(LABELS > 0, LABELS + 1, 0)], legend)
    assert scene.legend == LEGEND
    np.testing.assert_array_equal(scene.labels, LABELS)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([LABELS, LABELS], "2 label arrays for 1 scenes"),
        ([LABELS[:-1]], "labels have 39 x 48 pixels, the scene fields 0 has 40 x 48"),
        ([LABELS.ravel()], r"have shape \(1920,\); an array \(rows, cols\) is needed"),
        ([LABELS.astype(float)], "are of type float64; whole numbers are needed"),
        ([LABELS - 1], "go down to -1; classes count from 1, and 0 means unlabelled"),
        ([np.where(LABELS == 1, 0, LABELS) // 2], "labels hold 1 class"),
        (["labels.tif", LABELS], "expected files or arrays"),
    ],
)
def test_labels_that_cannot_be(labels, said):
    with pytest.raises(InputError, match=said):
        load_inputs([CUBE], labels)


def test_fewer_names_than_classes():
    with pytest.raises(InputError, match="labels go up to 3, but 2 classes have a name"):
        labelled_arrays([CUBE], [LABELS], ("corn", "grass"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": "tny"}, "there is no size 'tny': did you mean 'tiny'"),
        ({"overlap": 64}, r"overlap must be at least 0 and below the tile \(64\), not 64"),
        ({"patch": 0}, "patch, window, num_members and pixels_per_batch must be at least 1"),
        ({"detail": -1}, "detail at least 0"),
        ({"window": 32}, "window must be odd"),
        ({"spreading": ()}, "spreading and noise must be 0 or more"),
        ({"label_smoothing": 1.0}, "label_smoothing at least 0 and below 1"),
    ],
)
def test_settings_that_cannot_be(changes, said):
    with pytest.raises(ConfigError, match=said):
        ClassificationConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": 0}, r"steps \(0\) must be at least 1"),
        ({"warmup": -1}, r"warmup \(-1\) at least 0"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"clip": -1.0}, "weight_decay and clip at least 0"),
    ],
)
def test_training_that_cannot_be(changes, said):
    with pytest.raises(ConfigError, match=said):
        TrainingConfig(**changes)

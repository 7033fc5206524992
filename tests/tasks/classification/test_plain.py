"""The plain answer: multinomial logistic regression as scikit-learn has it, for any classes that are there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from hypersigma.data.labels import LabelledScene
from hypersigma.tasks.classification import plain as module
from hypersigma.tasks.classification.plain import labelled_samples, logistic_weights
from tests.fakes.fields import LEGEND, crops, field_cube, labelled


class Whole:
    """A scene's own bands as channels, all of them finite but for a hole."""

    def __init__(self, cube) -> None:
        self.cube = cube
        self.channels = cube.read()
        self.channels[3, :4] = np.nan

    def read(self, window):
        return self.channels[:, *window.slices]


def samples(counts, num_channels=6, seed=0):
    """So many samples a class, 1 to K, with means that differ."""
    generator = np.random.default_rng(seed)
    classes = np.repeat(np.arange(1, len(counts) + 1), counts).astype(np.int32)
    means = generator.normal(size=(len(counts), num_channels))
    noise = generator.normal(size=(len(classes), num_channels)) * np.linspace(0.3, 3, num_channels)
    return (means[classes - 1] + noise).astype(np.float32), classes


def probabilities(weights, points):
    return softmax(points.astype(float) @ weights[:, :-1].T.astype(float) + weights[:, -1], axis=1)


def as_they_are(num_channels=6):
    """Features that are the channels themselves."""
    return np.eye(num_channels, dtype=np.float32)


@pytest.mark.parametrize("counts", [(20, 30), (20, 5, 40), (3, 2, 2, 4, 90)])
def test_it_is_that_of_scikit_learn(counts):
    points, classes = samples(counts)
    features = np.random.default_rng(1).normal(size=(9, 6)).astype(np.float32)
    scaler = StandardScaler().fit(points @ features.T)
    peer = LogisticRegression(C=1000 / len(classes), max_iter=300)
    expected = peer.fit(scaler.transform(points @ features.T), classes)
    found = logistic_weights(points, classes, len(counts), features)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        probabilities(found, points), expected.predict_proba(scaler.transform(points @ features.T)), atol=2e-3
    )


def test_the_gradient_of_what_is_minimised_vanishes():
    """Mean cross-entropy plus half a thousandth of the squared weights of standardised features, in float64."""
    points, classes = samples((20, 5, 40), seed=3)
    deviation = points.std(axis=0)
    slopes = logistic_weights(points, classes, 3, as_they_are())[:, :-1] * deviation
    told = (points - points.mean(axis=0)) / deviation
    error = probabilities(logistic_weights(points, classes, 3, as_they_are()), points) - np.eye(3)[classes - 1]
    np.testing.assert_allclose(error.T @ told / len(points) + 1e-3 * slopes, 0.0, atol=2e-4)


def test_many_labels_and_few_are_held_back_alike():
    """Each label three times over changes nothing."""
    points, classes = samples((12, 15, 20))
    once, thrice = (logistic_weights(np.tile(points, (n, 1)), np.tile(classes, n), 3, as_they_are()) for n in (1, 3))
    np.testing.assert_allclose(probabilities(thrice, points), probabilities(once, points), atol=2e-3)


def test_a_channel_that_never_changes_has_no_say():
    points, classes = samples((12, 15))
    points[:, 2] = 3.0
    found = logistic_weights(points, classes, 2, as_they_are())
    assert (found[:, 2] == 0).all()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("counts", [(20, 0, 30, 0), (0, 20, 0), (0, 4, 8, 9, 0)])
def test_a_class_without_samples_is_never_chosen(counts):
    points, classes = samples(counts)
    found = logistic_weights(points, classes, len(counts), as_they_are())
    assert np.isfinite(found).all()
    absent = [number for number, count in enumerate(counts) if not count]
    assert (probabilities(found, 100 * points)[:, absent] == 0).all()


def test_classes_keep_their_numbers_whatever_is_absent():
    points, classes = samples((12, 15, 20))
    dense = logistic_weights(points, classes, 3, as_they_are())
    gaps = logistic_weights(points, 2 * classes, 7, as_they_are())
    np.testing.assert_array_equal(gaps[[1, 3, 5]], dense)


def test_a_class_of_one_sample_is_told_without_a_warning():
    points, classes = samples((1, 12, 15))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = logistic_weights(points, classes, 3, as_they_are())
    assert np.isfinite(found).all()
    assert probabilities(found, points[:1]).argmax() == 0


def test_many_samples_are_drawn_from(monkeypatch):
    points, classes = samples((3000, 3000))
    whole = logistic_weights(points, classes, 2, as_they_are())
    monkeypatch.setattr(module, "_MOST", 2000)
    first, again = (logistic_weights(points, classes, 2, as_they_are()) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    agree = probabilities(first, points).argmax(axis=1) == probabilities(whole, points).argmax(axis=1)
    assert agree.mean() > 0.95


def test_samples_are_the_labelled_pixels_with_data(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 13)
    truth = crops()
    cubes = [field_cube(truth, seed=seed) for seed in (0, 1, 2)]
    labels = [labelled(truth, seed=seed) for seed in (0, 1)] + [np.zeros_like(truth)]
    labels[0][2, 5] = truth[2, 5]
    readers = [Whole(cube) for cube in cubes]
    inputs = [LabelledScene(cube, each, LEGEND) for cube, each in zip(cubes, labels, strict=True)]
    found, classes = labelled_samples(inputs, readers)
    kept = [(each > 0) & (np.arange(len(each)) >= 4)[:, None] for each in labels]
    assert found.shape == (sum(int(each.sum()) for each in kept), 60)
    expected = np.concatenate([reader.channels[:, each].T for reader, each in zip(readers, kept, strict=True)])
    assert {tuple(row) for row in found} == {tuple(row) for row in expected}
    np.testing.assert_array_equal(np.bincount(classes), np.bincount(np.concatenate([truth[each] for each in kept])))

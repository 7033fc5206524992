"""The linear discriminant of single spectra: that of scikit-learn, for any classes that are there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from hypersigma.data.labels import LabelledScene
from hypersigma.tasks.classification import discriminant as module
from hypersigma.tasks.classification.discriminant import labelled_samples, shrinkage_discriminant
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


@pytest.mark.parametrize("counts", [(20, 30), (20, 5, 40), (3, 2, 2, 4, 90)])
def test_it_is_that_of_scikit_learn(counts):
    points, classes = samples(counts)
    peer = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(points, classes)
    found = shrinkage_discriminant(points, classes, len(counts))
    assert found.dtype == np.float32
    np.testing.assert_allclose(probabilities(found, points), peer.predict_proba(points), atol=1e-4)


@pytest.mark.parametrize("counts", [(20, 0, 30, 0), (0, 20, 0), (0, 4, 8, 9, 0)])
def test_a_class_without_samples_is_never_chosen(counts):
    points, classes = samples(counts)
    found = shrinkage_discriminant(points, classes, len(counts))
    assert np.isfinite(found).all()
    absent = [number for number, count in enumerate(counts) if not count]
    assert (probabilities(found, 100 * points)[:, absent] == 0).all()


def test_classes_keep_their_numbers_whatever_is_absent():
    points, classes = samples((12, 15, 20))
    dense = shrinkage_discriminant(points, classes, 3)
    gaps = shrinkage_discriminant(points, 2 * classes, 7)
    np.testing.assert_array_equal(gaps[[1, 3, 5]], dense)


def test_a_class_of_one_sample_is_told_without_a_warning():
    points, classes = samples((1, 12, 15))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = shrinkage_discriminant(points, classes, 3)
    assert np.isfinite(found).all()
    assert probabilities(found, points[:1]).argmax() == 0


def test_many_samples_are_drawn_from(monkeypatch):
    points, classes = samples((3000, 3000))
    whole = shrinkage_discriminant(points, classes, 2)
    monkeypatch.setattr(module, "_MOST", 2000)
    first, again = (shrinkage_discriminant(points, classes, 2) for _ in range(2))
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

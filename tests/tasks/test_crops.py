"""Crops: each holds a label that can be learned, and nothing but the generator decides them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError
from hypersigma.tasks._crops import Crops
from tests.fakes.fields import LEGEND


class Places:
    """Channels that say where a pixel lies: its row, its column, and the scene."""

    def __init__(self, rows: int, cols: int, index: int = 0) -> None:
        self.cube = Cube.from_array(np.zeros((1, rows, cols), np.float32))
        grid = np.indices((rows, cols)).astype(np.float32)
        self.channels = np.concatenate([grid, np.full((1, rows, cols), index, np.float32)])

    def read(self, window):
        return self.channels[:, *window.slices].copy()


def scenes(*labels):
    """Labelled scenes and their channels."""
    readers = [Places(*array.shape, index=index) for index, array in enumerate(labels)]
    return [LabelledScene(reader.cube, array, LEGEND) for reader, array in zip(readers, labels, strict=True)], readers


def some_labels(rows, cols, seed=0, count=6):
    generator = np.random.default_rng(seed)
    labels = np.zeros((rows, cols), dtype=np.int32)
    labels.flat[generator.permutation(rows * cols)[:count]] = 1 + np.arange(count) % 3
    return labels


def crops(labels, size, *, centred=False, count=4, noise=0.0, readers=None):
    found, made = scenes(*labels)
    return Crops(found, readers or made, size=size, count=count, noise=noise, centred=centred)


@given(st.integers(2, 20), st.integers(2, 20), st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_crop_has_a_label_and_labels_stay_on_their_pixels(rows, cols, size, seed):
    labels = [some_labels(rows, cols, 0, 4), some_labels(cols, rows, 1, 4)]
    batch = crops(labels, size)(np.random.default_rng(seed))
    assert batch.image.shape == (4, 3, size, size)
    assert batch.target.shape == (4, size, size)
    assert batch.image.dtype == torch.float32
    assert batch.target.dtype == torch.int64
    for image, target in zip(batch.image, batch.target, strict=True):
        row, col, index = image.long()
        assert (target > 0).any()
        # Turned, flipped and reflected, a label still lies where its pixel is.
        expected = labels[int(index[0, 0])][row.numpy(), col.numpy()]
        np.testing.assert_array_equal(target.numpy(), expected)


@given(st.integers(2, 20), st.integers(2, 20), st.sampled_from([1, 3, 9, 33]), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_middle_of_a_centred_window_is_the_labelled_pixel(rows, cols, size, seed):
    labels = some_labels(rows, cols, count=4)
    batch = crops([labels], size, centred=True)(np.random.default_rng(seed))
    assert batch.target.shape == (4,)
    for image, target in zip(batch.image, batch.target, strict=True):
        row, col, _ = image[:, size // 2, size // 2].long().tolist()
        assert labels[row, col] == target > 0


def test_the_generator_alone_decides():
    draw = crops([some_labels(15, 15)], 6, noise=0.5)
    first, again, other = (draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.target, again.target)
    assert not torch.equal(first.image, other.image)


def test_all_labelled_pixels_are_drawn_alike():
    labels = some_labels(9, 9, count=8)
    batch = crops([labels], 1, count=4000)(np.random.default_rng(0))
    places = (batch.image[:, 0] * 9 + batch.image[:, 1]).long().ravel()
    counts = np.bincount(places.numpy(), minlength=81)
    np.testing.assert_array_equal(counts > 0, labels.ravel() > 0)
    assert counts[counts > 0].min() > 400


def test_crops_are_turned_and_flipped_all_ways():
    labels = np.zeros((2, 2), dtype=np.int32)
    labels[0, 0], labels[1, 1] = 1, 2
    batch = crops([labels], 2, count=200)(np.random.default_rng(0))
    views = {tuple((2 * image[0] + image[1]).ravel().long().tolist()) for image in batch.image}
    assert len(views) == 8


def test_noise_is_added_to_channels():
    labels = some_labels(15, 15)
    clean, noisy = (crops([labels], 8, count=50, noise=noise)(np.random.default_rng(0)) for noise in (0.0, 0.5))
    # The same crops would have the same labels; noise is drawn between crops, so only the first is the same.
    assert torch.equal(clean.target[0], noisy.target[0])
    difference = noisy.image[0] - clean.image[0]
    assert float(difference.std()) == pytest.approx(0.5, rel=0.2)


def test_labels_without_data_are_not_learned():
    labels = np.ones((6, 6), dtype=np.int32)
    labels[:, 3:] = 2
    found, (reader,) = scenes(labels)
    reader.channels[1, 2, 4] = np.nan
    batch = Crops(found, [reader], size=6, count=5, noise=0.0, centred=False)(np.random.default_rng(0))
    assert bool(batch.image.isfinite().all())
    assert [(target == 0).sum().item() for target in batch.target] == [1] * 5


@pytest.mark.parametrize(("labels", "said"), [(0, "of 0 classes,"), (2, "of 1 class,")])
def test_labels_of_fewer_than_two_classes(labels, said):
    with pytest.raises(InputError, match=f"{said} and two at least are needed"):
        crops([np.full((4, 4), labels, dtype=np.int32)], 2)

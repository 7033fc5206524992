"""Splits never share a pixel, keep to their label budget, and do what their protocol promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.sampling import Split, SplitConfig, audit, folds, only, pooled_folds
from hypersigma.errors import ConfigError, InputError
from hypersigma.palette import default_legend

QUICK = settings(max_examples=40, deadline=None)


@st.composite
def label_maps(draw: st.DrawFn) -> np.ndarray:
    """Maps of random patches: several fields a class, slivers, unlabelled ground; two pixels a class at least."""
    rows, cols = draw(st.integers(12, 40)), draw(st.integers(12, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    coarse = generator.integers(0, draw(st.integers(2, 6)), (-(-rows // 6), -(-cols // 6)))
    labels = np.kron(coarse, np.ones((6, 6), dtype=int))[:rows, :cols].astype(np.int32)
    labels[generator.random((rows, cols)) < draw(st.sampled_from([0.0, 0.3]))] = 0
    for value, count in zip(*np.unique(labels, return_counts=True), strict=True):
        if count < 2:
            labels[labels == value] = 0
    labels[0, :2] = 1
    return labels


def one(labels: np.ndarray, seed: int = 0, **settings: object) -> Split:
    """The split of a single scene."""
    [[split]] = folds([labels], SplitConfig(**settings), seed)
    return split


@QUICK
@given(label_maps(), st.sampled_from(["random", "fields", "published"]), st.integers(0, 4), st.integers(0, 99))
def test_parts_are_disjoint_labelled_and_repeatable(labels, protocol, num_validation, seed):
    config = {"protocol": protocol, "num_per_class": 5, "num_validation": num_validation}
    split, again = one(labels, seed, **config), one(labels, seed, **config)
    parts = (split.train, split.validation, split.test)
    assert sum(part.astype(int) for part in parts).max() <= 1
    assert not any((part & (labels == 0)).any() for part in parts)
    for mine, theirs in zip(parts, (again.train, again.validation, again.test), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@QUICK
@given(label_maps(), st.integers(1, 20), st.integers(0, 6), st.integers(0, 99))
def test_random_keeps_the_label_budget(labels, num_per_class, num_validation, seed):
    num_validation = min(num_validation, num_per_class - 1)
    split = one(labels, seed, num_per_class=num_per_class, num_validation=num_validation)
    for value in np.unique(labels[labels > 0]):
        mine = labels == value
        train, validation = (np.count_nonzero(part & mine) for part in (split.train, split.validation))
        budget = min(num_per_class, mine.sum() // 2)
        assert train + validation == budget
        assert train >= 1
        assert validation <= num_validation
        assert np.count_nonzero(split.test & mine) == mine.sum() - budget


@QUICK
@given(label_maps(), st.integers(0, 99))
def test_fields_lie_whole_on_one_side(labels, seed):
    split = one(labels, seed, protocol="fields", num_per_class=None)
    for value in np.unique(labels[labels > 0]):
        mine = labels == value
        assert (split.train & mine).any()
        assert (split.test & mine).any()
        if value in split.cut_classes:
            continue
        fields, count = ndimage.label(mine, structure=np.ones((3, 3)))
        for index in range(1, count + 1):
            field = fields == index
            trained, tested = (split.train & field).sum(), (split.test & field).sum()
            assert (trained, tested) in {(field.sum(), 0), (0, field.sum())}
            assert field.sum() >= 5 or not trained


def test_fields_after_the_first_cover_at_most_half():
    labels = np.zeros((30, 30), dtype=np.int32)
    for index in range(5):
        labels[6 * index : 6 * index + 5, : 4 + 5 * index] = 1
    areas = {5 * (4 + 5 * index) for index in range(5)}
    for seed in range(20):
        trained = one(labels, seed, protocol="fields", num_per_class=None).train.sum()
        assert trained in areas or trained <= (labels == 1).sum() / 2


def test_a_single_field_is_cut_with_a_guard_and_named():
    labels = np.zeros((40, 40), dtype=np.int32)
    labels[5:35, 5:35] = 1
    labels[0:3, 0:3] = labels[37:40, 37:40] = 2
    split = one(labels, protocol="fields", num_per_class=None, window_radius=6)
    assert split.cut_classes == (1,)
    assert audit(split, 6) == 0
    assert audit(split, 7) > 0
    assert split.train[labels == 1].sum() == split.test[labels == 1].sum() == 30 * 12


def test_the_guard_shrinks_where_the_field_is_small():
    labels = np.zeros((10, 10), dtype=np.int32)
    labels[2:6, 2:6] = 1
    split = one(labels, protocol="fields", num_per_class=10, window_radius=4)
    assert split.train.sum() == split.test.sum() == 4
    assert audit(split, 2) == 0
    labels[:] = 0
    labels[4, 4:6] = 3
    pair = one(labels, protocol="fields")
    assert pair.train.sum() == pair.test.sum() == 1


def test_slivers_do_not_make_a_class_of_several_fields():
    labels = np.zeros((20, 20), dtype=np.int32)
    labels[2:12, 2:12] = 1
    labels[18, 18] = 1
    split = one(labels, protocol="fields")
    assert split.cut_classes == (1,)


@QUICK
@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.integers(0, 9))
def test_any_shape_can_be_cut(num_pixels, seed, radius):
    """Scattered pixels, crosses and lines alike: each side keeps a quarter of the class."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((12, 12), dtype=np.int32)
    cross = np.flatnonzero((np.indices((12, 12)) == generator.integers(0, 12, (2, 1, 1))).any(axis=0))
    pixels = cross if seed % 2 else np.arange(144)
    labels.flat[generator.permutation(pixels)[:num_pixels]] = 1
    split = one(labels, protocol="fields", num_per_class=None, window_radius=radius)
    assert min(split.train.sum(), split.test.sum()) >= max(min((labels > 0).sum() // 4, 5), 1)


@QUICK
@given(st.integers(0, 99), st.integers(0, 5), st.integers(4, 12))
def test_blocks_keep_a_guard(seed, radius, block):
    labels = np.random.default_rng(seed).integers(0, 4, (60, 50)).astype(np.int32)
    split = one(labels, seed, protocol="blocks", num_per_class=None, window_radius=radius, block=block)
    assert split.train.any()
    assert split.test.any()
    assert audit(split, radius) == 0


def test_blocks_too_large_for_the_scene_are_refused():
    with pytest.raises(InputError, match="take smaller blocks"):
        one(np.ones((10, 10), dtype=np.int32), protocol="blocks", block=16)


def test_tiles_leave_every_scene_out_once():
    labels = [np.full((4, 4), 1, dtype=np.int32) for _ in range(18)]
    config = SplitConfig(protocol="tiles", num_per_class=None, num_folds=6, num_validation=2)
    result = folds(labels, config, seed=3)
    assert len(result) == 6
    tested = np.array([[split.test.any() for split in fold] for fold in result])
    kept = np.array([[split.validation.any() for split in fold] for fold in result])
    trained = np.array([[split.train.any() for split in fold] for fold in result])
    np.testing.assert_array_equal(tested.sum(axis=0), 1)
    np.testing.assert_array_equal(tested.sum(axis=1), 3)
    np.testing.assert_array_equal(kept.sum(axis=1), 2)
    np.testing.assert_array_equal(tested.astype(int) + kept + trained, 1)
    with pytest.raises(InputError, match="found 3"):
        folds(labels[:3], config, seed=0)


def test_published_draw_and_its_slip():
    """After a class that fell back to 10, a class as small gives all its samples away."""
    labels = np.zeros((100, 10), dtype=np.int32)
    for value, count in ((1, 200), (2, 28), (3, 20), (4, 93), (5, 300)):
        start = np.flatnonzero(labels.ravel() == 0)[0]
        labels.flat[start : start + count] = value
    split = one(labels, protocol="published", num_per_class=50, num_validation=5)
    counts = [
        [np.count_nonzero(part & (labels == value)) for part in (split.train, split.validation, split.test)]
        for value in range(1, 6)
    ]
    assert counts == [[50, 5, 145], [10, 5, 13], [20, 0, 0], [50, 5, 38], [50, 5, 245]]


def test_audit_counts_test_pixels_in_training_windows():
    train, none = np.zeros((9, 9), dtype=bool), np.zeros((9, 9), dtype=bool)
    train[4, 4] = True
    split = Split(train, none, ~train)
    assert [audit(split, radius) for radius in (0, 1, 2, 9)] == [0, 8, 24, 80]


def test_a_shared_pixel_is_refused():
    ones, none = np.ones((2, 2), dtype=bool), np.zeros((2, 2), dtype=bool)
    with pytest.raises(InputError, match="4 pixels"):
        Split(ones, none, ones)


def test_a_class_of_one_pixel_is_refused():
    labels = np.zeros((5, 5), dtype=np.int32)
    labels[2, 2], labels[0] = 2, 1
    for protocol in ("random", "fields"):
        with pytest.raises(InputError, match="class 2 has a single labelled pixel"):
            one(labels, protocol=protocol)


@pytest.mark.parametrize(
    "wrong",
    [
        {"protocol": "grid"},
        {"num_per_class": 0},
        {"window_radius": -1},
        {"num_per_class": 5, "num_validation": 5},
        {"protocol": "cities", "num_validation": 1},
    ],
)
def test_senseless_settings_are_refused(wrong):
    with pytest.raises(ConfigError):
        SplitConfig(**wrong)


def test_only_keeps_the_labels_of_a_mask():
    labels = np.arange(1, 5, dtype=np.int32).reshape(2, 2)
    scene = LabelledScene(Cube.from_array(np.zeros((3, 2, 2))), labels, default_legend(("a", "b", "c", "d")))
    kept = only(scene, labels > 2)
    np.testing.assert_array_equal(kept.labels, [[0, 0], [3, 4]])
    assert kept.cube is scene.cube


def _scenes(num: int = 4) -> list[np.ndarray]:
    """Small scenes of several shapes with three classes."""
    generator = np.random.default_rng(0)
    return [generator.integers(0, 4, (12 + place, 10)).astype(np.int32) for place in range(num)]


def test_tiles_keep_a_label_budget_over_all_training_scenes():
    scenes = _scenes()
    config = SplitConfig(protocol="tiles", num_per_class=5, num_folds=2)
    for kept, whole in zip(
        folds(scenes, config, 3), folds(scenes, replace(config, num_per_class=None), 3), strict=True
    ):
        counts = sum(np.bincount(truth[split.train], minlength=4) for truth, split in zip(scenes, kept, strict=True))
        assert counts.tolist() == [0, 5, 5, 5]
        for few, many in zip(kept, whole, strict=True):
            assert not (few.train & ~many.train).any()
            np.testing.assert_array_equal(few.test, many.test)


def test_a_pooled_draw_keeps_its_budget_over_all_scenes():
    scenes = _scenes()
    config = SplitConfig(num_per_class=7, num_validation=2)
    ((*splits,),) = pooled_folds(scenes, config, 1)
    for part, wanted in (("train", 5), ("validation", 2)):
        masks = [getattr(split, part) for split in splits]
        counts = sum(np.bincount(truth[mask], minlength=4) for truth, mask in zip(scenes, masks, strict=True))
        assert counts.tolist() == [0, wanted, wanted, wanted]
    for truth, split in zip(scenes, splits, strict=True):
        np.testing.assert_array_equal(split.train | split.validation | split.test, truth > 0)


def test_a_pooled_draw_of_one_scene_is_the_plain_one():
    scenes = _scenes(1)
    ((pooled,),), ((plain,),) = (draw(scenes, SplitConfig(num_per_class=4), 9) for draw in (pooled_folds, folds))
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(pooled, part), getattr(plain, part))


@QUICK
@given(st.integers(0, 99), st.integers(0, 5), st.integers(16, 31), st.sampled_from(["left", "right"]))
def test_halves_lie_on_either_side_of_a_guard(seed, radius, cols, protocol):
    labels = np.random.default_rng(seed).integers(0, 3, (20, cols)).astype(np.int32)
    split = one(labels, seed, protocol=protocol, num_per_class=None, window_radius=radius)
    trained, tested = (np.flatnonzero(part.any(axis=0)) for part in (split.train, split.test))
    halves = (trained, tested) if protocol == "left" else (tested, trained)
    assert halves[0].max() < cols // 2 <= halves[1].min()
    assert audit(split, radius) == 0
    left_out = (labels > 0) & ~split.train & ~split.test
    assert len(np.flatnonzero(left_out.any(axis=0))) <= radius


def test_halves_of_which_no_class_has_both_are_refused():
    labels = np.repeat([[1, 2]], 6, axis=0).repeat(8, axis=1).astype(np.int32)
    with pytest.raises(InputError, match="no class lies in both halves of 16 columns"):
        one(labels, protocol="left")


def test_blocks_without_a_guard_share_out_all_ground():
    labels = np.random.default_rng(0).integers(1, 3, (400, 400)).astype(np.int32)
    split = one(labels, 4, protocol="blocks", num_per_class=500, window_radius=0, block=80)
    assert [np.count_nonzero(split.train & (labels == value)) for value in (1, 2)] == [500, 500]
    blocks = split.test.reshape(5, 80, 5, 80).all(axis=(1, 3))
    assert np.count_nonzero(blocks) == 13
    assert split.test.sum() == 13 * 80 * 80


def test_scenes_are_held_out_as_named():
    scenes = _scenes()
    config = SplitConfig(protocol="cities", num_per_class=5)
    ((*splits,),) = folds(scenes, config, 2, [(1, 3)])
    for place, (truth, split) in enumerate(zip(scenes, splits, strict=True)):
        assert not split.validation.any()
        if place in (1, 3):
            np.testing.assert_array_equal(split.test, truth > 0)
        else:
            assert not split.test.any()
    counts = sum(np.bincount(truth[split.train], minlength=4) for truth, split in zip(scenes, splits, strict=True))
    assert counts.tolist() == [0, 5, 5, 5]


def test_groups_of_scenes_are_left_out_in_turn():
    scenes = _scenes()
    config = SplitConfig(protocol="leave_one_out", num_per_class=None)
    for groups, named in (([[0], [1, 2], [3]], [[0], [1, 2], [3]]), ([[0], [1], [2], [3]], ())):
        result = folds(scenes, config, 0, named)
        tested = [[place for place, split in enumerate(fold) if split.test.any()] for fold in result]
        trained = [[place for place, split in enumerate(fold) if split.train.any()] for fold in result]
        assert tested == groups
        assert trained == [[place for place in range(4) if place not in group] for group in groups]


@pytest.mark.parametrize("held_out", [(), [(0, 1, 2, 3)]])
def test_a_fold_needs_scenes_on_both_sides(held_out):
    with pytest.raises(InputError, match="protocol 'cities' .* found 4 scenes, of which are held out"):
        folds(_scenes(), SplitConfig(protocol="cities"), 0, held_out)


def test_without_labels_each_scene_is_alone():
    scenes = _scenes()
    result = folds(scenes, SplitConfig(protocol="none"), 0)
    for tested, fold in enumerate(result):
        for place, (truth, split) in enumerate(zip(scenes, fold, strict=True)):
            assert not (split.train | split.validation).any()
            np.testing.assert_array_equal(split.test, (truth > 0) & (place == tested))

"""What held-out labels settle: what is believed far from labels, how far probabilities spread, how sure one may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.diffusion import STEPS, Bonds
from hypersigma.metrics import expected_calibration_error
from hypersigma.tasks._contract import Held
from hypersigma.tasks.classification.decision import REACH, Decision, nearness, pooled, settle, tempered
from hypersigma.tiling import Window
from tests.layers import LEGEND, NORTH_UP

ROWS, COLS = 30, 40
WHOLE = Window(0, 0, ROWS, COLS)
REGION = np.where(np.arange(COLS) < COLS // 2, 0, 1) * np.ones((ROWS, 1), dtype=int)
NOWHERE = np.zeros((ROWS, COLS), dtype=np.int32)
EVERYWHERE = (REGION + 1).astype(np.int32)


class Guide:
    """Bonds of the regions of a scene."""

    def __init__(self, seed: int = 0, region=REGION) -> None:
        self.cube = Cube.from_array(np.zeros((1, *region.shape), np.float32))
        self.guide = region + np.random.default_rng(seed).normal(scale=0.1, size=(1, *region.shape))

    def read(self, window):
        return self.guide[:, *window.slices].astype(np.float32)

    def bonds(self, window):
        return Bonds.of(self.read(window), 0.05, 2.0)


def answers(noise: float, seed: int = 0, truth=EVERYWHERE) -> np.ndarray:
    """Probabilities of two classes whose logits are right by 1 on average."""
    logit = np.where(truth == 1, 1.0, -1.0) + noise * np.random.default_rng(seed).standard_normal(truth.shape)
    first = 1 / (1 + np.exp(-logit))
    return np.stack([first, 1 - first]).astype(np.float32)


def held(noise: float, seed: int = 0, share: float = 0.3, truth=EVERYWHERE, labels=NOWHERE) -> Held:
    """Both answers alike, and a share of the labels held out."""
    both = np.tile(answers(noise, seed, truth), (2, 1, 1))
    known = np.random.default_rng(seed).random((ROWS, COLS)) < share
    return Held(both, Guide(seed), WHOLE, np.where(known, truth, 0).astype(np.int32), labels)


def disagreeing(context_noise: float, plain_noise: float, share: float = 0.3) -> Held:
    """A held-out answer in context and one of the spectrum alone, of different worth."""
    quantities = np.concatenate([answers(context_noise, 1), answers(plain_noise, 2)])
    return held(0.0, share=share)._replace(quantities=quantities)


def test_near_labels_is_where_a_walk_within_the_region_meets_one():
    region = np.where(np.arange(300) < 60, 0, 1) * np.ones((9, 1))
    labelled = np.zeros((9, 300), dtype=bool)
    labelled[4, 50] = True
    near = nearness(labelled, Guide(region=region).bonds(Window(0, 0, 9, 300)))
    assert near.dtype == np.float32
    assert near[4, 50] == near[4, 48] == 1.0
    # As far away as pixels that are near, but beyond the edge.
    assert near[4, 45] > near[4, 62]
    assert (near[:, 200:] == 0.0).all()
    assert ((near >= 0.0) & (near <= 1.0)).all()


def test_nothing_is_near_to_no_labels():
    assert not nearness(NOWHERE > 0, Guide().bonds(WHOLE)).any()


@pytest.mark.parametrize("context_far", [0.0, 0.25, 1.0])
def test_near_labels_both_answers_count_and_far_from_them_the_share_of_context(context_far):
    context, plain = answers(1.0, 1), answers(1.0, 2)
    quantities = np.concatenate([context, plain])
    decision = Decision(context_far=context_far)
    far = decision.probabilities(quantities, Guide(), WHOLE, NOWHERE)
    np.testing.assert_allclose(far, context_far * context + (1 - context_far) * plain, atol=1e-5)
    labels = np.where(np.indices((ROWS, COLS)).sum(axis=0) % 3 == 0, EVERYWHERE, 0)
    near = nearness(labels > 0, Guide().bonds(WHOLE)) == 1.0
    found = decision.probabilities(quantities, Guide(), WHOLE, labels)
    chosen = near & (labels == 0)
    assert chosen.sum() > 100
    np.testing.assert_allclose(found[:, chosen], (context + plain)[:, chosen] / 2, atol=1e-5)


@pytest.mark.parametrize("fidelity", [0.0, 0.03])
def test_labels_stand_in_the_map_and_lead_their_region(fidelity):
    """Even where both answers are sure of the contrary."""
    quantities = np.tile(answers(0.1, truth=3 - EVERYWHERE), (2, 1, 1))
    labels = NOWHERE.copy()
    labels[::4, ::4] = EVERYWHERE[::4, ::4]
    found = Decision(fidelity=fidelity).finish(quantities, Guide(), WHOLE, labels)
    np.testing.assert_array_equal(found["map"][labels > 0], labels[labels > 0])
    right = (found["map"] == EVERYWHERE)[labels == 0].mean()
    assert right > 0.3 if fidelity else right < 0.1


def test_a_label_without_data_stays_without():
    quantities = np.tile(answers(0.1), (2, 1, 1))
    quantities[:, 3, 4] = np.nan
    labels = NOWHERE.copy()
    labels[3, 4] = 1
    assert Decision().finish(quantities, Guide(), WHOLE, labels)["map"][3, 4] == 0


@pytest.mark.parametrize("fidelity", [0.0, 0.01])
def test_a_window_with_its_halo_is_the_whole(fidelity):
    """Labels beyond the reach of spreading decide how near to labels the pixels within it are."""
    generator = np.random.default_rng(5)
    region = (np.arange(700) // 37 % 2) * np.ones((6, 1), dtype=int)
    guide, whole = Guide(region=region), Window(0, 0, 6, 700)
    quantities = np.concatenate([answers(2.0, seed, region + 1) for seed in (1, 2)])
    labels = np.where(generator.random(region.shape) < 0.02, region + 1, 0).astype(np.int32)
    decision = Decision(fidelity=fidelity, context_far=0.25, temperature=0.8)
    assert decision.halo == (REACH if fidelity else STEPS)
    expected = decision.probabilities(quantities, guide, whole, labels)
    for window in (Window(0, 300, 6, 50), Window(2, 0, 3, 20), Window(0, 411, 1, 1)):
        seen = window.grown(decision.halo, 6, 700)
        part = decision.probabilities(quantities[:, *seen.slices], guide, seen, labels[seen.slices])
        np.testing.assert_array_equal(part[:, *window.inside(seen).slices], expected[:, *window.slices])


def test_context_is_trusted_far_from_labels_if_held_out_labels_speak_for_it():
    assert settle((0.0,), [disagreeing(context_noise=0.3, plain_noise=3.0)]).context_far > 0
    assert settle((0.0,), [disagreeing(context_noise=3.0, plain_noise=0.3)]).context_far == 0.0


def test_of_few_labels_far_from_others_nothing_is_concluded():
    """As few as 99 say nothing, and labels near to others are not asked."""
    item = disagreeing(context_noise=0.3, plain_noise=3.0)
    for count, trusted in ((99, False), (100, True)):
        truth = np.where(np.cumsum(item.truth > 0).reshape(item.truth.shape) <= count, item.truth, 0)
        assert (settle((0.0,), [item._replace(truth=truth)]).context_far > 0) == trusted
    near = np.where(item.truth > 0, 0, EVERYWHERE)
    assert settle((0.0,), [item._replace(labels=near)]).context_far == 0.0


def test_spreading_is_chosen_where_regions_help():
    decision = settle((0.0, 0.1, 0.01), [held(noise=2.0), held(noise=2.0, seed=1)])
    assert decision.fidelity > 0
    plain, spread = (pooled(Decision(fidelity=fidelity), [held(2.0)]) for fidelity in (0, 0.01))
    right = [np.mean(probabilities.argmax(axis=0) + 1 == truth) for probabilities, truth in (plain, spread)]
    assert right[1] > right[0] + 0.1


def test_spreading_is_not_chosen_where_it_harms():
    """Classes that alternate from pixel to pixel within a region."""
    checks = (1 + np.indices((ROWS, COLS)).sum(axis=0) % 2).astype(np.int32)
    assert settle((0.0, 0.1, 0.01), [held(noise=0.3, truth=checks)]).fidelity == 0


def test_of_equals_the_least_spreading_is_taken():
    assert settle((0.01, 0.0, 0.1), [held(noise=0.0)]).fidelity == 0
    assert settle((0.01, 0.1), [held(noise=0.0)]).fidelity == 0.1


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.0, 3.0])
def test_the_temperature_of_a_known_miscalibration_is_found(true_temperature):
    """Answers that are drawn from calibrated probabilities and then sharpened or flattened."""
    generator = np.random.default_rng(0)
    calibrated = generator.dirichlet(np.ones(4), 100 * 100).T.reshape(4, 100, 100).astype(np.float32)
    drawn = (generator.random((100, 100)) > calibrated.cumsum(axis=0)).sum(axis=0)
    truth = (1 + np.minimum(drawn, 3)).astype(np.int32)
    overconfident = tempered(calibrated, 1 / true_temperature)
    guide = Guide(region=np.zeros((100, 100)))
    item = Held(np.tile(overconfident, (2, 1, 1)), guide, Window(0, 0, 100, 100), truth, np.zeros_like(truth))
    decision = settle((0.0,), [item])
    assert decision.temperature == pytest.approx(true_temperature, rel=0.1)
    flat = tempered(overconfident, decision.temperature).reshape(4, -1)
    error = expected_calibration_error(flat.max(axis=0), flat.argmax(axis=0) + 1 == truth.ravel())
    assert error < 0.02


def test_nothing_held_out_settles_nothing():
    assert settle((0.1, 0.03), []) == Decision()


def test_held_out_labels_without_data_settle_nothing():
    item = held(noise=1.0)
    item.quantities[:] = np.nan
    assert settle((0.0, 0.1), [item]) == Decision()


def test_labels_without_data_are_left_out():
    item = held(noise=1.0, share=1.0)
    item.quantities[:, 3, 4:6] = np.nan
    probabilities, truth = pooled(Decision(), [item, item])
    assert probabilities.shape == (2, len(truth)) == (2, 2 * (ROWS * COLS - 2))


@pytest.mark.parametrize("fidelity", [0.0, 0.03])
def test_a_map_and_its_confidence(fidelity):
    quantities = np.tile(answers(0.3), (2, 1, 1))
    quantities[:, 2, 3] = np.nan
    decision = replace(Decision(fidelity=fidelity), temperature=0.7)
    arrays = decision.finish(quantities, Guide(), WHOLE, NOWHERE)
    assert arrays["map"].dtype == np.uint8
    assert arrays["map"][2, 3] == 0
    assert np.isnan(arrays["confidence"][2, 3])
    known = arrays["map"] > 0
    assert known.sum() == ROWS * COLS - 1
    assert (arrays["confidence"][known] >= 0.5).all()
    assert (arrays["map"] == EVERYWHERE)[known].mean() > 0.95
    names = [layer.name for layer in decision.layers(arrays, NORTH_UP, LEGEND)]
    assert names == ["map", "confidence"]


def test_tempering_keeps_the_order_and_the_sum():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), 100).T.astype(np.float32)
    for temperature in (0.25, 1.0, 4.0):
        changed = tempered(probabilities, temperature)
        np.testing.assert_allclose(changed.sum(axis=0), 1, atol=1e-6)
        np.testing.assert_array_equal(changed.argmax(axis=0), probabilities.argmax(axis=0))
    np.testing.assert_allclose(tempered(probabilities, 1.0), probabilities, atol=1e-5)

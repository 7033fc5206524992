"""What held-out labels settle: how far probabilities spread, and how sure one may be."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.metrics import expected_calibration_error
from hypersigma.tasks._contract import Held
from hypersigma.tasks.classification.decision import REACH, Decision, pooled, settle, tempered
from hypersigma.tiling import Window
from tests.layers import LEGEND, NORTH_UP

ROWS, COLS = 30, 40
WHOLE = Window(0, 0, ROWS, COLS)
REGION = np.where(np.arange(COLS) < COLS // 2, 0, 1) * np.ones((ROWS, 1), dtype=int)


class Guide:
    """Channels of two regions."""

    cube = Cube.from_array(np.zeros((1, ROWS, COLS), np.float32))

    def __init__(self, seed: int = 0) -> None:
        noise = np.random.default_rng(seed).normal(scale=0.2, size=(6, ROWS, COLS))
        self.channels = (REGION + noise).astype(np.float32)

    def read(self, window):
        return self.channels[:, *window.slices]


def held(noise: float, seed: int = 0, labels: float = 0.3, truth=REGION + 1) -> Held:
    """Answers of two classes whose logits are right by 1 on average, and how often they say so."""
    generator = np.random.default_rng(seed)
    logit = np.where(truth == 1, 1.0, -1.0) + noise * generator.standard_normal((ROWS, COLS))
    first = 1 / (1 + np.exp(-logit))
    known = generator.random((ROWS, COLS)) < labels
    return Held(np.stack([first, 1 - first]).astype(np.float32), Guide(seed), WHOLE, np.where(known, truth, 0))


def test_spreading_is_chosen_where_regions_help():
    decision = settle((0.0, 0.1, 0.01), [held(noise=2.0), held(noise=2.0, seed=1)])
    assert decision.fidelity > 0
    assert decision.halo == REACH
    plain, spread = (
        pooled(Decision(fidelity=g, contrast_scale=decision.contrast_scale), [held(2.0)]) for g in (0, 0.01)
    )
    right = [np.mean(probabilities.argmax(axis=0) + 1 == truth) for probabilities, truth in (plain, spread)]
    assert right[1] > right[0] + 0.1


def test_spreading_is_not_chosen_where_it_harms():
    """Classes that alternate from pixel to pixel within a region."""
    checks = 1 + np.indices((ROWS, COLS)).sum(axis=0) % 2
    decision = settle((0.0, 0.1, 0.01), [held(noise=0.3, truth=checks)])
    assert decision.fidelity == 0
    assert decision.halo == 0


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
    decision = settle((0.0,), [Held(overconfident, Guide(), Window(0, 0, 10, 10), truth)])
    assert decision.temperature == pytest.approx(true_temperature, rel=0.1)
    flat = tempered(overconfident, decision.temperature).reshape(4, -1)
    error = expected_calibration_error(flat.max(axis=0), flat.argmax(axis=0) + 1 == truth.ravel())
    assert error < 0.02


def test_nothing_held_out_settles_nothing():
    assert settle((0.1, 0.03), []) == Decision()


def test_held_out_labels_without_data_settle_nothing():
    answers = held(noise=1.0)
    answers.quantities[:] = np.nan
    assert settle((0.0, 0.1), [answers]) == Decision(contrast_scale=settle((0.0,), [answers]).contrast_scale)


def test_labels_without_data_are_left_out():
    answers = held(noise=1.0, labels=1.0)
    answers.quantities[:, 3, 4:6] = np.nan
    probabilities, truth = pooled(Decision(), [answers, answers])
    assert probabilities.shape == (2, len(truth)) == (2, 2 * (ROWS * COLS - 2))


@pytest.mark.parametrize("fidelity", [0.0, 0.03])
def test_a_map_and_its_confidence(fidelity):
    answers = held(noise=0.3)
    answers.quantities[:, 2, 3] = np.nan
    decision = Decision(fidelity=fidelity, temperature=0.7)
    arrays = decision.finish(answers.quantities, answers.channels, WHOLE)
    assert arrays["map"].dtype == np.uint8
    assert arrays["map"][2, 3] == 0
    assert np.isnan(arrays["confidence"][2, 3])
    known = arrays["map"] > 0
    assert known.sum() == ROWS * COLS - 1
    assert (arrays["confidence"][known] >= 0.5).all()
    assert (arrays["map"] == REGION + 1)[known].mean() > 0.95
    names = [layer.name for layer in decision.layers(arrays, NORTH_UP, LEGEND)]
    assert names == ["map", "confidence"]


def test_tempering_keeps_the_order_and_the_sum():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(5), 100).T.astype(np.float32)
    for temperature in (0.25, 1.0, 4.0):
        changed = tempered(probabilities, temperature)
        np.testing.assert_allclose(changed.sum(axis=0), 1, atol=1e-6)
        np.testing.assert_array_equal(changed.argmax(axis=0), probabilities.argmax(axis=0))
    np.testing.assert_allclose(tempered(probabilities, 1.0), probabilities, atol=1e-5)

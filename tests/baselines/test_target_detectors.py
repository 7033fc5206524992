"""The target detectors agree with Spectral Python and with the formulas they are known by."""

from dataclasses import replace

import numpy as np
import pytest
import spectral

from hypersigma.baselines._detector import Detector
from hypersigma.baselines.ace import AdaptiveCoherence
from hypersigma.baselines.cem import ConstrainedEnergy
from hypersigma.baselines.matched_filter import MatchedFilter
from hypersigma.baselines.osp import OrthogonalSubspace
from hypersigma.baselines.sam import SpectralAngle
from hypersigma.data.detection import DetectionScene
from hypersigma.data.targets import Target
from hypersigma.errors import InputError
from tests.baselines.detection_scenes import as_cube, method, names, numbers, scene

NUM_BANDS, ROWS, COLS = 20, 30, 40


def well_conditioned() -> np.ndarray:
    """Gaussian spectra (bands, rows, cols) about 20, whose deviations along their own axes go from 1 to 10."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.normal(size=(NUM_BANDS, NUM_BANDS)))[0] * np.geomspace(1.0, 10.0, NUM_BANDS)
    return (20.0 + np.einsum("bk,krc->brc", axes, rng.normal(size=(NUM_BANDS, ROWS, COLS)))).astype(np.float32)


ARRAY = well_conditioned()
LOOKED_FOR = 22.0 + 6.0 * np.cos(np.arange(NUM_BANDS))
IMAGE = ARRAY.transpose(1, 2, 0).astype(np.float64)  # as Spectral Python has it
FLAT = ARRAY.reshape(NUM_BANDS, -1).astype(np.float64)


def scores(detector: Detector, target: np.ndarray = LOOKED_FOR, array: np.ndarray = ARRAY) -> np.ndarray:
    inputs = scene(array, target)
    return detector.fit([inputs], seed=0).predict(inputs.cube, inputs.cube.window)[0]


def assert_agree(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Equal to 1e-3 of each number, or to 1e-4 of the spread where a number is next to zero."""
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.std(theirs))


def plain(flat: np.ndarray, background: np.ndarray, *, coherent: bool) -> np.ndarray:
    """Matched filter (n,), or signed adaptive coherence, of spectra (bands, n) against a background (bands, m)."""
    mean, covariance = background.mean(axis=1), np.cov(background)
    centred, difference = flat - mean[:, None], LOOKED_FOR - mean
    solved = np.linalg.solve(covariance, difference)
    part = solved @ centred
    if not coherent:
        return part / (solved @ difference)
    lengths = np.einsum("bn,bn->n", centred, np.linalg.solve(covariance, centred))
    return np.sign(part) * part**2 / (solved @ difference) / lengths


def test_the_matched_filter_is_that_of_spectral_python() -> None:
    assert_agree(scores(MatchedFilter(loading=0.0)), spectral.matched_filter(IMAGE, LOOKED_FOR))


def test_adaptive_coherence_is_that_of_spectral_python_with_a_sign() -> None:
    ours = scores(AdaptiveCoherence(loading=0.0))
    assert_agree(np.abs(ours), spectral.ace(IMAGE, LOOKED_FOR))
    np.testing.assert_array_equal(np.sign(ours), np.sign(scores(MatchedFilter(loading=0.0))))


def test_constrained_energy_is_the_plain_formula() -> None:
    solved = np.linalg.solve(FLAT @ FLAT.T / FLAT.shape[1], LOOKED_FOR)
    assert_agree(scores(ConstrainedEnergy()).ravel(), solved @ FLAT / (solved @ LOOKED_FOR))


def test_orthogonal_subspace_projection_is_the_plain_formula() -> None:
    background = np.linalg.eigh(FLAT @ FLAT.T / FLAT.shape[1])[1][:, -5:]
    rejecting = np.eye(NUM_BANDS) - background @ np.linalg.pinv(background)
    expected = LOOKED_FOR @ rejecting @ FLAT / (LOOKED_FOR @ rejecting @ LOOKED_FOR)
    assert_agree(scores(OrthogonalSubspace(num_directions=5)).ravel(), expected)


def test_the_spectral_angle_is_that_of_spectral_python() -> None:
    theirs = spectral.spectral_angles(IMAGE, LOOKED_FOR[None])[..., 0]
    np.testing.assert_allclose(-scores(SpectralAngle()), theirs, rtol=1e-3)


@pytest.mark.parametrize("kind", [MatchedFilter, AdaptiveCoherence])
def test_statistics_leave_out_the_pixels_that_are_likest_the_target(kind: type[Detector]) -> None:
    likeness = plain(FLAT, FLAT, coherent=True)
    background = FLAT[:, likeness <= np.quantile(likeness, 0.95)]
    expected = plain(FLAT, background, coherent=kind is AdaptiveCoherence)
    assert_agree(scores(kind(loading=0.0, cleaned=0.05)).ravel(), expected)


@pytest.mark.parametrize("kind", [MatchedFilter, AdaptiveCoherence])
def test_of_pixels_that_are_all_alike_none_is_left_out(kind: type[Detector]) -> None:
    array = np.full((5, 6, 7), 0.4, dtype=np.float32)
    assert np.isfinite(scores(kind(cleaned=0.1), np.arange(5.0), array)).all()


@pytest.mark.parametrize("name", ["matched_filter", "cem", "osp"])
def test_the_target_itself_scores_one(name: str) -> None:
    array = ARRAY.copy()
    array[:, 3, 4] = LOOKED_FOR
    assert scores(method(name), array=array)[3, 4] == pytest.approx(1.0, abs=1e-3)


def test_loading_is_a_share_of_the_mean_variance() -> None:
    covariance = np.cov(FLAT)
    covariance += 0.3 * np.trace(covariance) / NUM_BANDS * np.eye(NUM_BANDS)
    mean = FLAT.mean(axis=1)
    solved = np.linalg.solve(covariance, LOOKED_FOR - mean)
    expected = solved @ (FLAT - mean[:, None]) / (solved @ (LOOKED_FOR - mean))
    assert_agree(scores(MatchedFilter(loading=0.3)).ravel(), expected)


@pytest.mark.parametrize("name", names("target_detection"))
def test_a_target_is_needed(name: str) -> None:
    with pytest.raises(InputError, match="no target"):
        method(name).fit([DetectionScene(cube=as_cube(numbers()))], seed=0)


@pytest.mark.parametrize("name", names("target_detection"))
def test_bands_that_the_target_does_not_know_are_left_out(name: str) -> None:
    unknown = np.where(np.isin(np.arange(NUM_BANDS), (2, 9)), np.nan, LOOKED_FOR)
    fewer = scores(method(name), np.delete(LOOKED_FOR, (2, 9)), np.delete(ARRAY, (2, 9), axis=0))
    np.testing.assert_array_equal(scores(method(name), unknown), fewer)


@pytest.mark.parametrize("kind", [MatchedFilter, AdaptiveCoherence])
def test_a_target_equal_to_the_mean_is_refused(kind: type[Detector]) -> None:
    array = np.repeat([[[-1.0, 1.0]], [[2.0, 4.0]]], 3, axis=1).astype(np.float32)
    with pytest.raises(InputError, match="equals the background's mean"):
        scores(kind(), np.array([0.0, 3.0]), array)


def test_several_spectra_are_looked_for_by_their_mean() -> None:
    several = Target(np.stack([LOOKED_FOR - 1.0, LOOKED_FOR + 1.0]))
    inputs = replace(scene(ARRAY), target=several)
    found = SpectralAngle().fit([inputs], seed=0).predict(inputs.cube, inputs.cube.window)[0]
    np.testing.assert_allclose(found, scores(SpectralAngle()), rtol=1e-5)

"""The matched filter of a target answers after denoising what it answered before."""

import numpy as np

from hypersigma.data.faults import Faults
from hypersigma.data.scene_model import SceneModel
from hypersigma.data.spectral_subspace import SpectralSubspace
from hypersigma.data.target_guard import target_guard

BANDS = 12


def model(deviations):
    faults = Faults(
        dead=np.zeros((BANDS, 30), dtype=bool),
        stuck=np.full((BANDS, 1), np.nan, dtype=np.float32),
        offsets=np.zeros((BANDS, 30), dtype=np.float32),
    )
    subspace = SpectralSubspace(deviations=deviations, mean=np.zeros(BANDS), vectors=np.eye(BANDS)[:2])
    return SceneModel(faults=faults, subspace=subspace)


def scene():
    image = np.random.default_rng(1).standard_normal((BANDS, 20, 30)).astype(np.float32)
    image[:2] *= 5
    return image


def guard_of(image, target, deviations):
    return target_guard(lambda window: image[:, *window.slices], image.shape, model(deviations), target)


def test_the_answer_is_that_of_before_and_one_direction_comes_back():
    image, target = scene(), np.linspace(1.0, 2.0, BANDS)
    guard = guard_of(image, target, np.ones(BANDS))
    restored = guard.restored(image, np.zeros_like(image))
    flat, found = image.reshape(BANDS, -1), restored.reshape(BANDS, -1)
    np.testing.assert_allclose(guard.filter @ found, guard.filter @ flat, atol=1e-4)
    assert np.linalg.matrix_rank(found, tol=1e-3) == 1
    # the filter is the textbook's
    inverse = np.linalg.inv(np.cov(flat.astype(np.float64)))
    np.testing.assert_allclose(guard.filter, inverse @ (target - flat.mean(axis=1)), rtol=1e-3, atol=1e-4)


def test_bands_without_noise_and_pixels_without_data_are_not_changed():
    image, deviations = scene(), np.ones(BANDS)
    deviations[3], image[3], image[5, 4, 6] = 0.0, 2.0, np.nan
    restored = guard_of(image, np.arange(BANDS, dtype=np.float64), deviations).restored(image, 0.5 * image)
    np.testing.assert_array_equal(restored[3], 0.5 * image[3])
    np.testing.assert_array_equal(restored[:, 4, 6], 0.5 * image[:, 4, 6])


def test_the_mean_of_a_scene_is_no_target():
    image = np.tile(np.array([-1.0, 1.0], dtype=np.float32), (BANDS, 20, 15)) * np.arange(1, BANDS + 1)[:, None, None]
    assert guard_of(image, np.zeros(BANDS), np.ones(BANDS)) is None

"""The subspace that the spectra of a scene lie in."""

import numpy as np
import pytest
from scipy import ndimage

from hypersigma.data.spectral_subspace import fit_subspace
from hypersigma.errors import InputError


def clean(bands=50, rows=60, cols=70, rank=4, seed=0, smooth=2.0):
    """Spectra of known rank (about their mean) in a smooth scene."""
    generator = np.random.default_rng(seed)
    maps = ndimage.gaussian_filter(generator.standard_normal((rank, rows, cols)), (0, smooth, smooth))
    maps /= maps.std(axis=(1, 2), keepdims=True)
    directions = np.linalg.qr(generator.standard_normal((bands, rank)))[0].T
    return 0.5 + np.einsum("kb,krc->brc", directions, maps)


def noisy(level, **shape):
    image = clean(**shape)
    return image + level * np.random.default_rng(9).standard_normal(image.shape)


@pytest.mark.parametrize("rank", [1, 2, 4, 7])
@pytest.mark.parametrize("level", [0.01, 0.2])
def test_the_rank_is_found(rank, level):
    assert len(fit_subspace(noisy(level, rank=rank)).vectors) == rank


def test_the_rank_is_found_under_uneven_noise():
    image = clean()
    levels = np.geomspace(0.01, 0.5, 50)
    found = fit_subspace(image + levels[:, None, None] * np.random.default_rng(2).standard_normal(image.shape))
    assert len(found.vectors) == 4
    np.testing.assert_allclose(found.deviations, levels, rtol=0.12)


def test_weak_directions_count_where_neighbours_vary_together():
    smooth, rough = (clean(rank=1, smooth=smooth) - 0.5 for smooth in (3.0, 0.0))
    noise = 0.25 * np.random.default_rng(3).standard_normal(smooth.shape)
    strong = 10 * (clean(rank=1, seed=5, smooth=3.0) - 0.5)
    # Its variance is below what noise reaches in the worst direction, so that its pattern alone gives it away.
    share = 0.095
    assert len(fit_subspace(strong + share * smooth + noise).vectors) == 2
    assert len(fit_subspace(strong + share * rough + noise).vectors) == 1


def test_noise_is_white_with_unit_variance_in_it():
    image, truth = noisy(0.1), clean()
    subspace = fit_subspace(image)
    rest = subspace.coefficients(image) - subspace.coefficients(truth)
    np.testing.assert_allclose(np.cov(rest.reshape(4, -1)), np.eye(4), atol=0.06)


def test_there_and_back_keeps_what_lies_in_it():
    image = clean().astype(np.float32)
    subspace = fit_subspace(noisy(0.05))
    result = np.zeros_like(image)
    subspace.restore(result, subspace.coefficients(image))
    np.testing.assert_allclose(result, image, atol=0.02)
    np.testing.assert_allclose(subspace.vectors @ subspace.vectors.T, np.eye(4), atol=1e-9)


def test_a_stated_rank():
    assert len(fit_subspace(noisy(0.1), rank=9).vectors) == 9
    for rank in (0, 51):
        with pytest.raises(InputError, match=f"a subspace of {rank} directions .* have 1 to 50"):
            fit_subspace(noisy(0.1), rank=rank)


def test_bands_and_pixels_without_numbers_take_no_part():
    image = noisy(0.1)
    before = fit_subspace(np.delete(image, [3, 7], axis=0)[:, 5:])
    image[3], image[7] = np.nan, 2.0
    image[:, :5] = np.nan
    found = fit_subspace(image)
    np.testing.assert_array_equal(found.used, ~np.isin(np.arange(50), [3, 7]))
    np.testing.assert_allclose(np.delete(found.deviations, [3, 7]), before.deviations, rtol=1e-4)
    assert (found.coefficients(image)[:, :5] == 0).all()
    result = image.astype(np.float32)
    found.restore(result, 0 * found.coefficients(image))
    np.testing.assert_array_equal(result[:, :5], image[:, :5].astype(np.float32))
    np.testing.assert_array_equal(result[[3, 7]], image[[3, 7]].astype(np.float32))
    np.testing.assert_allclose(result[0, 5:], found.mean[0], rtol=1e-6)


def test_nothing_but_noise_has_one_direction():
    noise = np.random.default_rng(0).standard_normal((30, 40, 50))
    assert len(fit_subspace(noise).vectors) == 1


def test_a_scene_that_never_varies_is_refused():
    with pytest.raises(InputError, match="no band of the scene varies"):
        fit_subspace(np.ones((3, 4, 5)))

"""Scenes freed from noise in their subspace."""

import numpy as np
import pytest
import rasterio

from hypersigma.config import structure, unstructure
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig, denoised
from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.restoration import mean_psnr
from tests.data.test_doubled import edges
from tests.data.test_spectral_subspace import clean
from tests.shared import data_path

CLEANINGS = ("none", "means", "groups", "learned")


def noisy(level=0.2):
    return (clean() + level * np.random.default_rng(1).standard_normal(clean().shape)).astype(np.float32)


@pytest.mark.parametrize("level", [0.1, 0.2])
def test_each_cleaning_goes_further(level):
    truth = edges(64, 60)
    image = (truth + level * np.random.default_rng(1).standard_normal(truth.shape)).astype(np.float32)
    results = [denoised(image, SubspaceDenoisingConfig(cleaning=cleaning)) for cleaning in CLEANINGS]
    figures = [mean_psnr(image, truth), *(mean_psnr(result.image, truth) for result in results)]
    assert np.diff(figures).min() > 0.5
    # what the network learned: edges
    assert figures[-1] > figures[-2] + 1
    for result in results:
        np.testing.assert_allclose(result.deviations, level, rtol=0.08)


def test_smooth_scenes_gain_less():
    image = noisy()
    results = [denoised(image, SubspaceDenoisingConfig(cleaning=cleaning)) for cleaning in CLEANINGS]
    before, none, means, groups, learned = [
        mean_psnr(image, clean()),
        *(mean_psnr(result.image, clean()) for result in results),
    ]
    assert before + 8 < none < means < groups
    assert groups > none + 5
    # nothing is left for the network to tell, which takes little away
    assert learned == pytest.approx(groups, abs=0.1)
    for result in results:
        assert result.rank == 4
        np.testing.assert_allclose(result.deviations, 0.2, rtol=0.08)


@pytest.mark.parametrize("cleaning", CLEANINGS)
def test_units_play_no_part(cleaning):
    config = SubspaceDenoisingConfig(cleaning=cleaning)
    image = noisy()[:, :30, :30]
    once, scaled = denoised(image, config), denoised(4000 * image, config)
    np.testing.assert_allclose(scaled.image, 4000 * once.image, rtol=0.01, atol=20)
    np.testing.assert_allclose(scaled.deviations, 4000 * once.deviations, rtol=1e-3)


def test_what_has_no_numbers_or_never_varies_stays_as_it_is():
    image = noisy()
    image[3], image[7] = np.nan, 2.0
    image[10, :5, :9], image[11, 50, 60] = np.nan, np.inf
    result = denoised(image, SubspaceDenoisingConfig(cleaning="means"))
    gaps = ~np.isfinite(np.delete(image, 3, axis=0)).all(axis=0)
    np.testing.assert_array_equal(result.image[:, gaps], image[:, gaps])
    np.testing.assert_array_equal(result.image[[3, 7]], image[[3, 7]])
    others = np.delete(np.arange(50), [3, 7])
    assert mean_psnr(result.image[others][:, ~gaps][..., None], clean()[others][:, ~gaps][..., None]) > 28
    assert np.isnan(result.deviations[3])
    assert result.deviations[7] == 0


def test_the_image_itself_is_left_alone():
    image = noisy()[:, :20, :20]
    before = image.copy()
    first, second = denoised(image), denoised(image)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(first.image, second.image)


def test_a_stated_rank():
    assert denoised(noisy()[:, :20, :20], SubspaceDenoisingConfig(rank=2, cleaning="none")).rank == 2


@pytest.mark.parametrize("shape", [(3, 3, 3), (50, 4, 5), (1, 20, 20), (2, 1, 30)])
def test_scenes_of_any_size(shape):
    image = np.random.default_rng(0).random(shape)
    assert np.isfinite(denoised(image).image).all()


def test_integers():
    image = np.round(1000 * (noisy()[:, :20, :20] + 5)).astype(np.uint16)
    assert denoised(image, SubspaceDenoisingConfig(cleaning="none")).image.dtype == np.float32


@pytest.mark.parametrize("config", [SubspaceDenoisingConfig(), SubspaceDenoisingConfig(rank=3, cleaning="means")])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), SubspaceDenoisingConfig, "settings") == config


@pytest.mark.parametrize(("change", "message"), [({"rank": 0}, "rank is 0"), ({"rounds": 0}, "rounds are 0")])
def test_settings_that_denoise_nothing_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        SubspaceDenoisingConfig(**change)


def test_what_is_no_scene_is_refused():
    with pytest.raises(InputError, match=r"found shape \(4, 5\)"):
        denoised(np.ones((4, 5)))


@pytest.mark.parametrize(("level", "least"), [(30, 34.6), (70, 29.5)])
def test_a_real_scene(level, least):
    """Berlin under noise of unknown level; non-local means reach 34.2 and 28.7 dB, BM3D 34.4 and 29.4."""
    with rasterio.open(data_path("berlin_urban_gradient/HyMap02_Berlin_Urban_Gradient_2009.bsq")) as file:
        truth = file.read().astype(float)
    truth /= truth.max()
    result = denoised(truth + level / 255 * np.random.default_rng(100).standard_normal(truth.shape))
    assert mean_psnr(result.image, truth) > least

"""Faults, noise and subspace of a scene, found from the scene alone."""

import numpy as np
import pytest

from hypersigma.data.corrupt import PUBLISHED_CASES, CorruptionConfig, DeadLines, GaussianNoise, corrupted
from hypersigma.data.scene_model import made_up
from hypersigma.data.smooth_spectra import processes, shrunk
from hypersigma.data.spectral_subspace import SpectralSubspace
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig, denoised, found_model
from hypersigma.metrics.restoration import mean_psnr
from hypersigma.readers import open_cube
from tests.data.test_spectral_subspace import clean
from tests.shared import data_path

QUICK = SubspaceDenoisingConfig(cleaning="means")


def scene(bands=60, rows=64, cols=60):
    """A smooth scene between 0 and 1 whose spectra are smooth."""
    maps = 0.18 * (clean(2, rows, cols, rank=2, seed=4) - 0.5)
    waves = np.linspace(0, np.pi, bands)
    return 0.5 + maps[0] * np.cos(waves)[:, None, None] + maps[1] * np.sin(2 * waves)[:, None, None]


def model_of(image):
    return found_model(lambda window: image[:, *window.slices], image.shape, QUICK)


@pytest.mark.parametrize("case", [2, 3, 4, 5])
def test_faults_cost_little(case):
    truth = scene()
    mixed = corrupted(truth, PUBLISHED_CASES[case], 100)
    found = denoised(mixed.image, QUICK)
    assert mean_psnr(found.image, truth) > mean_psnr(mixed.image, truth) + 18
    np.testing.assert_allclose(found.deviations, mixed.deviations, rtol=0.15)


def test_dead_lines_across_sharp_edges_are_no_directions():
    """Gaps filled from beside look like directions of their own where edges are sharp and bands few."""
    maps = np.kron(np.sign(np.random.default_rng(5).uniform(-1, 1, (2, 42, 42))), np.ones((3, 3)))
    waves = np.linspace(0, np.pi, 30)[:, None, None]
    truth = 0.5 + 0.25 * maps[0] * np.cos(waves) + 0.2 * maps[1] * np.sin(waves)
    kinds = CorruptionConfig(gaussian=GaussianNoise(deviations=(0.03,)), dead_lines=DeadLines())
    found = denoised(corrupted(truth, kinds, 101).image, QUICK)
    assert found.rank == 2
    np.testing.assert_allclose(found.deviations, 0.03, rtol=0.05)
    assert mean_psnr(found.image, truth) > 43


@pytest.mark.parametrize("seed", [100, 103])
def test_levels_of_few_bands_do_not_pass_for_directions(seed):
    """CAVE with dead lines: few bands are without gaps, and their levels of noise are told roughly at first."""
    truth = open_cube(data_path("cave/chart_and_stuffed_toy_ms_256.mat")).read()
    truth = truth / truth.max()
    found = denoised(corrupted(truth, PUBLISHED_CASES[3], seed).image, QUICK)
    assert found.rank < 6
    assert mean_psnr(found.image, truth) > 32.5


def test_faults_are_told_apart():
    mixed = corrupted(scene(), PUBLISHED_CASES[5], 101)
    faults = model_of(mixed.image).faults
    assert set(np.flatnonzero(faults.dead.any(axis=1))) == set(mixed.dead_lines)
    assert set(np.flatnonzero(np.isfinite(faults.stuck).any(axis=1))) >= set(mixed.impulses)
    striped = np.abs(faults.offsets).max(axis=1) > 0.1
    assert set(np.flatnonzero(striped)) <= set(mixed.stripes)
    assert striped[mixed.stripes].mean() > 0.5


def test_a_scene_without_faults_has_none():
    image = (scene() + 0.05 * np.random.default_rng(3).standard_normal((60, 64, 60))).astype(np.float32)
    faults = model_of(image).faults
    assert not faults.dead.any()
    assert not np.isfinite(faults.stuck).any()
    assert np.abs(faults.offsets).max() < 0.05
    # whole numbers repeat, and are not stuck for that
    counts = np.rint(200 * image).astype(np.float32)
    assert not np.isfinite(model_of(counts).faults.stuck).any()


def test_interpolated_spectra_have_no_faulty_columns_and_stay():
    """Few bands, interpolated to many, as some products come: what they differ by is how they were rounded."""
    own = scene(20) + 0.01 * np.random.default_rng(100).standard_normal((20, 64, 60))
    places = np.linspace(0, 19, 60)
    left = np.minimum(places.astype(int), 18)
    share = (places - left)[:, None, None]
    image = ((1 - share) * own[left] + share * own[left + 1]).astype(np.float32)
    model = model_of(image)
    assert made_up(model.subspace).all()
    assert not model.faults.any
    np.testing.assert_allclose(denoised(image, QUICK).image, image, atol=1e-5)


def test_smooth_spectra_lose_noise_and_rough_ones_stay():
    generator = np.random.default_rng(0)
    smooth, rough = np.sin(np.linspace(0, 5, 80)), generator.standard_normal(80)
    level = np.full(80, 0.3)
    kinds = processes(np.ones(80), np.ones(80))
    found = shrunk(smooth + 0.3 * generator.standard_normal(80), level, kinds)
    assert found.smoothness > 0
    assert np.std(found.spectrum - smooth) < 0.15
    found = shrunk(rough + 0.3 * generator.standard_normal(80), level, kinds)
    assert found.smoothness < 2
    assert np.std(found.spectrum - rough) < 0.35


def test_bands_that_others_tell_are_made_up():
    deviations, mean = np.array([1e-4, 1.0, 0.0, 1.0]), np.array([50.0, 50.0, 50.0, -2e4])
    subspace = SpectralSubspace(deviations=deviations, mean=mean, vectors=np.eye(1, 4))
    assert made_up(subspace).tolist() == [True, False, False, True]

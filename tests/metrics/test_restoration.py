"""Figures of restored images, against scikit-image, torchmetrics and plain loops in double precision."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import error_relative_global_dimensionless_synthesis, spectral_angle_mapper

from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.restoration import (
    cross_correlation,
    ergas,
    mean_psnr,
    mean_ssim,
    published_denoising_scores,
    q2n,
    restoration_scores,
    root_mean_square_error,
    spectral_angle,
)

FIGURES = (mean_psnr, mean_ssim, spectral_angle, ergas, cross_correlation, q2n, root_mean_square_error)


def images(bands=4, rows=16, cols=19, noise=0.1, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.random((bands, rows, cols))
    return truth + noise * generator.standard_normal(truth.shape), truth


def as_batch(image):
    return torch.from_numpy(image)[None]


@pytest.mark.parametrize("peak", [1.0, 0.25, 4000.0])
def test_psnr_is_that_of_scikit_image(peak):
    restored, truth = images()
    bands = zip(truth, restored, strict=True)
    expected = np.mean([peak_signal_noise_ratio(true, band, data_range=peak) for true, band in bands])
    assert mean_psnr(restored, truth, peak) == pytest.approx(expected)


def test_a_peak_of_each_band():
    restored, truth = images()
    peaks = np.array([1.0, 2.0, 0.5, 10.0])
    expected = mean_psnr(restored, truth) + np.mean(20 * np.log10(peaks))
    assert mean_psnr(restored, truth, peaks) == pytest.approx(expected)


def test_psnr_of_what_is_equal_ends_at_single_precision():
    _, truth = images()
    assert mean_psnr(truth, truth) == pytest.approx(138.47, abs=0.01)


@pytest.mark.parametrize("peak", [1.0, 3.0])
@pytest.mark.parametrize(("rows", "window"), [(16, 7), (7, 7), (6, 5), (3, 3)])
def test_ssim_is_that_of_scikit_image(peak, rows, window):
    restored, truth = images(rows=rows)
    bands = zip(truth, restored, strict=True)
    expected = [structural_similarity(a, b, data_range=peak, win_size=window) for a, b in bands]
    assert mean_ssim(restored, truth, peak) == pytest.approx(np.mean(expected))


def test_images_too_small_for_a_window_have_no_ssim():
    restored, truth = images(rows=2)
    assert math.isnan(mean_ssim(restored, truth))
    assert set(restoration_scores(restored, truth)) == {"mpsnr", "sam", "ergas", "cc", "q2n", "rmse"}


def test_the_angle_is_that_of_torchmetrics():
    restored, truth = images()
    expected = math.degrees(float(spectral_angle_mapper(as_batch(restored), as_batch(truth))))
    assert spectral_angle(restored, truth) == pytest.approx(expected)


@pytest.mark.parametrize("degrees", [0.0, 1e-7, 1.0, 90.0, 180.0])
def test_small_and_large_angles(degrees):
    turned = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    truth = np.array([1.0, 0.0])
    assert spectral_angle(3 * turned[:, None, None], truth[:, None, None]) == pytest.approx(degrees, rel=1e-6)


def test_pixels_of_zeros_have_no_angle():
    restored, truth = images()
    before = spectral_angle(restored[:, :, 1:], truth[:, :, 1:])
    restored[:, :8, 0], truth[:, 8:, 0] = 0, 0
    assert spectral_angle(restored, truth) == pytest.approx(before)
    assert math.isnan(spectral_angle(0 * restored, truth))


@pytest.mark.parametrize("ratio", [1.0, 4.0, 8.0])
def test_ergas_is_that_of_torchmetrics(ratio):
    restored, truth = images()
    expected = error_relative_global_dimensionless_synthesis(as_batch(restored), as_batch(truth), ratio=ratio)
    assert ergas(restored, truth, ratio) == pytest.approx(float(expected), rel=1e-6)


def test_bands_that_are_zero_or_constant_are_left_out():
    restored, truth = images()
    before = ergas(restored[1:], truth[1:]), cross_correlation(restored[1:], truth[1:])
    truth[0] = 0
    assert (ergas(restored, truth), cross_correlation(restored, truth)) == pytest.approx(before)
    truth[0] = 0.1
    assert cross_correlation(restored, truth) == pytest.approx(before[1])
    assert math.isnan(ergas(restored, 0 * truth))
    assert math.isnan(cross_correlation(restored, 0 * truth))


def test_correlation_is_that_of_numpy():
    restored, truth = images()
    expected = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(restored, truth, strict=True)]
    assert cross_correlation(restored, truth) == pytest.approx(np.mean(expected))


def test_the_root_mean_square_error_is_over_everything():
    restored, truth = images()
    squares = [(a - b) ** 2 for a, b in zip(restored.ravel(), truth.ravel(), strict=True)]
    assert root_mean_square_error(restored, truth) == pytest.approx(math.sqrt(math.fsum(squares) / len(squares)))


@pytest.mark.parametrize("figure", [mean_psnr, spectral_angle, ergas, cross_correlation, root_mean_square_error])
def test_pixels_without_numbers_are_left_out(figure):
    restored, truth = images()
    expected = figure(restored[:, 1:], truth[:, 1:])
    restored[2, 0, :9], truth[0, 0, 9:] = np.nan, np.inf
    assert figure(restored, truth) == pytest.approx(expected)


def test_windows_without_numbers_have_no_ssim():
    restored, truth = images()
    inside = mean_ssim(restored[:, 1:], truth[:, 1:])
    restored[2, 0, 4] = np.nan
    # Windows of the first row that the gap lies in are lost; those beside it stay.
    assert mean_ssim(restored, truth) != pytest.approx(inside)
    restored[2, 0, :] = np.nan
    assert mean_ssim(restored, truth) == pytest.approx(inside)
    restored[2, ::3, ::3] = np.nan
    assert math.isnan(mean_ssim(restored, truth))


@pytest.mark.parametrize("kind", [np.float32, np.uint16, np.int16])
def test_numbers_of_any_kind_are_compared_in_double_precision(kind):
    restored, truth = images()
    restored, truth = (np.clip(3000 * image, 0, None).astype(kind) for image in (restored, truth))
    for figure in FIGURES:
        assert figure(restored, truth) == pytest.approx(figure(restored.astype(float), truth.astype(float)))


def test_all_figures_by_their_names():
    restored, truth = images()
    figures = restoration_scores(restored, truth, peak=2.0, ratio=4)
    assert figures == {
        "mpsnr": mean_psnr(restored, truth, 2.0),
        "mssim": mean_ssim(restored, truth, 2.0),
        "sam": spectral_angle(restored, truth),
        "ergas": ergas(restored, truth, 4),
        "cc": cross_correlation(restored, truth),
        "q2n": q2n(restored, truth),
        "rmse": root_mean_square_error(restored, truth),
    }


def published_by_loops(restored, truth):
    """The published figures of one block, written out."""
    bands, rows, cols = truth.shape
    pixels = rows * cols
    psnr, ssim, relative = [], [], []
    for one, other in zip(restored.reshape(bands, -1), truth.reshape(bands, -1), strict=True):
        error = math.fsum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / pixels
        psnr.append(10 * math.log10(1 / error))
        relative.append(error / (math.fsum(other) / pixels) ** 2)
        means = math.fsum(one) / pixels, math.fsum(other) / pixels
        variances = [math.fsum((v - m) ** 2 for v in x) / pixels for x, m in zip((one, other), means, strict=True)]
        shared = math.fsum((a - means[0]) * (b - means[1]) for a, b in zip(one, other, strict=True)) / (pixels - 1)
        top = (2 * means[0] * means[1] + 1e-4) * (2 * shared + 9e-4)
        ssim.append(top / ((means[0] ** 2 + means[1] ** 2 + 1e-4) * (sum(variances) + 9e-4)))
    angles = []
    for r in range(rows):
        for c in range(cols):
            a, b = restored[:, r, c], truth[:, r, c]
            angles.append(math.degrees(math.acos(a @ b / math.sqrt((a @ a) * (b @ b)))))
    mean = {"mpsnr": psnr, "mssim": ssim, "sam": angles}
    return {name: sum(values) / len(values) for name, values in mean.items()} | {
        "ergas": 100 * math.sqrt(sum(relative) / bands),
        "rmse": 255 * math.sqrt(np.mean((restored - truth) ** 2)),
    }


def test_published_figures_are_means_over_blocks():
    restored, truth = images(bands=3, rows=70, cols=64)
    blocks = [published_by_loops(restored[:, part], truth[:, part]) for part in (slice(0, 64), slice(64, 70))]
    expected = {name: (blocks[0][name] + blocks[1][name]) / 2 for name in blocks[0]}
    assert published_denoising_scores(restored, truth) == pytest.approx(expected)


def test_a_published_angle_with_zero_is_right():
    truth = np.ones((3, 4, 4))
    assert published_denoising_scores(0 * truth, truth)["sam"] == pytest.approx(90)


def test_published_figures_have_no_gaps():
    restored, truth = images()
    restored[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="1 pixels lack numbers"):
        published_denoising_scores(restored, truth)


@pytest.mark.parametrize("shapes", [((4, 5, 6), (4, 6, 5)), ((5, 6), (5, 6)), ((4, 5, 6), (3, 5, 6))])
def test_images_that_do_not_match_are_refused(shapes):
    for figure in FIGURES:
        with pytest.raises(InputError, match=r"expected both as \(bands, rows, cols\), alike"):
            figure(np.ones(shapes[0]), np.ones(shapes[1]))


def test_images_without_a_complete_pixel_are_refused():
    restored, truth = images()
    restored[1] = np.nan
    with pytest.raises(InputError, match="leave bands without data out of both"):
        mean_psnr(restored, truth)


@pytest.mark.parametrize("peak", [0, -1, np.nan, [1.0, 2.0], [1, 1, 0, 1]])
def test_peaks_that_are_none_are_refused(peak):
    restored, truth = images()
    with pytest.raises(ConfigError, match="a positive number, or one for each of 4 bands"):
        mean_psnr(restored, truth, peak)


@pytest.mark.parametrize("ratio", [0, -4, np.nan])
def test_ratios_that_are_none_are_refused(ratio):
    restored, truth = images()
    with pytest.raises(ConfigError, match="ratio of pixel sizes must be positive"):
        ergas(restored, truth, ratio)

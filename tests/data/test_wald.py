"""Images made coarser, and sharpened ones brought into line with them."""

import numpy as np
import pytest

from hypersigma.config import structure, unstructure
from hypersigma.data.resize import resized
from hypersigma.data.wald import WaldConfig, back_projected, coarsened
from hypersigma.errors import ConfigError, InputError

SPREADS = pytest.mark.parametrize("spread", ["gaussian", "cubic", "mean"])


def image(bands=2, rows=32, cols=40):
    return np.random.default_rng(0).random((bands, rows, cols), dtype=np.float32)


def transfer(config, waves):
    """What is left of the contrast of a pattern of so many waves a fine pixel, measured on all its phases."""
    columns = np.arange(400 * config.scale)
    sides = [
        coarsened(np.broadcast_to(wave(2 * np.pi * waves * columns), (1, config.scale, len(columns))), config)[0, 0]
        for wave in (np.cos, np.sin)
    ]
    return np.hypot(*sides)[50:-50]


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@pytest.mark.parametrize("expected", [0.2, 0.3])
def test_the_transfer_at_half_a_wave_a_coarse_pixel(scale, expected):
    config = WaldConfig(scale=scale, transfer=expected)
    np.testing.assert_allclose(transfer(config, 1 / (2 * scale)), expected, rtol=0.01)


@pytest.mark.parametrize("waves", [0.0, 0.03, 0.1])
def test_a_stated_deviation(waves):
    config = WaldConfig(scale=4, deviation=1.7)
    assert config.gaussian_deviation == 1.7
    np.testing.assert_allclose(transfer(config, waves), np.exp(-2 * (np.pi * 1.7 * waves) ** 2), rtol=0.005)


@SPREADS
@pytest.mark.parametrize("scale", [1, 2, 4, 5])
def test_coarse_pixels_lie_over_their_fine_ones(spread, scale):
    ramp = np.broadcast_to(np.arange(40.0), (1, 40, 40))
    centres = np.arange(40 // scale) * scale + (scale - 1) / 2
    # Point spreads are symmetric, so a slope comes through as it is; at the borders it meets its mirror image.
    inside = slice(2, -2) if scale < 5 else slice(3, -3)
    found = coarsened(ramp, WaldConfig(scale=scale, spread=spread))[0, 3]
    np.testing.assert_allclose(found[inside], centres[inside], rtol=1e-3)


def test_means_and_bicubic_are_those_of_resizing():
    for spread in ("mean", "cubic"):
        found = coarsened(image(), WaldConfig(spread=spread))
        np.testing.assert_array_equal(found, resized(image(), (8, 10), spread))


@SPREADS
def test_what_is_behind_the_last_whole_pixel_is_left_out(spread):
    config = WaldConfig(spread=spread)
    np.testing.assert_array_equal(coarsened(image(rows=35, cols=43), config).shape, (2, 8, 10))
    np.testing.assert_array_equal(
        coarsened(np.pad(image(), ((0, 0), (0, 3), (0, 3)), constant_values=9), config), coarsened(image(), config)
    )


@SPREADS
def test_a_constant_stays_one(spread):
    np.testing.assert_allclose(coarsened(np.full((1, 12, 16), 0.3), WaldConfig(spread=spread)), 0.3, rtol=1e-6)


@SPREADS
def test_back_projection_brings_the_image_into_line(spread):
    config = WaldConfig(spread=spread)
    truth = resized(image(rows=8, cols=10), (32, 40))
    coarse = coarsened(truth, config)
    start = resized(coarse, (32, 40))
    after = back_projected(start, coarse, config)
    assert np.abs(coarsened(after, config) - coarse).max() < 0.3 * np.abs(coarsened(start, config) - coarse).max()
    assert np.mean((after - truth) ** 2) < np.mean((start - truth) ** 2)
    np.testing.assert_array_equal(back_projected(start, coarse, config, rounds=0), start)


@pytest.mark.parametrize("config", [WaldConfig(), WaldConfig(scale=8, spread="mean", deviation=1.0)])
def test_settings_go_to_plain_data_and_back(config):
    assert structure(unstructure(config), WaldConfig, "settings") == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0}, "the scale is 0"),
        ({"transfer": 1.0}, "the transfer is 1.0"),
        ({"deviation": 0.0}, "the deviation of the Gaussian is 0.0"),
    ],
)
def test_settings_that_spread_nothing_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        WaldConfig(**change)


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="3 x 40 pixels hold no whole one of 4 x 4"):
        coarsened(image(rows=3), WaldConfig())
    with pytest.raises(InputError, match=r"belongs to a fine one of \(2, 32, 40\), found \(2, 8, 10\)"):
        back_projected(image(rows=8, cols=10), image(rows=8, cols=10), WaldConfig())

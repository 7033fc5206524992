"""Resampling is exact for constant and linear spectra, agrees between sensors, and says what it cannot give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.errors import ConfigError, InputError
from hypersigma.spectra import (
    CANONICAL,
    CANONICAL_STEP,
    parse_wavelengths,
    resample_library,
    response_matrix,
    sensor_bands,
    sensor_names,
)

FINE = np.arange(300.0, 2700.0, 1.0)
SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))
HYPERSPECTRAL = [name for name in sensor_names() if len(sensor_bands(name)[0]) > 100]


@st.composite
def sensors(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Sensors of any kind: few or many bands, narrow or broad, with gaps, in any order, some bands bad."""
    count = draw(st.integers(2, 300))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first = draw(st.floats(300, 1500))
    centres = first + np.cumsum(generator.uniform(1, draw(st.floats(2, 60)), count))
    widths = generator.uniform(2, 80, count) if draw(st.booleans()) else None
    valid = generator.random(count) > draw(st.sampled_from([0.0, 0.3]))
    valid[:2] = True
    order = generator.permutation(count)
    return centres[order], None if widths is None else widths[order], valid[order]


def smooth_curve(generator: np.random.Generator) -> np.ndarray:
    """A random reflectance between 0.1 and 0.5, smooth over 200 nm (white noise under a Gaussian of that fwhm)."""
    kernel = np.exp(-0.5 * (np.arange(-400, 401) / (200 * SIGMA_PER_FWHM)) ** 2)
    curve = np.convolve(generator.standard_normal(len(FINE) + 800), kernel, "valid")
    return 0.1 + 0.4 * (curve - curve.min()) / np.ptp(curve)


def sampled(curve: np.ndarray, centres: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """What a sensor with Gaussian responses measures of a curve."""
    responses = np.exp(-0.5 * ((FINE - centres[:, None]) / (widths[:, None] * SIGMA_PER_FWHM)) ** 2)
    return responses @ curve / responses.sum(axis=1)


@settings(max_examples=60, deadline=None)
@given(sensors(), st.floats(-1, 1), st.floats(0.1, 2))
def test_constant_and_linear_spectra_are_exact(sensor, slope, level):
    centres, widths, valid = sensor
    matrix, covered = response_matrix(centres, widths, valid)
    got = matrix @ (level + slope * centres)
    np.testing.assert_allclose(got[covered], level + slope * CANONICAL[covered], rtol=1e-6, atol=1e-6)
    assert not matrix[~covered].any()
    assert not matrix[:, ~valid].any()


# The same draws every time: of curves without end some turn so sharply that two sensors differ by a hair more.
@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from(HYPERSPECTRAL), st.sampled_from(HYPERSPECTRAL))
def test_two_sensors_agree_on_a_smooth_spectrum(seed, one, other):
    curve = smooth_curve(np.random.default_rng(seed))
    values, both = [], np.ones(len(CANONICAL), dtype=bool)
    for name in (one, other):
        centres, widths = sensor_bands(name)
        matrix, covered = response_matrix(centres, widths)
        values.append(matrix @ sampled(curve, centres, widths))
        both &= covered
    np.testing.assert_allclose(values[0][both], values[1][both], rtol=0.01)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(3, 15), st.floats(3, 15), st.floats(0.7, 1.4))
def test_any_two_contiguous_sensors_agree(seed, first_step, second_step, relative_width):
    curve = smooth_curve(np.random.default_rng(seed))
    values, both = [], np.ones(len(CANONICAL), dtype=bool)
    for step in (first_step, second_step):
        centres = np.arange(380.0, 2520.0, step)
        widths = np.full(len(centres), step * relative_width)
        matrix, covered = response_matrix(centres, widths)
        values.append(matrix @ sampled(curve, centres, widths))
        both &= covered
    assert both.all()
    np.testing.assert_allclose(values[0], values[1], rtol=0.01)


def test_a_gap_is_missing_and_its_edges_are_not():
    centres = np.arange(400.0, 2501.0, 10.0)
    valid = (centres < 1340) | (centres > 1460)
    _, covered = response_matrix(centres, None, valid)
    missing = CANONICAL[~covered]
    # The last band before the gap reaches to 1335 nm, the first after it from 1465 nm.
    np.testing.assert_array_equal(missing, CANONICAL[(CANONICAL > 1335) & (CANONICAL < 1465)])


def test_outside_of_the_sensor_is_missing():
    _, covered = response_matrix(np.arange(400.0, 1001.0, 5.0))
    np.testing.assert_array_equal(covered, CANONICAL <= 1002.5)


def test_half_of_the_response_decides():
    for edge, expected in ((-0.1, False), (0.1, True)):
        centres = np.arange(CANONICAL[50] + edge, 200.0, -5.0)
        _, covered = response_matrix(centres - 2.5, np.full(len(centres), 5.0))
        assert bool(covered[50]) is expected


def test_narrow_bands_with_small_spaces_cover_the_grid():
    _, covered = response_matrix(np.arange(400.0, 2510.0, 20.0), np.full(106, 5.0))
    assert covered.all()


def test_broad_bands_cover_what_lies_inside_them():
    _, covered = response_matrix([600.0, 1600.0], [100.0, 100.0])
    inside = (abs(CANONICAL - 600) <= 50) | (abs(CANONICAL - 1600) <= 50)
    np.testing.assert_array_equal(covered, inside)


def test_a_far_band_does_not_claim_a_gap_without_a_width():
    _, covered = response_matrix([500.0, 1500.0])
    assert covered.sum() < 12


def test_noise_is_not_blown_up():
    for name in sensor_names():
        centres, widths = sensor_bands(name)
        matrix, _ = response_matrix(centres, widths)
        noise = np.sqrt((matrix**2).sum(axis=1))
        # at the ends and beside gaps, as far as a band sees, the line of the last two goes on: weights below zero
        extended = (matrix < 0).any(axis=1)
        assert noise[~extended].max() < 1.0 + 1e-9, name
        assert noise[extended].max(initial=0.0) < 1.5, name


def test_a_band_that_ends_shortly_before_a_target_covers_it():
    # PRISMA's last centre is at 2497 nm, and the band sees more than half of what belongs to 2500 nm
    centres, widths = sensor_bands("prisma")
    edge = (centres + widths / 2).max()
    response = np.exp(-0.5 * ((FINE - 2500.0) / (CANONICAL_STEP * SIGMA_PER_FWHM)) ** 2)
    assert 0.55 < response[edge > FINE].sum() / response.sum() < 0.7
    _, covered = response_matrix(centres, widths)
    assert covered[-1]
    assert not covered[0]


def test_interleaved_and_equal_bands_share_the_weight():
    matrix, covered = response_matrix([500.0, 500.0, 510.0, 520.0], [10.0, np.nan, 10.0, 0.0])
    assert covered.any()
    np.testing.assert_array_equal(matrix[:, 0], matrix[:, 1])
    np.testing.assert_allclose(matrix[covered].sum(axis=1), 1.0)


def test_one_band_and_none():
    matrix, covered = response_matrix([CANONICAL[10]], [30.0])
    assert covered[10]
    assert matrix[10, 0] == pytest.approx(1.0)
    assert not response_matrix([])[1].any()
    assert not response_matrix([500.0], None, [False])[1].any()


def test_islands_on_both_sides_of_a_target():
    """Half covered though its middle is not: the target takes the line across."""
    goal = CANONICAL[40]
    centres = goal + np.array([-24.0, -12.0, 12.0, 24.0])
    matrix, covered = response_matrix(centres, np.full(4, 18.0))
    assert covered[40]
    assert matrix[40] @ centres == pytest.approx(goal)


@pytest.mark.parametrize(("lists", "message"), [(([500.0], [1.0, 2.0]), "one a band"), (([-1.0],), "positive")])
def test_bad_lists(lists, message):
    with pytest.raises(InputError, match=message):
        response_matrix(*lists)


def test_library_onto_a_sensor():
    wavelengths = np.arange(350.0, 2501.0, 1.0)
    library = np.stack([0.2 + 1e-4 * wavelengths, np.full_like(wavelengths, 0.5), 0.2 + 1e-4 * wavelengths])
    library[2, wavelengths > 1000] = np.nan
    centres, widths = sensor_bands("enmap")
    result = resample_library(library, wavelengths, centres, target_fwhm=widths)
    np.testing.assert_allclose(result[0], 0.2 + 1e-4 * centres)
    np.testing.assert_allclose(result[1], 0.5)
    np.testing.assert_allclose(result[2][centres < 1000], 0.2 + 1e-4 * centres[centres < 1000])
    assert np.isnan(result[2][centres > 1005]).all()
    assert np.isfinite(resample_library(library[0], wavelengths, [500.0, 500.0, 600.0])).all()


def test_known_sensors():
    assert {"aviris_1992", "enmap", "emit", "hyperion", "sentinel2", "landsat8"} <= set(sensor_names())
    centres, widths = sensor_bands("AVIRIS-1992")
    assert centres.shape == widths.shape == (220,)
    assert (centres[0], widths[0]) == (400.02, 9.78)
    with pytest.raises(ConfigError, match="did you mean 'enmap'"):
        sensor_bands("enmpa")


def test_parse_wavelengths():
    np.testing.assert_allclose(parse_wavelengths("400:2500", 100), CANONICAL)
    assert pytest.approx(2100 / 99) == CANONICAL_STEP
    for text in ("400", "a:b", "2500:400", "0.4:2.5", "1:2:3"):
        with pytest.raises(InputError, match="FIRST"):
            parse_wavelengths(text, 3)

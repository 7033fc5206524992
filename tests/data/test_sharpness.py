"""Dates of unlike sharpness: which is blurred, how, and what is left as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import convolve, gaussian_filter

from hypersigma.cube import Cube
from hypersigma.data.sharpness import equally_sharp, filtered
from hypersigma.tiling import Window

ROWS, COLS = 90, 80


def ground(seed: int = 0) -> np.ndarray:
    """Ground (4, rows, cols) with sharp edges and a texture."""
    generator = np.random.default_rng(seed)
    patches = np.kron(generator.uniform(0.1, 0.6, (4, ROWS // 5, COLS // 5)), np.ones((5, 5)))
    return patches + 0.02 * generator.standard_normal(patches.shape)


def cubes(before: np.ndarray, after: np.ndarray, noise: float = 0.003) -> tuple[Cube, Cube]:
    """Both dates with noise, the second in another light."""
    generator = np.random.default_rng(9)
    dates = (date + noise * generator.standard_normal(date.shape) for date in (before, 1.7 * after + 0.2))
    first, second = (Cube.from_array(date.astype(np.float32)) for date in dates)
    return replace(first, name="before"), replace(second, name="after")


def blurred(array: np.ndarray) -> np.ndarray:
    return np.stack([gaussian_filter(band, 0.7) for band in array])


def difference(before: Cube, after: Cube) -> float:
    """Root mean square of what differs between both dates in the light of the first."""
    return float(np.std(before.read() - (after.read() - 0.2) / 1.7))


@pytest.mark.parametrize("first_is_sharper", [True, False])
def test_the_sharper_date_is_blurred_like_the_other(first_is_sharper):
    sharp, soft = ground(), blurred(ground())
    before, after = cubes(*((sharp, soft) if first_is_sharper else (soft, sharp)))
    alike = equally_sharp(before, after)
    kept, same = (alike.after, after) if first_is_sharper else (alike.before, before)
    assert kept is same
    name, other = ("before", "after") if first_is_sharper else ("after", "before")
    assert alike.note == f"{name} was blurred as {other} is: edges would look changed"
    assert difference(alike.before, alike.after) < 0.2 * difference(before, after)


def test_what_changed_has_no_part_in_the_kernel():
    sharp = ground()
    soft = blurred(sharp)
    soft[:, 20:40, 30:50] = blurred(ground(1))[:, 20:40, 30:50]
    before, after = cubes(sharp, soft)
    changed = np.zeros((ROWS, COLS), dtype=bool)
    changed[18:42, 28:52] = True
    left = equally_sharp(before, after)
    first, second = left.before.read(), (left.after.read() - 0.2) / 1.7
    assert np.std((first - second)[:, ~changed]) < 0.01
    assert np.std((first - second)[:, changed]) > 0.1


def test_a_fraction_of_a_pixel_is_taken_back():
    sharp = ground()
    moved = 0.85 * sharp + 0.15 * np.roll(sharp, 1, axis=2)
    before, after = cubes(sharp, moved)
    alike = equally_sharp(before, after)
    assert difference(alike.before, alike.after) < 0.5 * difference(before, after)


@pytest.mark.parametrize("noise", [0.003, 0.03, 0.1])
@pytest.mark.parametrize("more", [0.0, 0.1])
def test_noise_is_not_taken_for_sharpness(noise, more):
    noisy = ground() + more * np.random.default_rng(4).standard_normal((4, ROWS, COLS))
    before, after = cubes(ground(), noisy, noise)
    alike = equally_sharp(before, after)
    assert alike.before is before
    assert alike.after is after
    assert not alike.note


@pytest.mark.parametrize("more", [0.2, 0.3])
def test_much_noise_on_smooth_ground_is_not_taken_for_sharpness(more):
    smooth = np.stack([3 * gaussian_filter(band, 2.0) for band in ground()])
    before, after = cubes(smooth, smooth + more * np.random.default_rng(4).standard_normal((4, ROWS, COLS)))
    assert not equally_sharp(before, after).note


def test_the_same_dates_and_dates_too_small_to_tell_stay_as_they_are():
    before, _ = cubes(ground(), ground())
    assert not equally_sharp(before, before).note
    corner = replace(before, source=Cube.from_array(before.read()[:, :4, :5]).source)
    hole = before.read()[:, :4, :5]
    hole[:, 1:3, 1:4] = np.nan
    assert not equally_sharp(corner, Cube.from_array(hole)).note
    assert not equally_sharp(corner, Cube.from_array(-corner.read())).note


def test_a_filtered_date_is_its_convolution_whatever_the_window():
    weights = np.arange(25.0).reshape(5, 5) / 300
    array = ground().astype(np.float32)
    array[:, 40, 40] = np.nan
    scene = replace(Cube.from_array(array), scale=2.0)
    date = filtered(scene, weights)
    values = date.read()
    expected = convolve(2.0 * array[1], weights[::-1, ::-1])
    np.testing.assert_allclose(values[1, 2:30, 2:-2], expected[2:30, 2:-2], rtol=1e-5)
    # what is missing stays missing, and takes nothing with it
    assert np.argwhere(np.isnan(values[0])).tolist() == [[40, 40]]
    padded = np.pad(2.0 * array[0], 2, constant_values=np.nan)[:5, :5]
    corner = (weights * np.where(np.isnan(padded), padded[2, 2], padded)).sum()
    assert values[0, 0, 0] == pytest.approx(corner, rel=1e-5)
    window = Window(35, 30, 20, 17)
    np.testing.assert_array_equal(date.read(window, [2, 0]), values[[2, 0]][:, *window.slices])

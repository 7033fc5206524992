"""Scenes on smaller pixels, by themselves and with a companion."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from hypersigma.data.doubled import doubled
from hypersigma.data.footprints import Spread
from hypersigma.data.resize import resized
from hypersigma.data.sharpening import enlarged, filled, matched
from hypersigma.data.wald import WaldConfig, coarsened
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.metrics.restoration import mean_psnr
from tests.fakes.sharp import FINE, SIDE, coarse, companion, cube, truth


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_enlarged_is_ahead_of_bicubic_and_agrees_with_the_scene(scale: int) -> None:
    image, config = coarse(scale).read(), WaldConfig(scale=scale)
    found, bicubic = enlarged(image, config, 10, doubled if scale != 3 else None), resized(image, (SIDE, SIDE))
    assert mean_psnr(found, truth()) > mean_psnr(bicubic, truth()) + 0.2
    assert np.abs(coarsened(found, config) - image).mean() < 0.3 * np.abs(coarsened(bicubic, config) - image).mean()


def test_missing_pixels_are_missing_and_alone() -> None:
    image = coarse(4).read()
    gaps = image.copy()
    gaps[:, 2, 3] = np.nan
    gaps[5, 20, 7] = np.nan
    found = enlarged(gaps, WaldConfig(scale=4), 10)
    expected = np.zeros((SIDE, SIDE), dtype=bool)
    expected[8:12, 12:16] = expected[80:84, 28:32] = True
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(expected, found.shape))


@pytest.mark.parametrize("scale", [3, 4, 8])
def test_a_companion_brings_detail(scale: int) -> None:
    scene = coarse(scale)
    found = matched(scene, companion())
    assert found.ratio == pytest.approx(scale)
    assert found.georef == FINE
    assert (
        mean_psnr(found.sharpened(), truth())
        > mean_psnr(enlarged(scene.read(), WaldConfig(scale=scale), 10), truth()) + 10
    )
    assert found.explained.min() > 0.9


@pytest.mark.parametrize(("size", "rows", "cols"), [(2.5, 70, 60), (3.6, 40, 52)])
def test_any_ratio_and_a_part_of_the_ground(size: float, rows: int, cols: int) -> None:
    """A companion of other pixels, a corner of which lies in the scene; both show a plane."""
    georef = Georef((size, 0.0, FINE.transform[2] + 11.0, 0.0, -size, FINE.transform[5] - 13.0), FINE.crs)

    def plane(place: Georef, height: int, width: int) -> np.ndarray:
        row, col = np.indices((height, width)) + 0.5
        x = place.transform[2] + place.transform[0] * col - FINE.transform[2]
        y = place.transform[5] + place.transform[4] * row - FINE.transform[5]
        return np.stack([0.3 + 1e-3 * x, 0.3 - 2e-3 * y, 0.5 + 1e-3 * (x + y)]).astype(np.float32)

    scene = cube(plane(FINE.divided(1 / 5), 19, 19), FINE.divided(1 / 5))
    found = matched(scene, cube(plane(georef, rows, cols), georef, "companion"))
    assert found.ratio == pytest.approx(10 / size)
    image = found.sharpened()
    expected = plane(found.georef, *image.shape[1:])
    assert np.isfinite(image).mean() > 0.9
    np.testing.assert_allclose(image, np.where(np.isfinite(image), expected, np.nan), atol=2e-3)
    left, _, _, top = found.georef.bounds(cube(image).window)
    assert (left, top) == pytest.approx((FINE.transform[2] + 11.0, FINE.transform[5] - 13.0))


def test_gaps_of_both_are_gaps() -> None:
    image, sharp = coarse(4).read(), companion().read()
    image[:, 3, 3], sharp[1, 50, 60] = np.nan, np.nan
    found = matched(cube(image, FINE.divided(1 / 4)), cube(sharp, FINE, "companion")).sharpened()
    expected = np.zeros((SIDE, SIDE), dtype=bool)
    expected[12:16, 12:16] = expected[50, 60] = True
    np.testing.assert_array_equal(np.isnan(found), np.broadcast_to(expected, found.shape))


@pytest.mark.parametrize(
    ("georef", "said"),
    [
        (None, "companion has no georeference"),
        (FINE.divided(1 / 4), "companion is not sharper than scene: 1 of its pixels"),
        (FINE.divided(1 / 8), "companion is not sharper than scene: 0.5 of its pixels"),
        (Georef((2.0, 0.0, 400000.0, 0.0, -2.0, 5000000.0), FINE.crs), "scene shares no ground with companion"),
        (Georef((2.0, 0.0, 300186.0, 0.0, -2.0, 5000000.0), FINE.crs), "scene shares 24 x 1 pixels with companion"),
    ],
)
def test_companions_that_do_not_suit(georef: Georef | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        matched(coarse(4), companion(georef=georef))


def test_too_little_data() -> None:
    image = np.full_like(coarse(4).read(), np.nan)
    with pytest.raises(InputError, match="no pixel has numbers"):
        filled(image)
    image[:, 0, :7] = 0.5
    with pytest.raises(InputError, match="7 pixels have data in the scene and in the companion, where 8"):
        matched(cube(image, FINE.divided(1 / 4)), companion())


@pytest.mark.parametrize("spread", ["mean", "gaussian"])
def test_what_the_pixels_see_is_found(spread: Literal["mean", "gaussian"]) -> None:
    scene = cube(coarsened(truth(), WaldConfig(scale=4, spread=spread)), FINE.divided(1 / 4))
    found = matched(scene, companion())
    assert found.spread == Spread.of(spread, WaldConfig.transfer)
    told = matched(scene, companion(), "gaussian" if spread == "mean" else "mean")
    assert mean_psnr(found.sharpened(), truth()) > mean_psnr(told.sharpened(), truth())


@pytest.mark.parametrize("transfer", [0.1, 0.2, 0.4, 0.5])
def test_another_gaussian_is_found_where_it_explains_clearly_more(transfer: float) -> None:
    scene = cube(coarsened(truth(), WaldConfig(scale=4, transfer=transfer)), FINE.divided(1 / 4))
    assert matched(scene, companion()).spread == Spread.of("gaussian", transfer)


@pytest.mark.parametrize("transfer", [0.25, 0.3, 0.45])
def test_a_companion_that_tells_nothing_leaves_the_gaussian_that_is_expected(transfer: float) -> None:
    found = matched(coarse(4), companion(truth(seed=7)), transfer=transfer)
    assert found.spread == Spread.of("gaussian", transfer)


def test_the_result_agrees_with_the_scene() -> None:
    config = WaldConfig(scale=4, spread="mean")
    scene = cube(coarsened(truth(), config), FINE.divided(1 / 4))
    found = matched(scene, companion()).sharpened()
    np.testing.assert_allclose(coarsened(found, config), scene.read(), atol=1e-4)

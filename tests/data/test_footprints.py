"""What pixels see of a finer image."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.footprints import Spread, seen
from hypersigma.data.wald import WaldConfig, coarsened


def centres(rows: int, cols: int, scale: float) -> np.ndarray:
    return (np.indices((rows, cols)) + 0.5) * scale


@pytest.mark.parametrize("kind", ["mean", "gaussian"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_whole_scales_are_those_of_wald(kind: str, scale: int) -> None:
    image = np.random.default_rng(0).normal(size=(2, 36, 24)).astype(np.float32)
    found = seen(image, centres(36 // scale, 24 // scale, scale), (scale, scale), Spread.of(kind, 0.3))
    np.testing.assert_allclose(found, coarsened(image, WaldConfig(scale=scale, spread=kind)), atol=1e-4)


@pytest.mark.parametrize("kind", ["mean", "gaussian"])
def test_planes_stay_at_any_ratio_and_place(kind: str) -> None:
    rows, cols = np.indices((60, 70)) + 0.5
    image = np.stack([rows, cols, np.ones_like(rows)]).astype(np.float32)
    places = centres(8, 9, 3.3) + 14.2
    found = seen(image, places, (3.3, 3.3), Spread.of(kind, 0.3))
    np.testing.assert_allclose(found[:2], places, atol=0.15)
    np.testing.assert_allclose(found[2], 1, rtol=1e-6)


def test_parts_of_a_box_make_it_up() -> None:
    image = np.random.default_rng(0).normal(size=(1, 32, 32)).astype(np.float32)
    spread, places = Spread.of("mean", 0.3), centres(8, 8, 4)
    part, offset = spread.part
    assert offset == pytest.approx(0.25)
    shifts = [np.array([row, col])[:, None, None] * 4 * offset for row in (-1, 1) for col in (-1, 1)]
    parts = np.mean([seen(image, places + shift, (4, 4), part) for shift in shifts], axis=0)
    np.testing.assert_allclose(parts, seen(image, places, (4, 4), spread), atol=1e-6)

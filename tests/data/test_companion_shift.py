"""Companions that do not lie where their georeference says."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.companion_shift import registered
from hypersigma.georef import Georef
from tests.fakes.sharp import FINE, coarse, companion, cube, truth


def moved(right: float, down: float, image: np.ndarray | None = None) -> Cube:
    """The companion, whose georeference lies so many metres off."""
    a, b, x, d, e, y = FINE.transform
    return companion(image, Georef((a, b, x + right, d, e, y - down), FINE.crs))


@pytest.mark.parametrize(("right", "down"), [(8.0, 0.0), (-5.0, 11.0), (3.0, -3.0)])
def test_a_shift_is_found_and_removed(right: float, down: float) -> None:
    found, note = registered(coarse(4), moved(right, down))
    np.testing.assert_allclose(found.georef.transform, FINE.transform, atol=0.8)
    assert "--register=false leaves it" in note


@pytest.mark.parametrize(
    "sharp", [companion(), companion(truth(seed=5)), moved(1e6, 0.0), moved(0.0, 0.0, np.full((12, 96, 96), np.nan))]
)
def test_what_lies_well_or_tells_nothing_stays(sharp: Cube) -> None:
    found, note = registered(coarse(4), sharp)
    assert found is sharp
    assert not note


def test_gaps_and_small_scenes_do_no_harm() -> None:
    image = coarse(4).read()
    image[:, :5] = np.nan
    found, _ = registered(cube(image, coarse(4).georef), moved(8.0, 0.0))
    np.testing.assert_allclose(found.georef.transform, FINE.transform, atol=0.8)
    small = cube(coarse(4).read()[:, :5, :5], coarse(4).georef)
    assert registered(small, companion())[1] == ""

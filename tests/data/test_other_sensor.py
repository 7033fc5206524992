"""Scenes as other sensors see them."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.other_sensor import VNIR_CAMERA, seen_by, shared_with
from hypersigma.errors import ConfigError, InputError
from tests.fakes.grounds import ground


def test_its_own_bands_change_nothing() -> None:
    cube = ground().cube
    other = seen_by(cube, "aviris_1992")
    np.testing.assert_array_equal(other.wavelengths, cube.wavelengths)
    np.testing.assert_allclose(other.read(), cube.read(), rtol=1e-5)
    assert other.quantity == "reflectance"


@pytest.mark.parametrize("sensor", ["enmap", "prisma", VNIR_CAMERA])
def test_a_straight_spectrum_stays_straight(sensor: str) -> None:
    cube = ground().cube
    assert cube.wavelengths is not None
    straight = np.broadcast_to((cube.wavelengths / 5000)[:, None, None], (len(cube.wavelengths), 3, 2))
    other = seen_by(Cube.from_array(straight.copy(), cube.wavelengths, cube.fwhm), sensor)
    assert other.wavelengths is not None
    np.testing.assert_allclose(other.read()[:, 1, 1], other.wavelengths[other.used] / 5000, rtol=1e-5)


def test_bands_that_are_not_covered_are_said() -> None:
    cube = ground().cube
    lost = cube.dropped(cube.wavelengths > 1000, "gone")
    other = seen_by(lost, "enmap")
    assert other.wavelengths is not None
    np.testing.assert_array_equal(other.valid, other.wavelengths < 1004)
    assert "not covered" in other.reasons[-1]
    # Nothing lies beyond 1000 nm any more, so that half of the camera's last band is not seen.
    assert seen_by(lost, VNIR_CAMERA).valid.tolist() == [True] * 29 + [False]


def test_what_cannot_be_resampled_is_refused() -> None:
    with pytest.raises(InputError, match="no wavelengths"):
        seen_by(Cube.from_array(np.ones((3, 2, 2))), "enmap")
    with pytest.raises(ConfigError, match="did you mean 'enmap'"):
        seen_by(ground().cube, "enmapp")


def test_bands_that_another_sensor_does_not_see_are_left_out() -> None:
    cube = ground().cube
    shared = shared_with(cube, VNIR_CAMERA)
    assert cube.wavelengths is not None
    np.testing.assert_array_equal(shared.valid, cube.valid & (cube.wavelengths > 379) & (cube.wavelengths < 1021))
    assert shared.reasons[-1] == "not seen by vnir_camera"
    # between the bands of a multispectral sensor nothing is seen either
    gap = (cube.wavelengths > 1800) & (cube.wavelengths < 1900)
    assert not shared_with(cube, "sentinel2").valid[gap].any()


def test_shared_bands_need_wavelengths() -> None:
    with pytest.raises(InputError, match="wavelengths"):
        shared_with(Cube.from_array(np.ones((3, 2, 2))), VNIR_CAMERA)

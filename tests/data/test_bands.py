"""Which bands a model uses, and whether another scene has them."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.errors import InputError

CENTRES = np.array([500.0, 600.0, 700.0, 800.0])


def cube(wavelengths=CENTRES, bands: int = 4) -> Cube:
    array = np.arange(bands * 6, dtype=np.float32).reshape(bands, 2, 3)
    return Cube.from_array(array, wavelengths, name="scene")


def test_valid_bands_are_read() -> None:
    bands = Bands.of(cube().dropped(np.array([False, True, False, False]), "bad"))
    assert bands.indices == (0, 2, 3)
    assert bands.mask.tolist() == [True, False, True, True]
    scene = cube()
    np.testing.assert_array_equal(bands.read(scene, scene.window), scene.read(bands=[0, 2, 3]))


def test_what_a_further_scene_lacks_is_left_out() -> None:
    bands = Bands.of(cube()).restricted(cube().dropped(np.array([True, False, False, False]), "bad"))
    assert bands.indices == (1, 2, 3)


@pytest.mark.parametrize("other", [cube(CENTRES + 0.9), cube(None)])
def test_bands_less_than_a_nanometre_apart_are_the_same(other: Cube) -> None:
    assert Bands.of(cube()).fault(other) == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (cube(None, bands=3), "scene has 3 bands, the model was fitted on 4"),
        (
            cube(CENTRES + np.array([0, 5, 0, 0])),
            r"band 2 of scene lies at 605\.0 nm, the model was fitted on one at 600\.0 nm",
        ),
    ],
)
def test_another_sensor(other: Cube, said: str) -> None:
    with pytest.raises(InputError, match=f"{said}; use scenes of one sensor with the same bands"):
        Bands.of(cube()).read(other, other.window)

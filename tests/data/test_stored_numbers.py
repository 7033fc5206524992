"""Numbers of restored scenes as they are stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.data.stored_numbers import StoredNumbers
from hypersigma.products import Layer
from hypersigma.tasks._restoration import number_notes


def scene(dtype: str, nodata: float | None = None, scale: float | np.ndarray = 1.0, offset: float = 0.0) -> Cube:
    cube = Cube.from_array(np.zeros((3, 4, 5), dtype=dtype), nodata=nodata)
    return replace(cube, scale=scale, offset=offset)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", ">i2"])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1e-4, 0.0), (0.5, -3.0)])
def test_what_is_stored_is_nearest_to_what_was_meant(dtype: str, scale: float, offset: float) -> None:
    storage = StoredNumbers().storage(scene(dtype, scale=scale, offset=offset))
    meant = (np.random.default_rng(0).uniform(1, 250, (3, 4, 5)) * scale + offset).astype(np.float32)
    stored = storage.stored(meant)
    assert stored.dtype == np.dtype(dtype).newbyteorder("=")
    layer = Layer(name="cube", array=stored, kind="cube", scale=storage.scale, offset=storage.offset)
    np.testing.assert_allclose(layer.values(stored), meant, atol=0.5001 * scale)


@pytest.mark.parametrize("cube", [scene("f4"), scene("i2", scale=np.array([1.0, 1.0, 2.0]))])
def test_other_numbers_are_in_single_precision(cube: Cube) -> None:
    image = np.random.default_rng(0).random((3, 4, 5), dtype=np.float32)
    assert StoredNumbers().storage(cube).stored(image) is image
    assert StoredNumbers(whole=False).storage(scene("i2")).stored(image) is image


@pytest.mark.parametrize(("dtype", "end"), [("i2", -32768), ("u1", 255), ("u2", 65535)])
def test_gaps_of_a_scene_without_a_number_for_them(dtype: str, end: int) -> None:
    image = np.full((3, 4, 5), 7.0, dtype=np.float32)
    image[:, 1, 2] = np.nan
    storage = StoredNumbers().storage(scene(dtype), gaps=True)
    stored = storage.stored(image)
    assert storage.nodata == end
    assert (stored[:, 1, 2] == end).all()
    assert (stored == 7).sum() == 3 * 19
    assert StoredNumbers().storage(scene(dtype)).nodata is None
    assert StoredNumbers().storage(scene(dtype, nodata=3), gaps=True).nodata == 3


@pytest.mark.parametrize("nodata", [None, -32768.0, 32767.0, 100.0])
def test_no_number_becomes_no_data_and_what_is_cut_off_is_counted(nodata: float | None) -> None:
    cube = scene("i2", nodata=nodata)
    image = np.full((3, 4, 5), 100.0, dtype=np.float32)
    image[0, 0, 0], image[1, 1, 1], image[2, 2, 2] = 1e6, -1e6, -4e4
    storage = StoredNumbers().storage(cube)
    layer = Layer(name="cube", array=storage.stored(image), kind="cube", nodata=storage.nodata)
    assert not layer.missing(layer.array).any()
    assert any("3 numbers of the result lie at the ends of int16" in note for note in number_notes(cube, layer))

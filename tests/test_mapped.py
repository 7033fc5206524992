"""Arrays in files: what is given back comes back as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hypersigma import mapped
from hypersigma.mapped import empty, release


def test_large_arrays_are_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not isinstance(empty((3, 4), np.dtype(np.float32)), np.memmap)
    monkeypatch.setattr(mapped, "_MOST_IN_MEMORY", 47)
    array = empty((3, 4), np.dtype(np.float32))
    assert isinstance(array, np.memmap)
    array[:] = 7
    release(array[1:, ::2])
    assert (array == 7).all()


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_what_is_released_is_not_lost(mode: str, tmp_path: Path) -> None:
    np.arange(5000.0).tofile(tmp_path / "numbers")
    array = np.memmap(tmp_path / "numbers", np.float64, mode)
    if mode != "r":
        array[:10] = -1
    expected = array.copy()
    release(array)
    np.testing.assert_array_equal(array, expected)
    release(np.arange(3))

"""Images of pre-training from stores: bands are known by their wavelengths."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.io import savemat

from hypersigma.engine.corpus import StoreSource
from hypersigma.engine.harvest import Plan, harvest, origins_of
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from tests.fakes.patches import ground, write_ground


def stored(folder: Path, *scenes: Path) -> str:
    """The path of a store of the patches of scenes."""
    origins = tuple(origin for scene in scenes for origin in origins_of(scene, open_cube))
    return str(harvest(Plan(origins=origins), folder / "store").folder)


def nameless(folder: Path) -> Path:
    """A scene without wavelengths."""
    savemat(folder / "nameless.mat", {"data": ground(64, 64, seed=3).transpose(1, 2, 0)})
    return folder / "nameless.mat"


def test_patches_without_wavelengths_are_left_aside(tmp_path: Path) -> None:
    path = stored(tmp_path, write_ground(tmp_path, "known", ground(64, 128)), nameless(tmp_path))
    said = StoreSource(path=path).described()
    assert said.startswith("2 patches of 64 x 64 pixels (2 of ")


def test_a_store_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of its patches has wavelengths"):
        StoreSource(path=stored(tmp_path, nameless(tmp_path)))

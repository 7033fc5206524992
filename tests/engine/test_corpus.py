"""Images of pre-training from stores: bands are known by their wavelengths."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from scipy.io import savemat

from hypersigma.engine.corpus import Corpus, NoiseSource, Share, StoreSource
from hypersigma.engine.harvest import Plan, harvest, origins_of
from hypersigma.errors import ConfigError, InputError
from hypersigma.natural_spectra import natural_spectra
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


def test_a_part_of_a_store_is_drawn_once(tmp_path: Path) -> None:
    path = stored(tmp_path, write_ground(tmp_path, "known", ground(128, 192)), nameless(tmp_path))
    whole = StoreSource(path=path)
    assert whole.num_patches(1000) == 6
    sizes = (1, 2, 4, 6, 99)
    drawn = [distinct(StoreSource(path=path, most=most)) for most in sizes]
    assert [len(found) for found in drawn] == [1, 2, 4, 6, 6]
    assert all(fewer <= more for fewer, more in pairwise(drawn)), "fewer are among more"
    assert distinct(StoreSource(path=path, most=2)) == drawn[1], "the run's seed has no say"
    assert any(distinct(StoreSource(path=path, most=2, seed=seed)) != drawn[1] for seed in range(1, 6))
    assert StoreSource(path=path, most=2).described().startswith("2 patches of 64 x 64 pixels (2 of ")
    assert StoreSource(path=path, most=2).num_patches(1000) == 2


def distinct(source: StoreSource) -> set[bytes]:
    """The different images that many steps of several runs see."""
    shares = (Share(seed, step, 0, 3, 3) for seed in (0, 1) for step in range(12))
    return {image.numpy().tobytes() for share in shares for image in source.images(share).image}


def test_less_than_a_patch_is_refused() -> None:
    with pytest.raises(ConfigError, match="most: found 0, expected at least 1"):
        StoreSource(path="anywhere", most=0)


def test_what_is_made_anew_counts_by_its_images(tmp_path: Path) -> None:
    path = stored(tmp_path, write_ground(tmp_path, "known", ground(64, 128)))
    sources = (StoreSource(path=path, weight=3.0), NoiseSource())
    assert Corpus(sources, 0, 4).num_patches(1000) == 2 + 250


def test_counts_come_as_relative_reflectance(tmp_path: Path) -> None:
    origins = tuple(origins_of(nameless(tmp_path), partial(open_cube, wavelengths="420:2450")))
    source = StoreSource(path=str(harvest(Plan(origins=origins), tmp_path / "store").folder))
    found = source.images(Share(0, 0, 0, 1, 1))
    mean = found.image.mean(dim=(2, 3))[:, found.present]
    wanted = torch.from_numpy(natural_spectra().mean).float()[found.present]
    torch.testing.assert_close(mean, wanted[None], rtol=1e-3, atol=1e-5)

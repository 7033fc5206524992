"""Stores of patches: what is written is what plain Zarr reads, and what is broken is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hypersigma.cube import Cube
from hypersigma.data import shards
from hypersigma.data.manifest import Record, day_in, read_part, write_manifest, write_part
from hypersigma.data.patch_group import Group, canonical
from hypersigma.data.shards import Store, shard_file
from hypersigma.errors import InputError, OutputError
from hypersigma.spectra import response_matrix
from tests.fakes.patches import CENTRES, ground

zarr = pytest.importorskip("zarr", reason="the extra 'pretrain' is not installed")

GROUP = Group(
    sensor="Fake (guessed)",
    quantity="reflectance",
    dtype="int16",
    num_bands=12,
    wavelengths=tuple(CENTRES),
    scale=1e-4,
    nodata=-1.0,
)
SLOTS = (0, 3, 63)


def patches(count: int = 3, seed: int = 0) -> np.ndarray:
    return np.stack([ground(64, 64, seed + number) for number in range(count)])


def write_store(folder: Path, group: Group, numbers: np.ndarray, dead: tuple[int, ...] = ()) -> Path:
    """A store of one shard with patches in scattered slots; the second patch lacks bands."""
    shards.create(folder, [group], {group.name: 1})
    slots = SLOTS[: len(numbers)]
    size = shards.write_shard(folder, group, 0, zip(slots, numbers, strict=True))
    place = {"scene": "s", "path": "s.hdr", "row": 0, "col": 0, "sensor": "", "bands": group.num_bands}
    records = [
        Record(group=group.name, shard=0, slot=slot, dead=dead if number == 1 else (), **place)
        for number, slot in enumerate(slots)
    ]
    write_part(folder, 0, size, records)
    write_manifest(folder, records)
    from hypersigma.config import unstructure

    rows = [{"group": group.name, "shard": 0, "bytes": size}]
    groups = {group.name: unstructure(group)}
    shards.write_description(folder, {"complete": True, "groups": groups, "shards": rows})
    return folder


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f2", "f4"])
def test_any_numbers_come_back(tmp_path: Path, dtype: str) -> None:
    raw = np.random.default_rng(0).integers(0, 256, (2, 3, 64, 64, np.dtype(dtype).itemsize), dtype=np.uint8)
    numbers = raw.view(dtype)[..., 0]
    group = Group(sensor="", quantity="counts", dtype=np.dtype(dtype).name, num_bands=3)
    store = Store(write_store(tmp_path, group, numbers))
    np.testing.assert_array_equal(store.read(group.name, [1, 0]).view("u1"), numbers[::-1].copy().view("u1"))


@given(arrays(np.int16, (5, 2, 3), elements=st.integers(-(2**15), 2**15 - 1)))
def test_what_the_page_says_undoes_the_differences(numbers: np.ndarray) -> None:
    kept = shards._encoded(numbers)
    steps = (kept >> 1) ^ (0 - (kept & 1))
    np.testing.assert_array_equal(np.cumsum(steps, axis=0, dtype=kept.dtype).view("int16"), numbers)


def test_plain_zarr_reads_the_same(tmp_path: Path) -> None:
    numbers = patches()
    write_store(tmp_path, GROUP, numbers)
    array = zarr.open_group(tmp_path, mode="r")[f"{GROUP.name}/patches"]
    assert (array.shape, array.shards, array.chunks) == ((64, 12, 64, 64), (64, 12, 64, 64), (1, 12, 64, 64))
    assert array.attrs["encoding"] == shards.DIFFERENCES
    read = array[:]
    steps = (read >> 1) ^ (0 - (read & 1))
    found = np.cumsum(steps, axis=1, dtype=read.dtype).view(array.attrs["dtype"])
    np.testing.assert_array_equal(found[list(SLOTS)], numbers)
    assert not found[[1, 2, *range(4, 63)]].any()
    assert zarr.open_group(tmp_path, mode="r")[GROUP.name].attrs["wavelengths"] == CENTRES.tolist()


def test_a_shard_that_zarr_wrote_is_read(tmp_path: Path) -> None:
    numbers = patches()
    write_store(tmp_path, GROUP, numbers)
    shard_file(tmp_path, GROUP.name, 0).unlink()
    array = zarr.open_array(tmp_path / GROUP.name / "patches", mode="r+")
    whole = np.zeros((64, 12, 64, 64), array.dtype)
    whole[list(SLOTS)] = [shards._encoded(patch) for patch in numbers]
    array[:] = whole
    (_, found), *_ = shards.read_slots(tmp_path, GROUP, 0, [SLOTS[0]])
    np.testing.assert_array_equal(found, numbers[0])


def test_a_shard_is_small() -> None:
    numbers = patches(1)[0]
    assert shards.packed_bytes(numbers) < 0.6 * numbers.nbytes


def test_groups_of_scenes() -> None:
    whole = Group.of(Cube.from_array(np.ones((3, 64, 64), "u2"), [700, 500, 600], nodata=0))
    assert (whole.dtype, whole.exact, whole.nodata, whole.wavelengths) == ("uint16", True, 0, (500.0, 600.0, 700.0))
    values = np.random.default_rng(0).random((3, 64, 64)).astype(np.float32)
    values[0, 0, 0], values[1, 0, 0] = np.nan, 7.0
    real = Group.of(Cube.from_array(values, [500, 600, 700], quantity="reflectance"))
    back = real.values(real.stored(values))
    assert np.isnan(back[0, 0, 0])
    assert back[1, 0, 0] == pytest.approx(1.638, abs=1e-3)
    assert np.nanmax(np.abs(back - np.minimum(values, 1.638))) < 2.6e-5 + 4e-4
    radiance = [Group.of(Cube.from_array(values * gain, quantity="radiance")).dtype for gain in (100.0, 1e-6, 1e6)]
    assert radiance == ["float16", "float32", "float32"]
    assert len({whole.name, real.name, Group.of(Cube.from_array(values[:2])).name}) == 3
    with pytest.raises(InputError, match="2 wavelengths for patches of 3 bands"):
        Group(sensor="", quantity="counts", dtype="int16", num_bands=3, wavelengths=(1.0, 2.0))


def test_canonical_is_the_response_matrix_times_the_numbers() -> None:
    numbers = patches(2)
    scale, offset = tuple(np.linspace(1e-4, 2e-4, 12)), tuple(np.linspace(0.0, 0.1, 12))
    group = Group(**{**GROUP.__dict__, "scale": scale, "offset": offset})
    used = np.arange(12) != 5
    values, present = canonical(numbers, group, used)
    matrix, covered = response_matrix(CENTRES, None, used)
    exact = numbers * np.array(scale)[:, None, None] + np.array(offset)[:, None, None]
    np.testing.assert_allclose(values, np.einsum("kb,nbrc->nkrc", matrix, exact), rtol=2e-5, atol=1e-6)
    np.testing.assert_array_equal(present, covered)
    assert not values[:, ~present].any()


def test_a_pixel_without_data_gets_the_mean_of_its_band() -> None:
    numbers = patches(1)
    numbers[0, 4, 10, 20] = -1
    values, present = canonical(numbers, GROUP)
    assert np.isfinite(values).all()
    assert values[0, present, 10, 20].min() > 0
    with pytest.raises(InputError, match="without wavelengths"):
        canonical(numbers, Group(sensor="", quantity="counts", dtype="int16", num_bands=12))


def test_places_and_bands_that_are_lacking(tmp_path: Path) -> None:
    store = Store(write_store(tmp_path, GROUP, patches(), dead=(2, 7)))
    places = store.places[GROUP.name]
    assert len(store) == len(places) == 3
    assert places.used(0, 12).all()
    assert np.flatnonzero(~places.used(1, 12)).tolist() == [2, 7]


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no store of patches here"):
        Store(tmp_path)
    (tmp_path / "store.json").write_text('{"format": "other"}')
    with pytest.raises(InputError, match="not a store of patches"):
        Store(tmp_path)
    (tmp_path / "store.json").write_text("{")
    with pytest.raises(InputError, match="not readable"):
        Store(tmp_path)


def test_broken_stores_name_the_shard_and_what_mends_it(tmp_path: Path) -> None:
    folder = write_store(tmp_path / "store", GROUP, patches())
    shard = shard_file(folder, GROUP.name, 0)
    whole = shard.read_bytes()
    told = rf"shard 0 of {GROUP.name}.*--resume"
    shard.write_bytes(whole[:-100])
    with pytest.raises(InputError, match=rf"holds {len(whole) - 100} of {len(whole)} bytes.*--resume"):
        Store(folder)
    shard.unlink()
    with pytest.raises(InputError, match=told):
        Store(folder)
    shard.write_bytes(whole)
    description = json.loads((folder / "store.json").read_text())
    (folder / "store.json").write_text(json.dumps(description | {"version": 0}))
    with pytest.raises(InputError, match=r"version 0.*shard 0 of .*expected version 1.*--resume"):
        Store(folder)
    (folder / "store.json").write_text(json.dumps(description | {"complete": False}))
    with pytest.raises(InputError, match=r"1 of 1 shards are there, but not manifest.jsonl.*--resume"):
        Store(folder)
    shards.part_file(folder, 0).unlink()
    with pytest.raises(InputError, match=rf"half written: {told}"):
        Store(folder)


def test_a_damaged_shard(tmp_path: Path) -> None:
    folder = write_store(tmp_path, GROUP, patches())
    shard = shard_file(folder, GROUP.name, 0)
    raw = bytearray(shard.read_bytes())
    raw[:64] = bytes(64)
    shard.write_bytes(raw)
    with pytest.raises(InputError, match=r"the shard is damaged.*delete it and.*--resume"):
        Store(folder).read(GROUP.name, [0])


def test_a_part_counts_only_if_it_is_whole(tmp_path: Path) -> None:
    folder = write_store(tmp_path, GROUP, patches())
    part = shards.part_file(folder, 0)
    size, records = read_part(folder, 0) or (0, [])
    assert (size, len(records)) == (shard_file(folder, GROUP.name, 0).stat().st_size, 3)
    text = part.read_text()
    for broken in (text[:-20], text.replace('"version": 1', '"version": 0'), "\n".join(text.splitlines()[:-1]), ""):
        part.write_text(broken)
        assert read_part(folder, 0) is None


def test_an_empty_shard_is_no_file(tmp_path: Path) -> None:
    write_store(tmp_path, GROUP, patches())
    assert shards.write_shard(tmp_path, GROUP, 0, []) == 0
    assert not shard_file(tmp_path, GROUP.name, 0).exists()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        shards.create(tmp_path / "file", [GROUP], {GROUP.name: 1})
    with pytest.raises(OutputError, match=r"cannot be written.*--resume"):
        shards.write_shard(tmp_path / "file", GROUP, 0, [(0, patches(1)[0])])


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("EO1H1930242016123110KF_1T.hdr", "2016-05-02"),
        ("ENMAP01_20230615T101010Z.tif", "2023-06-15"),
        ("berlin_2009-08-20.bsq", "2009-08-20"),
        ("scene_20999999.hdr", None),
        ("scene.hdr", None),
    ],
)
def test_days_in_names(name: str, day: str | None) -> None:
    assert day_in(name) == day


def test_reading_needs_no_torch() -> None:
    code = "import sys, hypersigma.data.patch_stream, hypersigma.engine.harvest; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

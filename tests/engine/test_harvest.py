"""Harvests: the same store however it came about, nothing lost, nothing doubled, nothing corrupt."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hypersigma.data import shards
from hypersigma.data.patch_screening import Limits
from hypersigma.data.patches import CropOrigin, SceneOrigin
from hypersigma.data.shards import Store, part_file, shard_file
from hypersigma.engine import harvest as engine
from hypersigma.engine.cluster import workers
from hypersigma.engine.harvest import Plan, check_room, estimate, harvest, origins_of
from hypersigma.errors import InputError, MissingExtraError, OutputError
from hypersigma.readers import open_cube
from hypersigma.viz import patch_pictures
from tests.fakes.patches import ground, write_crop, write_ground
from tests.fakes.sentinel2 import BANDS, metres, write_plain

zarr = pytest.importorskip("zarr", reason="the extra 'pretrain' is not installed")

ROOT = Path(__file__).parents[2]
ROWS, COLS = 64 * 5 + 10, 64 * 14 + 3  # 70 patches, which is two shards


@pytest.fixture(scope="module", autouse=True)
def pictures() -> Iterator[None]:
    """Pictures take longer than all the rest, and are tested where they are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patch_pictures, "patch_map", lambda picture, extent, places, side: repr(places).encode())
        patch.setattr(patch_pictures, "share_histograms", lambda shares, limits: repr(shares).encode())
        yield


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three scenes: one of two shards, one with faults, and one that shows again what the first shows."""
    folder = tmp_path_factory.mktemp("scenes")
    large = ground(ROWS, COLS)
    faulty = ground(192, 128, seed=1)
    faulty[3:7, :64, :64] = 0
    faulty[:, 64:128, :64] = 5
    again = np.concatenate([large[:, :64, 64:192], ground(64, 128, seed=2)], axis=1)
    again = again + np.random.default_rng(3).integers(-2, 3, again.shape).astype(np.int16)
    arrays = {"large": large, "faulty": faulty, "again": again}
    return [write_ground(folder, name, array) for name, array in arrays.items()]


def planned(paths: list[Path], **settings: object) -> Plan:
    origins = [origin for path in paths for origin in origins_of(path, open_cube)]
    return Plan(origins=tuple(origins), **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole(scenes: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a harvest that nothing disturbed."""
    folder = tmp_path_factory.mktemp("stores") / "whole"
    harvest(planned(scenes), folder)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """All files of a store."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def numbers(folder: Path) -> list[tuple[str, int, int]]:
    return [(record["scene"], record["row"], record["col"]) for record in Store(folder).records()]


def test_the_patches_are_those_of_the_scenes(scenes: list[Path], whole: Path) -> None:
    store = Store(whole)
    (name,) = store.groups
    places = numbers(whole)
    assert len(places) == len(set(places)) == 70 + 4 + 2
    cubes = {path.stem: open_cube(path) for path in scenes}
    read = store.read(name, range(len(store)))
    for (scene, row, col), patch in zip(places, read, strict=True):
        source = cubes[scene].source.read(np.arange(12), cubes[scene].window)
        np.testing.assert_array_equal(patch, source[:, row : row + 64, col : col + 64])


def test_the_manifest_says_where_from_and_what_was_measured(scenes: list[Path], whole: Path) -> None:
    record = next(record for record in Store(whole).records() if record["scene"] == "large" and record["col"] == 128)
    assert (record["crs"], record["path"]) == ("EPSG:32633", str(scenes[0].with_suffix(".img")))
    assert record["bounds"] == [400000 + 30 * 128, 5800000 - 30 * 64, 400000 + 30 * 192, 5800000]
    assert set(record["screening"]) == {"missing", "dead", "striped", "saturated", "cloud", "water", "blank"}
    assert (len(record["hash"]), record["bands"], record["dropped"]) == (32, 12, "")


def test_what_was_left_out_is_told(scenes: list[Path], whole: Path, tmp_path: Path) -> None:
    card = (whole / "README.md").read_text()
    assert "76 patches of 64 x 64 pixels" in card
    assert "| duplicate |  |  |  |  |  | 2 |" in card
    assert "| dead | 0.1 |" in card
    assert {path.name for path in (whole / "places").iterdir()} == {"0001.png", "0002.png", "0003.png"}
    kept = harvest(planned(scenes, limits=Limits(duplicates=False, dead=1, blank=1), licence="CC0"), tmp_path / "s")
    assert (kept.patches, kept.dropped) == (80, {})
    assert "as stated by who harvested them: CC0." in (tmp_path / "s" / "README.md").read_text()


def test_plain_zarr_sees_no_duplicate(whole: Path) -> None:
    (name,) = Store(whole).groups
    array = zarr.open_group(whole, mode="r")[f"{name}/patches"]
    listed = {(record["shard"], record["slot"]) for record in Store(whole).records()}
    filled = {divmod(index, shards.SHARD) for index in range(array.shape[0]) if array[index].any()}
    assert filled == listed


def test_two_processes_make_the_same_store(scenes: list[Path], whole: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    told: list[tuple[str, int, int]] = []
    harvest(planned(scenes), tmp_path / "store", num_jobs=2, progress=lambda *step: told.append(step))
    assert content(tmp_path / "store") == content(whole)
    assert told[-4] == ("patches", 80, 80)


def test_many_tasks_on_a_scheduler() -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        with workers(1, cluster.scheduler_address) as spread:
            assert sorted(spread(abs, range(-20, 1))) == list(range(21))
        with pytest.raises(ZeroDivisionError), workers(1, cluster.scheduler_address) as spread:
            list(spread(lambda number: 1 // number, range(3)))
    with pytest.raises(InputError, match="no Dask scheduler answers"), workers(1, "nonsense://nowhere") as spread:
        pass


KILLED = """
import os, signal, sys
from pathlib import Path
from hypersigma.data import manifest
from hypersigma.engine import harvest as engine
from tests.engine.test_harvest import planned

where, store, *scenes = sys.argv[1:]
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if where == "within a shard":
    screened, count = engine._screened, [0]
    def dying(*given):
        count[0] += 1
        return die() if count[0] == 67 else screened(*given)
    engine._screened = dying
elif where == "after a shard":
    write, count = engine.write_part, [0]
    def dying(*given):
        count[0] += 1
        return die() if count[0] == 3 else write(*given)
    engine.write_part = dying
elif where == "among duplicates":
    write, count = engine.write_part, [0]
    def dying(*given):
        count[0] += 1
        return die() if count[0] == 5 else write(*given)
    engine.write_part = dying
elif where == "at the end":
    engine.write_manifest = die
engine.harvest(planned([Path(scene) for scene in scenes]), Path(store))
"""


@pytest.mark.parametrize("where", ["within a shard", "after a shard", "among duplicates", "at the end"])
def test_a_killed_harvest_goes_on(where: str, scenes: list[Path], whole: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    command = [sys.executable, "-c", KILLED, where, str(store), *map(str, scenes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with pytest.raises(InputError, match=r"half written.*--resume"):
        Store(store)
    with pytest.raises(OutputError, match=r"a store that was begun is here; go on with --resume"):
        harvest(planned(scenes), store)
    finished = {path: path.stat().st_mtime_ns for path in store.rglob("c/*/0/0/0")}
    harvest(planned(scenes), store, resume=True)
    assert content(store) == content(whole)
    first = min(finished)
    assert first.stat().st_mtime_ns == finished[first], "what was done is not done again"


@contextmanager
def file_size_limit(num_bytes: int) -> Iterator[None]:
    """Writing beyond a size fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("num_bytes", [2_000, 100_000, 400_000])
def test_a_full_disk_stops_cleanly(num_bytes: int, scenes: list[Path], whole: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    with file_size_limit(num_bytes), pytest.raises(OutputError, match="cannot be written"):
        harvest(planned(scenes), store)
    assert not [path for path in store.rglob("*") if path.is_file() and "partial" in str(path)]
    harvest(planned(scenes), store, resume=True)
    assert content(store) == content(whole)


def test_no_room_is_told_before(scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = estimate(planned(scenes), tmp_path / "a" / "b", 2)
    assert found.patches == 80
    assert found.raw_bytes == 80 * 12 * 64 * 64 * 2
    assert 0.2 < found.bytes / found.raw_bytes < 0.7
    assert found.seconds > 0
    check_room(found, tmp_path)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(engine.shutil, "disk_usage", lambda _: usage(10**6, 10**6 - 1000, 1000))
    with pytest.raises(OutputError, match=r"will take about 0.0 GB and the disk has 0.0 GB free; make room"):
        check_room(estimate(planned(scenes), tmp_path, 1), tmp_path)


def test_resume_mends_what_broke_later(scenes: list[Path], whole: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    harvest(planned(scenes), store)
    (name,) = Store(store).groups
    shard = shard_file(store, name, 1)
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(InputError, match=rf"shard 1 of {name}.*--resume"):
        Store(store)
    harvest(planned(scenes), store, resume=True)
    assert content(store) == content(whole)
    text = (store / "store.json").read_text()
    (store / "store.json").write_text(text.replace('"version": 1', '"version": 0'))
    part_file(store, 0).write_text("of another version")
    with pytest.raises(InputError, match=r"version 0.*--resume"):
        Store(store)
    harvest(planned(scenes), store, resume=True)
    assert content(store) == content(whole)


def test_another_plan_is_not_resumed(scenes: list[Path], whole: Path) -> None:
    before = content(whole)
    for plan, what in (
        (planned(scenes[:2]), "origins"),
        (planned(scenes, limits=Limits(cloud=0.1)), "limits"),
        (planned(scenes, licence="CC0"), "licence"),
    ):
        with pytest.raises(InputError, match=f"begun with other {what}"):
            harvest(plan, whole, resume=True)
    with pytest.raises(OutputError, match="a complete store is here"):
        harvest(planned(scenes), whole)
    assert content(whole) == before


def test_places_that_are_not_ours(scenes: list[Path], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for resume in (False, True):
        with pytest.raises(OutputError, match="no store of patches; choose another"):
            harvest(planned(scenes), tmp_path, resume=resume)
        with pytest.raises(OutputError, match="no store of patches; choose another"):
            harvest(planned(scenes), tmp_path / "mine.txt", resume=resume)


def test_scenes_that_cannot_be_cut(scenes: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="63 rows x 200 columns hold no patch of 64 x 64"):
        planned([write_ground(tmp_path, "small", ground(63, 200))])
    with pytest.raises(InputError, match="is given twice"):
        planned([scenes[0], scenes[0]])
    with pytest.raises(InputError, match="no scene is given"):
        Plan(origins=())


def test_where_a_scene_cannot_be_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cube = open_cube(write_ground(tmp_path, "scene", ground(128, 64)))
    read = type(cube.source).read

    def failing(self: object, bands: np.ndarray, window: object) -> np.ndarray:
        if window.row >= 64 and len(bands) > 3:  # type: ignore[attr-defined]
            raise InputError("damaged")
        return read(self, bands, window)  # type: ignore[arg-type]

    monkeypatch.setattr(type(cube.source), "read", failing)
    result = harvest(Plan(origins=(SceneOrigin.of(cube),)), tmp_path / "store")
    assert (result.patches, result.dropped) == (1, {"unreadable": 1})


def test_real_numbers_are_kept_closely(tmp_path: Path) -> None:
    values = ground(64, 128).astype(np.float32) / 10000
    values[:, :2, :5] = np.nan
    header = write_ground(tmp_path, "real", values)
    header.write_text(header.read_text().replace("scale factor = 10000", "scale factor = 1"))
    store_path = tmp_path / "store"
    harvest(planned([header]), store_path)
    store = Store(store_path)
    ((name, group),) = store.groups.items()
    assert (group.dtype, group.precision) == ("int16", "rounded to 5e-05 between -1.6 and 1.6")
    found = group.values(store.read(name, [0, 1]))
    np.testing.assert_allclose(found[0], values[:, :, :64], atol=2.6e-5)


@pytest.mark.parametrize("resume", [False, True])
def test_a_store_of_nothing_is_none(resume: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = ground(128, 128)
    values[:, :64] = 5
    values[3:7, 64:] = 0
    plan = planned([write_ground(tmp_path, "scene", values)])
    store = tmp_path / "store"
    store.mkdir()
    if resume:
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(engine, "_summary", interrupted)
            harvest(plan, store)
        (store / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"none of 4 patches .* screening took 4 dead; raise --max-dead, or"):
        harvest(plan, store, resume=resume)
    assert [path.name for path in store.iterdir()] == ["mine.txt"] if resume else not store.exists()


def interrupted(*given: object) -> None:
    raise KeyboardInterrupt


def test_a_folder_of_crops(tmp_path: Path) -> None:
    folder = tmp_path / "crops"
    for number in range(3):
        write_crop(folder / "below", f"EO1_{number}.mat", seed=number)
    write_crop(folder, "EO1_double.mat", dtype="f8", seed=4)
    write_crop(folder, "EO1_again.mat", seed=4)
    write_crop(folder, "EO1_other.mat", bands=150)
    write_crop(folder, "GF5_1.mat", bands=150, seed=5)
    (folder / "EO1_broken.mat").write_bytes((folder / "EO1_again.mat").read_bytes()[:50_000])
    (folder / "notes.txt").write_text("not a crop")
    plan = planned([folder])
    assert [(origin.name, len(origin)) for origin in plan.origins] == [("crops EO1", 7), ("crops GF5", 1)]
    assert all(isinstance(origin, CropOrigin) for origin in plan.origins)
    result = harvest(plan, tmp_path / "store")
    assert (result.patches, result.dropped) == (5, {"duplicate": 1, "unreadable": 2})
    store = Store(tmp_path / "store")
    hyperion, ahsi = store.groups.values()
    assert (hyperion.quantity, hyperion.dtype, ahsi.quantity) == ("radiance", "int16", "counts")
    assert {record["scene"] for record in store.records()} == {"EO1_0", "EO1_1", "EO1_2", "EO1_again", "GF5_1"}
    kept = [record for record in store.records() if record["scene"] == "EO1_1"]
    assert kept[0]["path"].endswith("below/EO1_1.mat")
    with pytest.raises(InputError, match="nor are there crops of HyperGlobal-450K"):
        planned([tmp_path / "store"])


def test_a_product_that_is_a_folder_is_a_scene(tmp_path: Path) -> None:
    bands = {band: np.ones((720 // metres(band), 660 // metres(band)), "u2") for band in BANDS}
    write_plain(tmp_path / "scene", bands)
    origins = origins_of(tmp_path / "scene", open_cube)
    assert [(type(origin).__name__, len(origin)) for origin in origins] == [("SceneOrigin", 1)]


def test_missing_packages_are_named(scenes: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"distributed.*hypersigma\[pretrain\]"):
        harvest(planned(scenes), tmp_path / "store", num_jobs=2)
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingExtraError, match=r"zarr.*hypersigma\[pretrain\]"):
        harvest(planned(scenes), tmp_path / "other")


def test_store_json_is_plain(whole: Path) -> None:
    told = json.loads((whole / "store.json").read_text())
    assert (told["format"], told["version"], told["complete"], told["patch"]) == ("hypersigma patches", 1, True, 64)
    assert [(row["shard"], row["patches"]) for row in told["shards"]] == [(0, 64), (1, 6), (2, 4), (3, 2)]

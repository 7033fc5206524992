"""`hypersigma harvest`: what a person types and reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hypersigma import cli
from hypersigma.data.shards import Store
from tests.fakes.patches import ground, write_crop, write_ground

pytest.importorskip("zarr", reason="the extra 'pretrain' is not installed")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ground(tmp_path_factory.mktemp("scene"), "EO1H1930242016123110KF", ground(128, 192))


def harvest(*tokens: object) -> int:
    return cli.main(["harvest", *(str(token) for token in tokens), "--jobs", "1"])


def test_a_store_for_a_person(scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert harvest(scene, "-o", tmp_path / "store", "--licence", "CC0") == 0
    said = capsys.readouterr()
    assert "6 patches of 1 scene(s): at most about" in said.err
    assert "GB free) and 0 s on one process" in said.err
    assert "patches: 6 of 6" in said.err
    assert f"{tmp_path / 'store'}: 6 of 6 patches kept" in said.out
    assert {record["date"] for record in Store(tmp_path / "store").records()} == {"2016-05-02"}
    assert harvest(scene, "-o", tmp_path / "store") == 2
    assert "--resume" in capsys.readouterr().err
    assert harvest(scene, "-o", tmp_path / "store", "--licence", "CC0", "--resume", "--quiet") == 0
    assert not capsys.readouterr().err


def test_a_store_for_a_program(scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crops = write_crop(tmp_path / "crops", "EO1_1.mat").parent
    assert harvest(scene, crops, "-o", tmp_path / "store", "--json", "--max-water", "0.5", "--keep-duplicates") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["patches"], told["candidates"], told["dropped"], len(told["groups"])) == (7, 7, {}, 2)
    assert 0 < told["bytes"] < told["raw_bytes"]
    assert told["estimate"]["bytes"] > 0


def test_where_nothing_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scene = write_ground(tmp_path, "flat", np.full((12, 64, 128), 5, np.int16))
    assert harvest(scene, "-o", tmp_path / "store", "--json") == 2
    said = capsys.readouterr()
    assert "none of 2 patches was kept, and no store is left: screening took 2 dead; raise --max-dead" in said.err
    assert not said.out
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (("--max-cloud", "50"), "'cloud' is a share between 0 and 1"),
        (("--jobs", "0"), "at least one process"),
        (("--max-clouds", "0.1"), "--max-cloud"),
    ],
)
def test_senseless_flags(
    tokens: tuple[str, ...], said: str, scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["harvest", str(scene), "-o", str(tmp_path / "store"), *tokens]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_a_scene_that_no_reader_knows(scene: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("hello")
    assert harvest(scene, letter, "-o", tmp_path / "store") == 2
    assert "not a scene in a known format" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()

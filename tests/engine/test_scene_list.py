"""Many scenes by one word."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hypersigma.engine.scene_list import scene_paths
from hypersigma.errors import InputError
from tests.fakes.envi import write_envi

ARRAY = np.zeros((2, 3, 4), dtype=np.float32)


def write(folder: Path, name: str, header: str = "") -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    return write_envi(folder, ARRAY, data_name=f"{name}.img", header_name=header or f"{name}.hdr")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two scenes, one with its header named after the data, and a file that is none."""
    write(tmp_path / "in", "a")
    write(tmp_path / "in", "b", "b.img.hdr")
    (tmp_path / "in" / "notes.md").write_text("of a campaign")
    return tmp_path / "in"


def test_a_scene_is_itself(folder: Path) -> None:
    assert scene_paths([folder / "a.hdr", folder / "a.hdr"]) == [folder / "a.hdr"]


def test_a_folder_and_a_pattern_name_each_scene_once(folder: Path) -> None:
    expected = [folder / "a.hdr", folder / "b.img.hdr"]
    assert scene_paths([folder]) == expected
    assert scene_paths([folder / "[ab]*"]) == expected
    assert scene_paths([folder.parent / "**" / "*.hdr"]) == expected


def test_a_list_is_relative_to_itself(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "scenes.txt"
    listed.write_text(f"# ours\nin/a.hdr\n\n{folder / 'b.img'}  # the other\nin/gone.hdr\n")
    assert scene_paths([listed]) == [folder / "a.hdr", folder / "b.img", tmp_path / "in" / "gone.hdr"]


def test_a_stac_collection_gives_the_data_of_its_items(folder: Path, tmp_path: Path) -> None:
    assets = [
        {"picture": {"href": "in/a.png", "roles": ["thumbnail"]}, "cube": {"href": "in/a.hdr", "roles": ["data"]}},
        {"cube": {"href": (folder / "b.img").as_uri()}},
        {"cube": {"href": "https://example.org/c.tif", "roles": ["data"]}},
    ]
    items = [{"type": "Feature", "id": str(number), "assets": asset} for number, asset in enumerate(assets)]
    collection = tmp_path / "items.json"
    collection.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    assert scene_paths([collection]) == [folder / "a.hdr", folder / "b.img", Path("https://example.org/c.tif")]
    collection.write_text(json.dumps(items[0]))
    assert scene_paths([collection]) == [folder / "a.hdr"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", "# nothing yet", "holds no scene"),
        ("broken.json", "{", "not JSON"),
        ("other.json", "[]", "found no STAC items"),
        ("bare.json", '{"type": "Feature", "id": "x"}', "item x has no assets"),
    ],
)
def test_what_holds_no_scene_is_told(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=said):
        scene_paths([tmp_path / name])


def test_empty_folders_patterns_and_missing_files_are_told(tmp_path: Path) -> None:
    for word in (tmp_path, tmp_path / "*.hdr"):
        with pytest.raises(InputError, match="holds no scene"):
            scene_paths([word])
    with pytest.raises(InputError, match="no such file"):
        scene_paths([tmp_path / "gone.hdr"])
    (tmp_path / "odd.xyz").write_text("?")
    assert scene_paths([tmp_path / "odd.xyz"]) == [tmp_path / "odd.xyz"]

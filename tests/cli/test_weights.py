"""`hypersigma weights`."""

import json
import shutil

import pytest

from hypersigma.cli import main
from hypersigma.weights.encoders import load_encoders
from tests.weights.published import SPATIAL, checkpoint


@pytest.fixture
def imported(tmp_path, capsys):
    checkpoint(tmp_path / "published.pth", SPATIAL)
    assert main(["weights", "import", str(tmp_path / "published.pth"), "-o", str(tmp_path / "ours")]) == 0
    return capsys.readouterr().out


def test_import_prints_a_receipt(imported):
    first, counts, *rest = imported.splitlines()
    assert first == "spatial encoder of width 64 and depth 2 for 10 bands, fed counts / 4000"
    assert "1 dropped" in counts
    assert any(line.startswith("dropped: pos_embed: never read") for line in rest)


def test_import_does_not_replace_unasked(imported, tmp_path, capsys):
    command = ["weights", "import", str(tmp_path / "published.pth"), "-o", str(tmp_path / "ours")]
    assert main(command) == 2
    assert "use --overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["kind"] == "spatial"
    assert {entry["fate"] for entry in printed["receipt"]} == {"used", "dropped"}


def test_export_writes_published_names(imported, tmp_path, capsys):
    assert main(["weights", "export", str(tmp_path / "ours"), "-o", str(tmp_path / "again.safetensors")]) == 0
    assert "under their published names" in capsys.readouterr().out
    assert main(["weights", "import", str(tmp_path / "again.safetensors"), "-o", str(tmp_path / "third")]) == 0


def test_list_finds_weights(imported, tmp_path, capsys):
    assert main(["weights", "list", str(tmp_path), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["weights"]
    assert row["folder"] == str(tmp_path / "ours")
    assert (row["dim"], row["bands"]) == (64, 10)
    assert main(["weights", "list", str(tmp_path)]) == 0
    assert "spatial" in capsys.readouterr().out
    assert main(["weights", "list", str(tmp_path / "ours" / "..")]) == 0


def test_list_finds_what_a_pretraining_ships(imported, tmp_path, capsys):
    run = tmp_path / "run"
    for place in (run / "spatial", run / "shipped" / "spatial"):
        shutil.copytree(tmp_path / "ours", place)
    assert main(["weights", "list", str(run), "--json"]) == 0
    listed = [row["folder"] for row in json.loads(capsys.readouterr().out)["weights"]]
    assert listed == [str(run / "shipped" / "spatial"), str(run / "spatial")]
    # a run stands for its whole encoders, not for the shipped ones too
    assert load_encoders(run).spatial is not None


def test_an_empty_folder_lists_nothing(tmp_path, capsys):
    assert main(["weights", "list", str(tmp_path)]) == 0
    assert "no weights here" in capsys.readouterr().err


def test_a_damaged_file_is_one_line(tmp_path, capsys):
    (tmp_path / "bad.pth").write_bytes(b"nothing")
    assert main(["weights", "import", str(tmp_path / "bad.pth"), "-o", str(tmp_path / "ours")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "ours").exists()

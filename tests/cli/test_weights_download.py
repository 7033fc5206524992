"""`hypersigma weights download`, from a hub on this machine."""

import json
from hashlib import sha256

import pytest
import torch
import yaml

from hypersigma.cli import main
from hypersigma.weights.encoders import load_encoders
from hypersigma.weights.official import hub as published
from tests.fakes.hub import serving
from tests.weights.published import SPATIAL, SPECTRAL, checkpoint

NAMES = {"spatial": "spat.pth", "spectral": "spec.pth"}
FOLDER = "/authors/weights/resolve/1234abcd/"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with two sizes: of `base` the hashes are known, of `large` they are not."""
    with serving() as hub:
        known = {}
        for config, (kind, name) in zip((SPATIAL, SPECTRAL), NAMES.items(), strict=True):
            checkpoint(tmp_path / name, config)
            hub.files[FOLDER + name] = (tmp_path / name).read_bytes()
            known[kind] = {"file": name, "sha256": sha256(hub.files[FOLDER + name]).hexdigest()}
        unknown = {kind: {"file": name} for kind, name in NAMES.items()}
        table = {"repository": "authors/weights", "revision": "1234abcd", "files": {"base": known, "large": unknown}}
        (tmp_path / "hub.yaml").write_text(yaml.safe_dump(table))
        monkeypatch.setattr(published, "_FILES", tmp_path / "hub.yaml")
        monkeypatch.setenv("HF_ENDPOINT", hub.address + "/")
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield hub


@pytest.fixture
def fetch(hub, tmp_path, capsys):
    """The command into a folder of its own; its exit code and what it said."""

    def run(*options, size="large"):
        code = main(["weights", "download", size, "-o", str(tmp_path / "ours"), *options])
        return code, *capsys.readouterr()

    return run


def test_both_encoders_come_in_our_form(fetch, hub, tmp_path):
    code, out, err = fetch(size="base")
    assert code == 0
    assert "spatial encoder of width 64 and depth 2 for 10 bands, fed counts / 4000" in out
    assert "spec.pth of authors/weights, revision 1234abcd" in out
    assert out.count("as recorded") == 2
    assert out.count("dropped: pos_embed: never read") == 2
    assert f"{hub.address}{FOLDER}spat.pth: fetching" in err
    assert "spat.pth, MB: 1 of 1" in err
    assert sorted(path.name for path in (tmp_path / "ours").iterdir()) == ["spatial", "spectral"]
    encoders = load_encoders(tmp_path / "ours")
    content = torch.load(tmp_path / "spec.pth", weights_only=False)["model"]
    assert torch.equal(encoders.spectral.state["norm.weight"], content["norm.weight"])
    assert encoders.spatial.card.source.sha256 == sha256(hub.files[FOLDER + "spat.pth"]).hexdigest()


def test_a_program_gets_it_as_json(fetch, hub):
    code, out, err = fetch("--json", "--quiet")
    assert (code, err) == (0, "")
    said = json.loads(out)["downloaded"]
    assert [row["kind"] for row in said] == list(NAMES)
    assert [row["checked_against"] for row in said] == ["server", "server"]
    assert said[0]["source"]["revision"] == "1234abcd"
    assert {entry["fate"] for entry in said[1]["receipt"]} == {"used", "dropped"}


def test_what_is_here_is_not_fetched_again(fetch, hub):
    assert fetch()[0] == 0
    hub.asked.clear()
    code, out, err = fetch()
    assert (code, out, hub.asked) == (0, "", [])
    assert err.count("is here already") == 2


def test_the_first_download_vouches_for_later_ones(fetch, hub):
    hub.states_hashes = False
    assert "checked against nothing; recorded for the next time" in fetch()[1]
    assert fetch("--overwrite")[1].count("as recorded") == 2
    hub.files[FOLDER + "spat.pth"] = hub.files[FOLDER + "spec.pth"]
    code, _, err = fetch("--overwrite")
    assert code == 2
    assert "it was thrown away" in err


def test_other_weights_are_not_replaced_unasked(fetch, hub, tmp_path):
    assert main(["weights", "import", str(tmp_path / "spec.pth"), "-o", str(tmp_path / "ours" / "spectral")]) == 0
    code, _, err = fetch()
    assert (code, hub.asked) == (2, [])
    assert "use --overwrite" in err
    assert fetch("--overwrite")[0] == 0


def test_a_cut_download_goes_on(fetch, hub, tmp_path):
    whole = len(hub.files[FOLDER + "spat.pth"])
    hub.cut_after = whole // 2
    code, _, err = fetch()
    assert code == 2
    assert f"cut after {whole // 2} of {whole} bytes; run the same command again" in err
    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["spat.pth.part"]
    hub.cut_after = None
    code, _, err = fetch()
    assert code == 0
    assert "spat.pth: goes on after" in err
    assert len(load_encoders(tmp_path / "ours").parts) == 2


def test_the_second_file_may_fail_alone(fetch, hub, tmp_path):
    content = hub.files.pop(FOLDER + "spec.pth")
    code, out, err = fetch()
    assert code == 2
    assert "spec.pth: the server answers 404" in err
    assert "spatial encoder" in out
    assert [path.name for path in (tmp_path / "ours").iterdir()] == ["spatial"]
    hub.files[FOLDER + "spec.pth"] = content
    code, out, err = fetch()
    assert code == 0
    assert "spat.pth is here already" in err
    assert "spectral encoder" in out


def test_a_refusal_leaves_nothing(fetch, hub, tmp_path):
    hub.files.clear()
    code, _, err = fetch()
    assert code == 2
    assert err.splitlines()[-1].startswith(f"error: {hub.address}{FOLDER}spat.pth: the server answers 404")
    assert not (tmp_path / "ours").exists()


@pytest.mark.parametrize(
    ("content", "words"), [("spec.pth", "expected a spatial encoder, found a spectral one"), (None, "no checkpoint")]
)
def test_a_file_of_something_else_is_thrown_away(fetch, hub, tmp_path, content, words):
    hub.files[FOLDER + "spat.pth"] = hub.files[FOLDER + content] if content else b"<html>log in to go on</html>"
    code, _, err = fetch()
    assert code == 2
    assert words in err
    assert not any((tmp_path / "ours").iterdir())


def test_a_file_that_was_replaced_is_refused(fetch, hub, tmp_path):
    hub.files[FOLDER + "spat.pth"] += b"more"
    code, _, err = fetch(size="base")
    assert code == 2
    assert "nothing was fetched" in err
    assert not (tmp_path / "ours").exists()


def test_settings_of_the_environment(fetch, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert fetch()[0] == 0
    assert hub.asked[0][2] == "Bearer secret"
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    code, _, err = fetch("--overwrite")
    assert code == 2
    assert "HF_ENDPOINT is 'file:///etc', expected an address such as https://huggingface.co" in err


def test_a_size_that_is_not_published(fetch):
    code, _, err = fetch(size="lage")
    assert code == 2
    assert "did you mean 'large'?" in err

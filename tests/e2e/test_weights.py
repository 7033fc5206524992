"""Published encoders from a file to a map, with one command a step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import hypersigma as hs
from hypersigma.nn.mae import masking_encoder
from tests.e2e.conftest import Said, write_scene
from tests.weights.published import SPATIAL, SPECTRAL, checkpoint

Say = Callable[..., Said]

QUICK = ("--set", "training.steps=2", "--set", "num_members=2", "--set", "training.learning_rate=6e-5")


@pytest.fixture
def weights(say: Say, tmp_path: Path) -> Path:
    """A folder of both encoders of size tiny, imported from files in the published layout."""
    tiny = {"encoder": masking_encoder("tiny"), "channels": 100}
    folder = tmp_path / "weights"
    for name, config in (("spatial", replace(SPATIAL, **tiny)), ("spectral", replace(SPECTRAL, tokens=100, **tiny))):
        checkpoint(tmp_path / "published.pth", config)
        code, out, err = say("weights", "import", tmp_path / "published.pth", "-o", folder / name)
        assert code == 0, err
        assert out.startswith(f"{name} encoder of width 192 and depth 12 for 100 bands")
    return folder


def test_published_weights_serve_a_classification(
    say: Say, scene: Path, labels: Path, weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    line = ("run", "classification", scene, "--labels", labels, "--weights", weights, "-o", out)
    code, _, err = say(*line, *QUICK)
    assert code == 0, err
    assert err.count("weights of the spectral encoder") == 1
    report = json.loads((out / "report.json").read_text())
    assert report["settings"]["weights"] == str(weights)
    assert report["settings"]["config"]["embedding"] == "canonical"
    assert "weights of the spatial encoder" in (out / "report.html").read_text()
    model = hs.load_model(out)
    assert model.predict(write_scene(tmp_path / "other", seed=5)).layers["map"].array.max() <= 3


@pytest.mark.parametrize(
    ("name", "words"), [("small", "hypersigma weights import"), ("nowhere", "neither a folder nor a size")]
)
def test_weights_that_are_not_there(say: Say, scene: Path, labels: Path, tmp_path: Path, name: str, words: str) -> None:
    out = tmp_path / "out"
    code, _, err = say("run", "classification", scene, "--labels", labels, "--weights", name, "-o", out, *QUICK)
    assert code == 2
    assert words in err
    assert not out.exists()

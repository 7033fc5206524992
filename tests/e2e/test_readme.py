"""What the first page shows runs as it stands there; only the networks are made small."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_geom

from hypersigma.readers import open_cube
from tests.e2e.conftest import COLS, PLACE, ROWS, Said, truth, write_scene
from tests.fakes.geotiff import write_tiff
from tests.fakes.networks import toy_size

README = Path(__file__).parents[2] / "README.md"
QUICK = {"size": "toy", "training": {"steps": 3}, "num_members": 2, "tile": 16, "overlap": 4}
FLAGS = "--set size=toy --set training.steps=3 --set num_members=2 --set tile=16 --set overlap=4"


def block(language: str, words: str) -> str:
    """The block of the first page that holds some words."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (found,) = (text for kind, text in blocks if kind == language and words in text)
    return str(found)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the first page names."""
    cube = open_cube(write_scene(tmp_path))
    names = [f"{centre:.2f} nm" for centre in cube.wavelengths]
    write_tiff(tmp_path / "other.tif", cube.read(), descriptions=names, crs="EPSG:32633", transform=PLACE)
    corners = {1: (2, 2), 2: (2, COLS // 2), 3: (ROWS - 12, COLS - 8)}
    features = [polygon(f"crop {value}", row, col) for value, (row, col) in corners.items()]
    (tmp_path / "labels.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def polygon(name: str, row: int, col: int, side: int = 6) -> dict[str, object]:
    """A square of pixels as a polygon in degrees."""
    ring = [PLACE @ place for place in ((col, row), (col + side, row), (col + side, row + side), (col, row + side))]
    geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    degrees = transform_geom("EPSG:32633", "EPSG:4326", geometry, precision=9)
    return {"type": "Feature", "properties": {"class": name}, "geometry": degrees}


def test_the_python_example(here: Path) -> None:
    code = block("python", "hs.run(")
    assert "seed=0)" in code
    with toy_size():
        exec(code.replace("seed=0)", f"seed=0, config={QUICK})"), {})
    for folder in ("out", "other"):
        with rasterio.open(here / folder / "map.tif") as file:
            assert file.crs.to_epsg() == 32633
            assert file.transform.almost_equals(PLACE)
            assert set(np.unique(file.read(1))) <= {1, 2, 3}
    assert (here / "out" / "model" / "model.yaml").exists()


def test_the_commands(here: Path, say: Callable[..., Said]) -> None:
    lines = block("", "hypersigma info SCENE").splitlines()
    names = {
        "SCENE": "scene.hdr",
        "SCENES...": "other.tif",
        "L": "labels.geojson",
        "DIR": "out",
        "DIR/model": "out/model",
        "DIR2": "maps",
        "FILE": "labels.geojson",
    }
    for verb in ("info", "run", "predict", "evaluate"):
        # the first of a verb is the one of this scene, which has labels
        line = next(line for line in lines if line.startswith(f"hypersigma {verb} "))
        tokens = [names.get(token, token) for token in shlex.split(re.split(r"  +", line)[0])[1:]]
        with toy_size():
            code, _, err = say(*tokens, *(FLAGS.split() if verb == "run" else ()))
        assert code == 0, f"{line}: {err}"
    assert (here / "maps" / "map.tif").exists()


def test_the_truth_may_be_the_labels_but_is_called_so(here: Path, say: Callable[..., Said]) -> None:
    code, _, err = say(
        "run", "classification", "scene.hdr", "--labels", "labels.geojson", "-o", "out", "--method", "lda"
    )
    assert code == 0, err
    code, out, err = say("evaluate", "out", "--truth", "labels.geojson")
    assert code == 0, err
    assert "flatter" in err
    assert "crop 1" in out
    assert truth().shape == (ROWS, COLS)

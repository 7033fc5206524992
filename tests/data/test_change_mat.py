"""Pairs in MATLAB files: keys, codes and sizes as they are passed around, from files written here."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, UNCHANGED, Pair
from hypersigma.data.sampling import folds
from hypersigma.data.scenes import farmland, hermiston
from hypersigma.errors import InputError
from tests.fakes.matlab import write_v5, write_v73
from tests.shared import data_path

# scene: bands, the code of changed, and file and variable of both dates and the truth
FORMS = {
    "hermiston": (154, 1, ("Sa1", "T1"), ("Sa2", "T2"), ("SaGT", "GT")),
    "farmland": (155, 2, ("Farm1", "imgh"), ("Farm2", "imghl"), ("GTChina1", "label")),
    "bay_area": (224, 1, ("BayArea", "T1"), ("BayArea", "T2"), ("BayArea", "GT")),
    "santa_barbara": (224, 1, ("Barbara", "T1"), ("Barbara", "T2"), ("Barbara", "GT")),
}
ROWS, COLS = 4, 6
# changed, unchanged, and unknown
TRUTH = np.array([[1, 1, 2, 2, 0, 0]] * ROWS)


def write(folder: Path, name: str, truth: np.ndarray | None = None, size: tuple[int, int] = (ROWS, COLS)) -> Path:
    """The files of a scene of some size, in a folder of its name; the truth has the codes of that scene."""
    bands, changed, *places = FORMS[name]
    generator = np.random.default_rng(0)
    arrays = [generator.integers(0, 5000, (*size, bands)).astype(np.int16) for _ in range(2)]
    codes = np.array([0, changed, 3 - changed], dtype=np.uint8)[TRUTH] if truth is None else truth
    files: dict[str, dict[str, np.ndarray]] = {}
    for (file, variable), array in zip(places, (*arrays, codes), strict=True):
        files.setdefault(file, {})[variable] = array
    (folder / name).mkdir()
    for file, content in files.items():
        # the real map of Hermiston is of version 7.3
        (write_v73 if file == "SaGT" else write_v5)(folder / name / f"{file}.mat", **content)
    return folder


def only(name: str, root: Path) -> LabelledScene:
    (scene,) = registry.load("hypersigma.data.scenes", name).load(root)
    return scene


@pytest.mark.parametrize("name", FORMS)
def test_dates_and_codes(name: str, tmp_path: Path) -> None:
    scene = only(name, write(tmp_path, name))
    pair, bands = scene.cube, FORMS[name][0]
    assert isinstance(pair, Pair)
    assert (pair.name, pair.shape) == (name, (2 * bands, ROWS, COLS))
    np.testing.assert_array_equal(scene.labels, np.array([0, CHANGED, UNCHANGED])[TRUTH])
    assert (pair.before.wavelengths is None) == (bands != 224)
    assert pair.before.name != pair.after.name
    assert (pair.before.read() != pair.after.read()).any()


def test_a_folder_may_be_named_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(write(tmp_path, "bay_area") / "bay_area"))
    (scene,) = registry.load("hypersigma.data.scenes", "bay_area").load()
    assert scene.labels.any()


@pytest.mark.parametrize("name", FORMS)
def test_missing_files_are_named(name: str, tmp_path: Path) -> None:
    file = FORMS[name][3][0]
    with pytest.raises(InputError, match=f"expected a folder with .*{file}.mat"):
        only(name, tmp_path)


def test_maps_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "size").mkdir()
    root = write(tmp_path / "codes", "hermiston", truth=np.where(TRUTH == 0, 7, TRUTH).astype(np.uint8))
    with pytest.raises(InputError, match=r"codes \[7\] in 'GT'; expected 1 = changed, 2 = unchanged"):
        only("hermiston", root)
    root = write(tmp_path / "size", "farmland", truth=np.ones((3, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="labels lie on another grid"):
        only("farmland", root)


# rows and columns, pixels that changed, and those that did not
REAL = {"hermiston": ((307, 241), 16676, 57311), "farmland": ((450, 140), 18277, 44723)}


@pytest.mark.parametrize("name", REAL)
def test_real_maps(name: str, tmp_path: Path) -> None:
    file = FORMS[name][4][0]
    real = data_path(f"label_maps_only/{file}.mat")
    size, changed, unchanged = REAL[name]
    root = write(tmp_path, name, truth=np.ones(size, dtype=np.uint8), size=size)
    shutil.copy(real, root / name / f"{file}.mat")
    scene = only(name, root)
    np.testing.assert_array_equal(np.bincount(scene.labels.ravel()), [0, unchanged, changed])
    for protocol in ("random", "left", "right"):
        config = {"hermiston": hermiston, "farmland": farmland}[name].PROTOCOLS[protocol]
        ((split,),) = folds([scene.labels], config, 0)
        np.testing.assert_array_equal(np.bincount(scene.labels[split.train]), [0, 500, 500])
        assert np.isin((UNCHANGED, CHANGED), scene.labels[split.test]).all()

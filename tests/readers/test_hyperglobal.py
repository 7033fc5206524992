"""Crops of HyperGlobal-450K: which bands, what numbers, what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from hypersigma.errors import InputError
from hypersigma.readers import hyperglobal, open_cube
from tests.fakes.patches import ground, write_crop


def test_hyperion(tmp_path: Path) -> None:
    path = write_crop(tmp_path, "EO1H1930242016123110KF_12.mat")
    assert hyperglobal.sniff(path) == 2
    cube = open_cube(path)
    assert (cube.shape, cube.sensor, cube.quantity) == ((175, 64, 64), "EO-1 Hyperion", "radiance")
    assert cube.wavelengths is not None
    stored = loadmat(path)["img"]
    for nm, row, gain in ((426.8, 0, 40), (2365.2, 174, 80)):
        band = int(np.argmin(np.abs(cube.wavelengths - nm)))
        np.testing.assert_allclose(cube.read(bands=[band])[0], stored[row] / gain, rtol=1e-6)
    again = pickle.loads(pickle.dumps(cube))
    np.testing.assert_array_equal(again.read(), cube.read())


def test_detectors_overlap_and_are_cut(tmp_path: Path) -> None:
    cube = open_cube(write_crop(tmp_path, "EO1_1.mat"))
    assert len(cube.used) < 175
    assert all("overlap" in reason for reason in cube.reasons if reason)


def test_gaofen(tmp_path: Path) -> None:
    cube = open_cube(write_crop(tmp_path, "GF5_77.mat", bands=150))
    assert (cube.sensor, cube.quantity, len(cube.used)) == ("GF-5 AHSI", "counts", 150)
    assert cube.wavelengths is not None
    assert cube.wavelengths[[0, -1]].tolist() == [400.0, 1000.0]
    assert any("nominal" in note for note in cube.notes)


def test_others_are_left_to_other_readers(tmp_path: Path) -> None:
    assert hyperglobal.sniff(write_crop(tmp_path, "scene.mat")) == 0
    savemat(tmp_path / "EO1_map.mat", {"gt": np.ones((64, 64))})
    assert hyperglobal.sniff(tmp_path / "EO1_map.mat") == 0
    savemat(tmp_path / "EO1_wide.mat", {"img": np.ones((175, 64, 65))})
    assert hyperglobal.sniff(tmp_path / "EO1_wide.mat") == 0


def test_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="150 bands, expected 175 of EO-1 Hyperion"):
        open_cube(write_crop(tmp_path, "EO1_2.mat", bands=150))
    path = write_crop(tmp_path, "EO1_3.mat")
    with pytest.raises(InputError, match="not a crop of HyperGlobal"):
        open_cube(path, variable="other")
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(InputError, match="cannot be read"):
        open_cube(path).read()
    savemat(tmp_path / "other.mat", {"img": ground(64, 64)})
    with pytest.raises(InputError, match="not a crop of HyperGlobal"):
        open_cube(tmp_path / "other.mat", reader="hyperglobal")

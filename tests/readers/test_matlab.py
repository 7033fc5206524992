"""MATLAB: both versions, choosing the scene among arrays, flattened scenes, damage."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.io

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.fakes.envi import ramp
from tests.fakes.matlab import write_v5, write_v73

SCENE = ramp(7, 5, 6, "u2")
SHOWN = np.moveaxis(SCENE, 0, -1)  # rows x columns x bands, as MATLAB shows it
CENTRES = np.linspace(450, 850, 7)


@pytest.fixture(params=[write_v5, write_v73], ids=["v5", "v73"])
def write(request):
    return request.param


def test_the_one_array_with_three_axes(tmp_path, write):
    cube = open_cube(write(tmp_path / "s.mat", data=SHOWN, map=SHOWN[..., 0]))
    assert cube.shape == (7, 5, 6)
    np.testing.assert_array_equal(cube.read(Window(1, 2, 3, 4), [6, 0]), SCENE[[6, 0], 1:4, 2:6])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(cube)).read(), SCENE)
    assert cube.quantity == "counts"
    assert "variable 'data'" in cube.notes


def test_wavelengths_tell_another_order_of_axes(tmp_path, write):
    cube = open_cube(write(tmp_path / "s.mat", data=SCENE, wavelengths=CENTRES))
    np.testing.assert_array_equal(cube.read(Window(1, 2, 3, 4)), SCENE[:, 1:4, 2:6])


def test_complex_numbers_are_refused(tmp_path):
    with pytest.raises(InputError, match="complex128 cannot be a scene"):
        open_cube(write_v5(tmp_path / "s.mat", data=SHOWN + 1j))


def test_several_arrays_are_listed_and_one_is_named(tmp_path, write):
    path = write(tmp_path / "s.mat", Y=SHOWN, label=SHOWN[..., :4], DSM=SHOWN[..., 0])
    with pytest.raises(InputError, match=r"2 variables can be the scene: .*Y 5 x 6 x 7.*--variable"):
        open_cube(path)
    assert open_cube(path, variable="Y").shape == (7, 5, 6)
    with pytest.raises(InputError, match=r"no variable 'lable'; did you mean 'label'\?"):
        open_cube(path, variable="lable")


@pytest.mark.parametrize("name", ["wavelengths", "wavlength", "wl", "lambda"])
def test_wavelengths_beside_the_scene(tmp_path, write, name):
    arrays = {"hsi": SHOWN, name: CENTRES[:, None] / 1000, "fwhm": np.full((7, 1), 0.01)}
    cube = open_cube(write(tmp_path / "s.mat", **arrays))
    np.testing.assert_allclose(cube.wavelengths, CENTRES)
    np.testing.assert_allclose(cube.fwhm, 10)


def test_flattened_scene_with_its_size_beside(tmp_path, write):
    """Samson: bands x pixels, column after column, beside abundances that have three axes."""
    flat = SCENE.transpose(0, 2, 1).reshape(7, 30)
    path = write(tmp_path / "s.mat", Y=flat, S_GT=SHOWN[..., :3], A=flat[:3], lines=5.0, cols=6.0)
    cube = open_cube(path)
    np.testing.assert_array_equal(cube.read(), SCENE)
    assert any("column after column" in note for note in cube.notes)


def test_flattened_scene_told_by_its_number_of_bands(tmp_path, write):
    """Jasper Ridge: nRow, nCol, nBand tell the scene from other matrices over the same pixels."""
    flat = SCENE.transpose(0, 2, 1).reshape(7, 30)
    path = write(tmp_path / "s.mat", Y=flat, other=flat[:5], nRow=5.0, nCol=6.0, nBand=7.0)
    np.testing.assert_array_equal(open_cube(path).read(), SCENE)


def test_flattened_square_scene(tmp_path, write):
    square = ramp(6, 8, 8, "i2")
    path = write(tmp_path / "s.mat", Y=square.transpose(0, 2, 1).reshape(6, 64))
    np.testing.assert_array_equal(open_cube(path).read(), square)


def test_a_matrix_that_is_no_scene(tmp_path, write):
    path = write(tmp_path / "gt.mat", gt=np.ones((20, 30)))
    with pytest.raises(InputError, match=r"no variable with three axes .*gt 20 x 30.*--labels"):
        open_cube(path)
    with pytest.raises(InputError, match="matrix with 30 columns, and nothing tells"):
        open_cube(path, variable="gt")


def test_arrays_of_other_dimensions_and_kinds(tmp_path):
    path = write_v5(tmp_path / "s.mat", four=np.ones((2, 3, 4, 5)), names=np.array([["a"]], dtype=object))
    with pytest.raises(InputError, match="no variable with three axes"):
        open_cube(path)
    with pytest.raises(InputError, match="a scene is rows x columns x bands"):
        open_cube(path, variable="four")
    with pytest.raises(InputError, match="no variable 'names'"):
        open_cube(path, variable="names")


def test_agrees_with_scipy(tmp_path):
    path = write_v5(tmp_path / "s.mat", data=SHOWN)
    np.testing.assert_array_equal(open_cube(path).read(), np.moveaxis(scipy.io.loadmat(path)["data"], -1, 0))


@pytest.mark.parametrize("keep", [40, 200, 300])
def test_truncated(tmp_path, keep):
    path = write_v5(tmp_path / "s.mat", data=SHOWN)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="s.mat"):
        open_cube(path).read()


def test_truncated_v73(tmp_path):
    path = write_v73(tmp_path / "s.mat", data=SHOWN)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"s.mat: cannot be read"):
        open_cube(path).read()

"""The quick look: which bands, how thin, what is transparent."""

from __future__ import annotations

import matplotlib.image
import numpy as np
import pytest

from hypersigma.cube import Cube
from hypersigma.errors import OutputError
from hypersigma.viz.quicklook import colour_bands, composite, draw


def test_true_colours_where_there_are_any():
    array = np.ones((6, 2, 2))
    cube = Cube.from_array(array, [460, 475, 555, 600, 650, 900])
    assert colour_bands(cube) == (4, 2, 1)
    assert colour_bands(cube.dropped(np.arange(6) == 1, "noise")) == (4, 2, 0)


@pytest.mark.parametrize("centres", [None, np.linspace(1000, 2400, 7)])
def test_spread_bands_elsewhere(centres):
    assert colour_bands(Cube.from_array(np.ones((7, 2, 2)), centres)) == (5, 3, 1)


def test_a_single_band_is_grey():
    picture = composite(Cube.from_array(np.arange(9.0).reshape(1, 3, 3)))
    assert picture.shape == (3, 3, 4)
    assert np.all(picture[..., 0] == picture[..., 2])


def test_thinned_stretched_and_transparent(tmp_path):
    array = np.random.default_rng(0).random((3, 300, 401))
    array[:, :100] = np.nan
    cube = Cube.from_array(array, [450, 550, 650])
    picture = composite(cube, max_side=101)
    assert picture.shape == (75, 101, 4)
    assert set(np.unique(picture[:25, :, 3])) == {0}
    assert set(np.unique(picture[25:, :, 3])) == {255}
    assert picture[25:, :, :3].min() == 0
    assert picture[25:, :, :3].max() == 255
    draw(cube, tmp_path / "new" / "look.png", max_side=101)
    assert matplotlib.image.imread(tmp_path / "new" / "look.png").shape == (75, 101, 4)
    assert [item.name for item in (tmp_path / "new").iterdir()] == ["look.png"]


def test_scenes_without_contrast_or_data():
    assert composite(Cube.from_array(np.ones((3, 4, 4))))[0, 0].tolist() == [128, 128, 128, 255]
    assert composite(Cube.from_array(np.full((3, 4, 4), np.nan))).max() == 0


def test_dark_ground_between_bright_roofs_is_seen():
    array = np.random.default_rng(0).uniform(0.02, 0.05, (3, 100, 100))
    array[:, :20, :25] = 2.0
    picture = composite(Cube.from_array(array, [450, 550, 650]))
    ground = picture[20:, :, :3]
    assert np.median(ground) > 50
    assert ground.std() > 10
    assert ground.max() < picture[:20, :25, :3].min()


def test_small_scenes_become_squares(tmp_path):
    cube = Cube.from_array(np.random.default_rng(0).random((3, 20, 30)), [450, 550, 650])
    draw(cube, tmp_path / "look.png")
    drawn = np.rint(255 * matplotlib.image.imread(tmp_path / "look.png")).astype(np.uint8)
    assert drawn.shape == (280, 420, 4)
    np.testing.assert_array_equal(drawn[::14, ::14], composite(cube))
    np.testing.assert_array_equal(drawn[13::14, 13::14], composite(cube))


def test_only_png(tmp_path):
    with pytest.raises(OutputError, match="ends in .png"):
        draw(Cube.from_array(np.ones((3, 4, 4))), tmp_path / "look.jpg")

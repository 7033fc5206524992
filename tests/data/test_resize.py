"""Images on other grids, against Pillow and plain loops."""

import math

import numpy as np
import pytest
from PIL import Image

from hypersigma.data.resize import resized, weights
from hypersigma.errors import InputError

PILLOW = {"cubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS, "linear": Image.Resampling.BILINEAR}
KERNELS = ["cubic", "lanczos", "linear", "mean"]


def image(bands=2, rows=24, cols=30):
    return np.random.default_rng(0).random((bands, rows, cols), dtype=np.float32)


@pytest.mark.parametrize("kernel", PILLOW)
@pytest.mark.parametrize("shape", [(96, 120), (48, 90), (6, 10), (80, 100), (17, 23)])
def test_pixels_inside_are_those_of_pillow(kernel, shape):
    # Pillow treats borders otherwise, so pixels near them are left out: three lobes, on the coarser grid.
    found, rows, cols = resized(image(), shape, kernel), *shape
    down, across = (math.ceil(3.5 * max(1, new / old)) for new, old in zip(shape, (24, 30), strict=True))
    inside = np.s_[down : rows - down, across : cols - across]
    for band, ours in zip(image(), found, strict=True):
        theirs = np.asarray(Image.fromarray(band).resize((cols, rows), PILLOW[kernel]))
        np.testing.assert_allclose(ours[inside], theirs[inside], atol=2e-6)
    assert found.shape == (2, *shape)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("old", "new"), [(5, 20), (20, 5), (7, 3), (3, 7), (10, 3), (1, 4), (4, 1), (2, 9)])
def test_a_constant_stays_one_to_the_borders(kernel, old, new):
    np.testing.assert_allclose(weights(old, new, kernel).sum(axis=1), 1)
    np.testing.assert_allclose(resized(np.full((1, old, 2), 0.7), (new, 2), kernel), 0.7, rtol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_same_grid_changes_nothing(kernel):
    np.testing.assert_allclose(resized(image(), (24, 30), kernel), image(), atol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_mirrored_image_is_mirrored_again(kernel):
    forth = resized(image()[:, ::-1], (60, 20), kernel)[:, ::-1]
    np.testing.assert_allclose(forth, resized(image(), (60, 20), kernel), atol=1e-6)


def test_bicubic_is_that_of_its_formula():
    def keys(x):
        x = abs(x)
        if x <= 1:
            return 1.5 * x**3 - 2.5 * x**2 + 1
        return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0

    line = image()[0, 0].astype(float)
    for new, width in ((60, 1.0), (10, 3.0)):
        found = resized(line[None, None], (1, new))[0, 0]
        for i in range(new):
            centre = (i + 0.5) * 30 / new - 0.5
            taps = range(math.floor(centre - 2 * width), math.ceil(centre + 2 * width) + 1)
            shares = [keys((j - centre) / width) for j in taps]
            places = [-1 - j if j < 0 else 59 - j if j > 29 else j for j in taps]
            expected = sum(s * line[j] for s, j in zip(shares, places, strict=True)) / sum(shares)
            assert found[i] == pytest.approx(expected, abs=1e-6)


def test_means_are_by_the_shares_of_areas():
    blocks = image().reshape(2, 6, 4, 10, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(resized(image(), (6, 10), "mean"), blocks, atol=1e-6)
    thirds = resized(np.arange(10.0)[None, None], (1, 3), "mean")[0, 0]
    np.testing.assert_allclose(
        thirds, [(0 + 1 + 2 + 3 / 3) / (10 / 3), (3 * 2 / 3 + 4 + 5 + 6 * 2 / 3) / (10 / 3), 7.8]
    )


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", [(48, 60), (12, 15)])
def test_pixels_without_data_take_those_they_have_a_part_in(kernel, shape):
    holed = image()
    holed[0, 10, 12] = np.nan
    found, whole = resized(holed, shape, kernel), resized(image(), shape, kernel)
    lost = np.isnan(found[0])
    assert 0 < lost.sum() < lost.size / 2
    np.testing.assert_array_equal(found[0][~lost], whole[0][~lost])
    np.testing.assert_array_equal(found[1], whole[1])
    # Another number in the gap changes only what is lost.
    holed[0, 10, 12] = 1000
    assert (np.abs(resized(holed, shape, kernel)[0] - whole[0]) > 1e-3)[~lost].sum() == 0


@pytest.mark.parametrize("array", [np.ones((4, 5)), np.ones((0, 4, 5)), np.ones((1, 0, 5))])
def test_what_is_no_image_is_refused(array):
    with pytest.raises(InputError, match=r"expected an image \(bands, rows, cols\)"):
        resized(array, (2, 2))


def test_a_grid_without_pixels_is_refused():
    with pytest.raises(InputError, match="an image of 0 x 4 pixels has none"):
        resized(image(), (0, 4))

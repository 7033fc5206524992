"""Classical denoisers through the outer door."""

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.engine.model import load_model
from hypersigma.engine.run import run
from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.restoration import mean_psnr
from tests.fakes.fields import crops, field_cube

NAMES = [
    name
    for name in registry.names("hypersigma.baselines")
    if registry.load("hypersigma.baselines", name).TASK == "denoising"
]
NOISY, CLEAN = field_cube(crops()), field_cube(crops(), noise=0.0)


def test_they_are_registered():
    assert NAMES == ["fasthyde", "nlm", "pca_denoising", "robust_pca"]


@pytest.mark.parametrize("name", NAMES)
def test_noise_goes_and_the_model_is_kept(name, tmp_path):
    result = run("denoising", NOISY, method=name, truth=CLEAN)
    assert result.report.metrics["mpsnr"] > mean_psnr(NOISY.read(), CLEAN.read()) + 3
    assert {"denoised", "residual", "angle"} == set(result.layers)
    result.save(tmp_path / "out")
    again = load_model(tmp_path / "out").predict(NOISY).layers["denoised"].array
    np.testing.assert_array_equal(again, result.layers["denoised"].array)


@pytest.mark.parametrize("name", NAMES)
def test_pixels_that_lack_numbers_stay(name):
    image = NOISY.read()
    image[:, 3, 4], image[5, 7, 8] = np.nan, np.nan
    found = run("denoising", Cube.from_array(image), method=name).layers["denoised"].array
    np.testing.assert_array_equal(np.isnan(found), np.isnan(image))


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(ConfigError, match="threshold and rounds"):
        run("denoising", NOISY, method="robust_pca", config={"rounds": 0})
    with pytest.raises(InputError, match="single pixel"):
        run("denoising", Cube.from_array(np.ones((4, 1, 1))), method="pca_denoising")

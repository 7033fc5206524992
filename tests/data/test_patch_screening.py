"""Screening of patches: each fault is seen, ground is not, and near-duplicates are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hypersigma.data.near_duplicates import Seen, fingerprint
from hypersigma.data.patch_group import Group
from hypersigma.data.patch_screening import Figures, Limits, _sunlight, measure
from hypersigma.errors import ConfigError
from tests.data.test_shards import GROUP
from tests.fakes.patches import CENTRES, ground
from tests.shared import data_path


def figures(patch: np.ndarray, group: Group = GROUP) -> Figures:
    return measure(patch, group)


def changed(**changes: Any) -> Group:
    return Group(**{**GROUP.__dict__, **changes})


def test_ground_has_no_fault() -> None:
    found = figures(ground(64, 64))
    assert found.fault(Limits()) == ""
    assert found.shares() == dict.fromkeys(found.shares(), 0.0)


def test_missing_pixels_and_bands() -> None:
    patch = ground(64, 64)
    patch[3, :8] = -1
    patch[7] = -1
    found = figures(patch)
    assert found.missing == pytest.approx(8 / 64)
    assert found.dead_bands == (7,)
    assert found.fault(Limits()) == "missing"
    assert figures(np.full((12, 64, 64), -1, np.int16)).missing == 1.0


def test_real_numbers_know_no_data_by_nan() -> None:
    patch = ground(64, 64).astype(np.float16)
    patch[2, :16] = np.nan
    found = figures(patch, changed(dtype="float16", nodata=None))
    assert (found.missing, found.saturated) == (0.25, 0.0)


def test_dead_bands() -> None:
    patch = ground(64, 64)
    patch[[0, 5]] = 0
    found = figures(patch)
    assert (found.dead_bands, found.dead) == ((0, 5), pytest.approx(2 / 12))
    assert found.fault(Limits()) == "dead"
    assert found.fault(Limits(dead=0.2)) == ""


@pytest.mark.parametrize("axis", [1, 2])
def test_stripes(axis: int) -> None:
    patch = ground(64, 64).astype(np.float64)
    shape = [1, 1, 1]
    shape[axis] = 64
    patch[4:8] += np.random.default_rng(1).normal(0, 150, 64).reshape(shape)
    found = figures(patch.astype(np.int16))
    assert found.striped_bands == (4, 5, 6, 7)
    assert found.fault(Limits()) == "striped"


def test_a_road_is_no_stripe() -> None:
    patch = ground(64, 64)
    patch[:, :, 30:33] += 900
    assert not figures(patch).striped_bands


@pytest.mark.parametrize(("full", "dtype"), [(32767, "i2"), (4095, "i2"), (65535, "u2"), (255, "u1")])
def test_saturation(full: int, dtype: str) -> None:
    patch = np.minimum(ground(64, 64) * (full / 5000), full - 1).astype(dtype)
    assert figures(patch, changed(dtype=np.dtype(dtype).name, nodata=None)).saturated == 0.0
    patch[:, :16] = full
    found = figures(patch, changed(dtype=np.dtype(dtype).name, nodata=None))
    assert found.saturated == pytest.approx(0.25)


def spectrum_patch(values: dict[float, float], level: float) -> np.ndarray:
    """Reflectance times 10000 of one cover, with a little noise."""
    spectrum = np.array([values.get(centre, level) for centre in CENTRES])
    noise = np.random.default_rng(0).normal(0, 5, (12, 64, 64))
    return (1e4 * spectrum[:, None, None] + noise).astype(np.int16)


def test_clouds_and_what_resembles_them() -> None:
    cloud = figures(spectrum_patch({}, 0.6))
    assert (cloud.cloud, cloud.water) == (1.0, 0.0)
    assert cloud.fault(Limits()) == "cloud"
    snow = figures(spectrum_patch({1650.0: 0.1, 2000.0: 0.05, 2200.0: 0.1, 2350.0: 0.1}, 0.6))
    sand = figures(spectrum_patch({1250.0: 0.5, 1650.0: 0.6}, 0.4))
    meadow = figures(spectrum_patch({860.0: 0.6}, 0.32))
    assert (snow.cloud, sand.cloud, meadow.cloud) == (0.0, 0.0, 0.0)


def test_water() -> None:
    found = figures(spectrum_patch({560.0: 0.08, 660.0: 0.05}, 0.01))
    assert (found.water, found.cloud) == (1.0, 0.0)
    assert found.fault(Limits()) == "water"


def test_radiance_is_seen_as_reflectance() -> None:
    light = np.array([_sunlight(centre) for centre in CENTRES])
    assert np.interp(660.0, CENTRES, light) == pytest.approx(1520 / np.pi, rel=0.1)
    patch = spectrum_patch({}, 0.6) * (light / light.max())[:, None, None]
    group = changed(quantity="radiance", scale=1e-4 * float(light.max()))
    assert figures(patch.astype(np.int16), group).cloud == 1.0


def test_cover_is_not_measured_where_it_cannot_be() -> None:
    for group in (changed(quantity="counts"), changed(wavelengths=None)):
        found = figures(ground(64, 64), group)
        assert (found.cloud, found.water) == (None, None)
    near = changed(num_bands=5, wavelengths=GROUP.wavelengths[:5])
    found = figures(ground(64, 64)[:5], near)
    assert (found.cloud, found.water) == (None, 0.0)


def test_blank_pixels() -> None:
    patch = ground(64, 64)
    patch[:, :, 32:] = patch[:, :, 32:33]
    assert figures(patch).blank == pytest.approx(31 / 63)


def test_limits_are_shares() -> None:
    with pytest.raises(ConfigError, match=r"'cloud' is a share between 0 and 1, not 50"):
        Limits(cloud=50)


def test_near_duplicates() -> None:
    random = np.random.default_rng(0)
    seen = Seen()
    grounds = [ground(64, 64, seed) for seed in range(40)]
    assert [seen.add(fingerprint(patch, None)) for patch in grounds] == [None] * 40
    noisy = (grounds[7] + random.normal(0, 10, grounds[7].shape)).astype(np.int16)
    assert seen.add(fingerprint(noisy, None)) == 7
    darker = (0.9 * grounds[7]).astype(np.int16)
    assert seen.add(fingerprint(darker, None)) is None


def test_real_scenes_have_few_faults() -> None:
    from hypersigma.data.patches import SceneOrigin
    from hypersigma.readers import open_cube

    for name in ("san_diego/sandiego.mat", "jasper_ridge/jasperRidge2_R198.mat", "abu/abu-urban-1.mat"):
        origin = SceneOrigin.of(open_cube(data_path(name)))
        for _, stored in origin.cut():
            assert measure(stored, origin.group).fault(Limits()) == "", name

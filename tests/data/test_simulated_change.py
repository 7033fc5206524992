"""Simulated change: the truth is what differs, patches come from the scene, and disturbances are as strong as asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.data.simulate import ChangeConfig, DisturbanceConfig, disturbed, simulated_change
from hypersigma.data.simulate.random_fields import random_fields
from hypersigma.errors import ConfigError, InputError

QUICK = settings(max_examples=15, deadline=None)


def ground(seed: int = 0, rows: int = 48, cols: int = 40, noise: float = 0.01) -> Cube:
    """A scene of counts with patches of two materials, a gap without data and a band that must not be used."""
    generator = np.random.default_rng(seed)
    fields = random_fields(generator, 2, (rows, cols), 3.0, 12.0)
    spectra = generator.uniform(0.5, 2.0, (6, 2))
    array = 4 + np.einsum("bm,mrc->brc", spectra, fields) + noise * generator.standard_normal((6, rows, cols))
    counts = np.maximum(1000 * array, 1).astype(np.uint16)
    counts[:, 3:5, 7] = 0
    cube = Cube.from_array(counts, np.linspace(500, 1000, 6), quantity="counts", nodata=0, name="ground")
    return replace(cube, scale=0.5).dropped(np.arange(6) == 2, "noise")


def dates(scene: LabelledScene) -> tuple[np.ndarray, np.ndarray]:
    pair = scene.cube
    assert isinstance(pair, Pair)
    return pair.before.read(), pair.after.read()


def calm(seed: int = 0, **strengths: float) -> tuple[np.ndarray, np.ndarray]:
    """A date and how it looks disturbed, all bands."""
    cube = ground(seed, 64, 64)
    bands = np.arange(6)
    return cube.read(bands=bands), disturbed(cube, seed, DisturbanceConfig(**strengths)).read(bands=bands)


@QUICK
@given(st.integers(0, 10_000), st.floats(0.01, 0.1))
def test_the_truth_is_what_differs(seed: int, share: float) -> None:
    scene = simulated_change(ground(seed), seed, ChangeConfig(share=share))
    before, after = dates(scene)
    known = np.isfinite(before).all(axis=0)
    np.testing.assert_array_equal(scene.labels == CHANGED, known & (before != after).any(axis=0))
    np.testing.assert_array_equal(scene.labels == UNCHANGED, known & (before == after).all(axis=0))
    assert np.count_nonzero(scene.labels == 0) == 2
    assert scene.legend == LEGEND
    # the last patch goes beyond the share, by at most its own pixels
    assert share * known.sum() <= np.count_nonzero(scene.labels == CHANGED) <= share * known.sum() + 14**2 * 1.6


@QUICK
@given(st.integers(0, 10_000))
def test_the_seed_rules_every_draw(seed: int) -> None:
    strengths = DisturbanceConfig(shift=0.3, gain=0.1, shading=0.1, tilt=0.1, snr=20.0)
    one, again, other = (simulated_change(ground(), place, disturbances=strengths) for place in (seed, seed, seed + 1))
    np.testing.assert_array_equal(one.labels, again.labels)
    np.testing.assert_array_equal(dates(one)[1], dates(again)[1])
    assert (one.labels != other.labels).any()


def test_patches_do_not_hang_on_disturbances() -> None:
    calm, rough = (
        simulated_change(ground(), 5, disturbances=DisturbanceConfig(**strengths))
        for strengths in ({}, {"shift": 1.0, "shading": 0.2, "snr": 10.0})
    )
    np.testing.assert_array_equal(calm.labels, rough.labels)


def test_whole_patches_bear_pixels_of_the_scene() -> None:
    cube = ground()
    scene = simulated_change(cube, 1, ChangeConfig(purity=(1.0, 1.0)))
    before, after = dates(scene)
    there = {tuple(pixel) for pixel in before.reshape(len(before), -1).T}
    changed = after[:, scene.labels == CHANGED].T
    assert len(changed) > 0
    assert all(tuple(pixel) in there for pixel in changed)


def test_mixed_patches_keep_a_share_of_what_was_there() -> None:
    whole, mixed = (
        simulated_change(ground(), 1, ChangeConfig(purity=(purity, purity), size=(4.0, 4.0))) for purity in (1.0, 0.5)
    )
    (before, all_new), (_, half_new) = dates(whole), dates(mixed)
    changed = (whole.labels == CHANGED) & (mixed.labels == CHANGED)
    assert changed.sum() > 10
    np.testing.assert_allclose((before + all_new)[:, changed] / 2, half_new[:, changed], rtol=1e-5)


def test_the_pair_keeps_what_is_known_of_the_scene() -> None:
    cube = ground()
    pair = simulated_change(cube, 0).cube
    assert isinstance(pair, Pair)
    assert pair.before is cube
    assert (pair.name, pair.after.name, pair.after.quantity) == ("ground", "ground_later", "counts")
    np.testing.assert_array_equal(pair.after.wavelengths, cube.wavelengths)
    np.testing.assert_array_equal(pair.valid, np.tile(cube.valid, 2))
    assert pair.notes == ("the second date is simulated from the first",)


@QUICK
@given(st.integers(0, 1000), st.sampled_from([0.1, 0.25, 0.5, 1.0, 2.0]))
def test_a_date_is_moved_by_the_distance_asked_for(seed: int, distance: float) -> None:
    phase = 2 * np.pi * 6 / 96 * np.arange(96)
    waves = (2 + np.sin(phase)[:, None] + np.sin(phase)[None])[None].astype(np.float32)
    moved = disturbed(Cube.from_array(waves), seed, DisturbanceConfig(shift=distance)).read()
    taper = np.outer(np.hanning(96), np.hanning(96))
    before, after = (np.fft.fft2(array[0] * taper) for array in (waves, moved))
    # how far each wave has moved is the phase that it has lost
    step = [np.angle(before[place] / after[place]) * 96 / (2 * np.pi * 6) for place in ((6, 0), (0, 6))]
    assert np.hypot(*step) == pytest.approx(distance, rel=0.02)


def test_moving_by_nothing_leaves_all_as_it_is() -> None:
    before, after = calm()
    np.testing.assert_array_equal(before, after)


def test_pixels_without_data_move_along() -> None:
    before, after = calm(shift=0.5)
    missing = np.isnan(after).any(axis=0)
    assert missing[3:5, 7].any()
    assert missing.sum() <= 12
    assert np.isnan(before).any(axis=0).sum() == 2


def test_light_is_a_gain_a_field_and_a_tilt() -> None:
    factors = []
    for seed in range(8):
        before, after = calm(seed, gain=0.25)
        ratio = np.nanmean(after / before)
        np.testing.assert_allclose(after[np.isfinite(after)] / before[np.isfinite(before)], ratio, rtol=1e-5)
        factors.append(round(float(ratio), 4))
    assert set(factors) == {0.8, 1.25}
    before, after = calm(shading=0.2)
    ratio = np.log(after / before)
    assert np.nanstd(ratio[0]) == pytest.approx(0.2, rel=0.02)
    np.testing.assert_allclose(ratio[0], ratio[5], atol=1e-5)
    assert np.nanstd(np.diff(ratio[0], axis=1)) < 0.03
    before, after = calm(tilt=0.3)
    ratio = np.nanmean(after / before, axis=(1, 2))
    assert abs(ratio[5] - ratio[0]) == pytest.approx(0.3, rel=1e-3)
    np.testing.assert_allclose(np.diff(ratio), np.diff(ratio)[0], rtol=1e-3)


@pytest.mark.parametrize("snr", [10.0, 30.0])
def test_noise_has_the_ratio_asked_for(snr: float) -> None:
    before, after = calm(snr=snr)
    for band, noisy in zip(before, after, strict=True):
        measured = 10 * np.log10(np.nanmean(band**2) / np.nanvar(noisy - band))
        assert measured == pytest.approx(snr, abs=0.3)


def test_scenes_without_room_are_refused() -> None:
    with pytest.raises(InputError, match=r"ground: 48 x 40 pixels, 1918 of them .* take smaller ones or fewer"):
        simulated_change(ground(), 0, ChangeConfig(size=(90.0, 90.0)))


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (ChangeConfig, {"share": 0.0}),
        (ChangeConfig, {"size": (5.0, 2.0)}),
        (ChangeConfig, {"purity": (0.0, 1.0)}),
        (DisturbanceConfig, {"shift": -1.0}),
        (DisturbanceConfig, {"gain": -0.1}),
        (DisturbanceConfig, {"shading": 2.0}),
        (DisturbanceConfig, {"tilt": 1.5}),
        (DisturbanceConfig, {"snr": float("nan")}),
    ],
)
def test_senseless_settings_are_refused(kind: type, wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        kind(**wrong)

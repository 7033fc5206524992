"""Benchmark scenes of unmixing: truths that fit their scenes, and what a method must reach on them."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.scenes import berlin_fractions, jasper_ridge, muufl_unmixing, samson, simulated_mixtures
from hypersigma.engine.unmixing_trial import unmixing_figures
from hypersigma.tasks.unmixing.unmixer import SceneUnmixer
from tests.shared import data_path


def test_samson() -> None:
    (scene,) = samson.load(data_path("samson"))
    assert scene.materials == ("soil", "tree", "water")
    assert scene.truth_abundances is not None
    np.testing.assert_allclose(scene.truth_abundances.sum(axis=0), 1.0, atol=1e-6)
    figures = unmixing_figures(SceneUnmixer(), [scene], 0)
    assert figures["sad"] <= 0.040
    assert figures["armse"] <= 0.07


def test_jasper_ridge() -> None:
    (scene,) = jasper_ridge.load(data_path("jasper_ridge"))
    assert scene.cube.wavelengths is not None
    assert scene.cube.wavelengths[0] == pytest.approx(408.5, abs=0.1)
    assert scene.cube.read().max() < 1.1
    figures = unmixing_figures(SceneUnmixer(), [scene], 0)
    assert figures["sad"] <= 0.10
    assert figures["armse"] <= 0.10


def test_muufl() -> None:
    (scene,) = muufl_unmixing.load(data_path("muufl_unmixing"))
    assert scene.cube.shape == (64, 90, 90)
    assert len(scene.materials) == 5


def test_berlin() -> None:
    first, second = berlin_fractions.load(data_path("berlin_urban_gradient").parent)
    assert (first.cube.shape[0], second.cube.shape[0]) == (111, 244)
    for scene in (first, second):
        assert scene.library is not None
        assert set(scene.library.groups) == set(scene.materials)
        assert scene.truth_abundances is not None
        assert np.isfinite(scene.truth_abundances).all(axis=0).sum() == 160


def test_simulated_mixtures() -> None:
    scenes = simulated_mixtures.load(data_path("spectral_libraries"))
    assert [scene.cube.name for scene in scenes] == ["snr_20", "snr_30", "snr_40"]
    for scene, ratio in zip(scenes, simulated_mixtures.RATIOS, strict=True):
        assert scene.truth_abundances is not None
        assert scene.truth_spectra is not None
        pure = np.tensordot(scene.truth_spectra.T, scene.truth_abundances, axes=1)
        noise = scene.cube.read() - pure
        assert 10 * np.log10(np.mean(pure**2) / np.mean(noise**2)) == pytest.approx(ratio, abs=0.1)
    assert unmixing_figures(SceneUnmixer(), scenes[1:2], 0)["armse"] <= 0.02


def test_seeds_draw_other_mixtures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPERSIGMA_DATA", str(data_path("spectral_libraries")))
    first, second = (simulated_mixtures.draw("none", seed)[0].truth_abundances for seed in (0, 1))
    assert first is not None
    assert not np.allclose(first, second)

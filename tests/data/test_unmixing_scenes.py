"""Benchmark scenes of unmixing: truths that fit their scenes, and what a method must reach on them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from hypersigma.baselines.vca_fcls import VertexLeastSquares
from hypersigma.data.scenes import (
    berlin_fractions,
    hysu_unmixing,
    jasper_ridge,
    muufl_unmixing,
    samson,
    simulated_mixtures,
)
from hypersigma.engine.unmixing_trial import unmixing_figures
from hypersigma.errors import InputError
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
    first, second, hymap = berlin_fractions.load(data_path("berlin_urban_gradient").parent)
    assert (first.cube.shape[0], second.cube.shape[0]) == (111, 244)
    assert hymap.cube.shape == (111, 100, 67)
    for scene in (first, second, hymap):
        assert scene.library is not None
        assert set(scene.library.groups) == set(scene.materials)
        assert scene.truth_abundances is not None
        assert np.isfinite(scene.truth_abundances).all(axis=0).sum() == 160
    # EnMAP was simulated from HyMap: if cells lie where they should, averages of HyMap look like it
    assert hymap.truth_cells is not None
    assert hymap.without_truth.truth_cells is None
    near, far = (scene.cube.read(bands=np.array([50]))[0] for scene in (first, hymap))
    for moved, alike in ((0, True), (10, False)):
        means = hymap.truth_cells.means(np.roll(far, moved, axis=0)[None])[0]
        assert (np.corrcoef(means[5:].ravel(), near[5:].ravel())[0, 1] > 0.6) == alike


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


def test_targets_of_hysu() -> None:
    blind, image, field = hysu_unmixing.load(data_path("dlr_hysu"))
    assert [scene.cube.name for scene in (blind, image, field)] == ["blind", "image_library", "field_library"]
    assert blind.library is None
    for scene in (image, field):
        assert scene.library is not None
        # the image library has one spectrum twice, which stands there once
        assert scene.library.groups == scene.materials
    masks, areas = zip(*((target.mask, target.area) for target in blind.truth_targets), strict=True)
    # a target has at least one pixel and none is larger than the pixels that hold it
    assert len(masks) == 25
    assert all(mask.sum() >= max(area, 1) for mask, area in zip(masks, areas, strict=True))
    assert sum(areas) * 0.7**2 == pytest.approx(5 * (9 + 4 + 1 + 0.25 + 0.0625))
    truth = blind.truth_abundances
    assert truth is not None
    pure = np.isfinite(truth).all(axis=0)
    np.testing.assert_array_equal(truth[:, pure].sum(axis=0), 1.0)
    assert not truth[-1, np.any(masks, axis=0) & pure].any()
    figures = unmixing_figures(VertexLeastSquares(), [image], 0)
    assert figures["area_3_m"] <= 0.05
    assert figures["inside"] <= 0.03


def test_masks_and_libraries_of_other_materials_are_no_hysu(tmp_path: Path) -> None:
    folder = tmp_path / "dlr_hysu"
    shutil.copytree(data_path("dlr_hysu"), folder)
    masks = folder / "HySpex/all_targets_hs/TargetsROIs/masks.mat"
    arrays = loadmat(masks)
    savemat(masks, {"materials": arrays["materials"][..., :4], "targetsROI": arrays["targetsROI"]})
    with pytest.raises(InputError, match="4 masks; expected 5"):
        hysu_unmixing.load(tmp_path)
    savemat(masks, {"materials": arrays["materials"], "targetsROI": arrays["targetsROI"]})
    library = folder / "spectral_libraries/SVC_data/DLR_HySU_SVC_ASCII.txt"
    library.write_text(library.read_text().replace("'Bitumen'", "'Asphalt'"))
    with pytest.raises(InputError, match="expected bitumen, red metal"):
        hysu_unmixing.load(tmp_path)

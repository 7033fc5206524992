"""Every registered unmixer through the outer door: what comes out, what is saved, and what cannot be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.baselines._bundles import bundled
from hypersigma.baselines._unmixing import DESCRIPTION, Unmixer, brightness, left_of, load
from hypersigma.baselines.sunsal import SparseRegression
from hypersigma.baselines.vca_fcls import VertexLeastSquares
from hypersigma.baselines.vca_nnls import ScaledLeastSquares
from hypersigma.baselines.vca_ucls import FreeLeastSquares
from hypersigma.cube import Cube
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_libraries import library_on_scene
from hypersigma.data.unmixing_maps import left_over
from hypersigma.data.unmixing_sample import Sample
from hypersigma.data.unmixing_scores import agreement, by_material, on_all_bands
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import ConfigError, InputError
from hypersigma.metrics.unmixing import reconstruction_scores
from hypersigma.products import SpectralLibrary
from hypersigma.tiling import Window
from tests.fakes.mixtures import BANDS, CENTRES, COLS, NUM, ROWS, library, mixed, scene, shares, spectra

BASELINES = [
    name
    for name in registry.names("hypersigma.baselines")
    if registry.load("hypersigma.baselines", name).TASK == "unmixing"
]
SUM_ONE = [name for name in BASELINES if name != "vca_ucls"]


def method_of(name: str) -> Unmixer:
    method: Unmixer = registry.load("hypersigma.baselines", name).METHOD
    return method


def test_the_registered_ones() -> None:
    assert BASELINES == ["atgp_fcls", "nfindr_fcls", "ppi_fcls", "sunsal", "vca_fcls", "vca_nnls", "vca_ucls"]


@pytest.mark.parametrize("name", BASELINES)
def test_what_is_mixed_is_found_again(name: str) -> None:
    given = scene(noise=0.0)
    fitted = method_of(name).fit([given], 0)
    arrays = predict_scene(fitted, given.cube)
    (found,) = fitted.libraries
    named, names = by_material(on_all_bands(found, given.cube), found)
    metrics = agreement(given, named, names, arrays["abundances"]).metrics
    assert metrics["sad"] < 1e-3
    assert metrics["armse"] < 0.02
    assert arrays["residual"].max() < 0.02
    assert [layer.name for layer in fitted.layers(arrays, None)] == ["abundances", "residual", "angle"]


@pytest.mark.parametrize("name", SUM_ONE)
def test_shares_are_not_negative_and_have_sum_one(name: str) -> None:
    cube = mixed(light=True, noise=0.02)
    shares = predict_scene(method_of(name).fit([UnmixingScene(cube, NUM)], 0), cube)["abundances"]
    assert shares.dtype == np.float32
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, atol=1e-5)


@pytest.mark.parametrize("name", BASELINES)
def test_the_order_is_by_how_much_there_is(name: str) -> None:
    cube = mixed()
    first, second = (method_of(name).fit([UnmixingScene(cube, NUM)], 3) for _ in range(2))
    np.testing.assert_array_equal(first.endmembers, second.endmembers)
    means = predict_scene(first, cube)["abundances"].mean(axis=(1, 2))
    assert (np.diff(means) <= 1e-6).all()
    assert first.names == ("endmember 1", "endmember 2", "endmember 3")


@pytest.mark.parametrize("name", BASELINES)
def test_windows_do_not_matter_and_models_come_back(name: str, tmp_path: Path) -> None:
    cube = mixed(holes=True)
    fitted = method_of(name).fit([UnmixingScene(cube, NUM)], 0)
    fitted.save(tmp_path)
    again = load_fitted(tmp_path)
    whole = fitted.predict(cube, cube.window)
    window = Window(4, 3, 7, 9)
    np.testing.assert_allclose(again.predict(cube, window), whole[:, *window.slices], atol=1e-6)
    assert again.materials == fitted.materials
    np.testing.assert_array_equal(again.libraries[0].wavelengths, CENTRES)


def test_pixels_without_data_have_no_abundances() -> None:
    cube = mixed(holes=True)
    arrays = predict_scene(VertexLeastSquares().fit([UnmixingScene(cube, NUM)], 0), cube)
    missing = np.zeros((ROWS, COLS), dtype=bool)
    missing[0, 0] = missing[5, 7] = True
    for array in (*arrays["abundances"], arrays["residual"], arrays["angle"]):
        np.testing.assert_array_equal(np.isnan(array), missing)


def test_the_spectra_of_a_library_are_the_endmembers() -> None:
    cube = mixed()
    own = library_on_scene(cube, library())
    fitted = VertexLeastSquares().fit([UnmixingScene(cube, None, own)], 0)
    assert fitted.names == ("clay", "grass", "water")
    arrays = predict_scene(fitted, cube)
    np.testing.assert_allclose(arrays["abundances"], shares(), atol=0.05)
    assert fitted.layers(arrays, None)[0].band_names == ("clay", "grass", "water")


def test_spectra_of_one_group_are_one_material() -> None:
    cube = mixed()
    own = library_on_scene(cube, library(groups=("ground", "ground", "water")))
    fitted = VertexLeastSquares().fit([UnmixingScene(cube, None, own)], 0)
    found = predict_scene(fitted, cube)["abundances"]
    assert fitted.materials == ("ground", "water")
    np.testing.assert_allclose(found[0], shares()[:2].sum(axis=0), atol=0.05)


def test_spectra_of_one_name_are_one_material(tmp_path: Path) -> None:
    known = np.concatenate([spectra(), spectra()[:1] * 1.2])
    twice = library(names=("clay", "grass", "water", "clay"), spectra=known)
    cube = mixed()
    fitted = VertexLeastSquares().fit([UnmixingScene(cube, None, library_on_scene(cube, twice))], 0)
    fitted.save(tmp_path)
    for some in (fitted, load(tmp_path)):
        assert some.materials == ("clay", "grass", "water")
        assert some.predict(cube, cube.window).shape[0] == NUM + 2


@pytest.mark.parametrize("name", SUM_ONE)
def test_shade_takes_what_shares_lack(name: str, tmp_path: Path) -> None:
    bright = np.random.default_rng(4).uniform(0.2, 1.0, (ROWS, COLS))
    cube = Cube.from_array((mixed(noise=0.0).read() * bright).astype(np.float32), CENTRES)
    own = library_on_scene(cube, library(quantity="unknown"))
    fitted = replace(method_of(name), shade=True).fit([UnmixingScene(cube, None, own)], 0)
    arrays = predict_scene(fitted, cube)
    layer, *_ = fitted.layers(arrays, None)
    assert layer.band_names == ("clay", "grass", "water", "shade")
    np.testing.assert_allclose(layer.array.sum(axis=0), 1.0, atol=1e-5)
    np.testing.assert_allclose(layer.array[-1], 1.0 - bright, atol=0.02)
    np.testing.assert_allclose(layer.array[:-1], shares() * bright, atol=0.02)
    assert fitted.libraries[0].names == ("clay", "grass", "water")
    fitted.save(tmp_path)
    np.testing.assert_allclose(load(tmp_path).predict(cube, cube.window)[:-2], layer.array, atol=1e-6)


def test_shade_has_no_spectrum_to_be_matched() -> None:
    dark = scene(light=True)
    with_shade = np.concatenate([shares() * 0.5, np.full((1, ROWS, COLS), 0.5)])
    known = np.concatenate([spectra(), np.zeros((1, BANDS))])
    truth = replace(dark, truth_abundances=with_shade, truth_spectra=known, truth_names=())
    agreed = agreement(truth, spectra(), ["a", "b", "c"], with_shade)
    assert list(agreed.materials.found) == [0, 1, 2, 3]
    assert agreed.metrics["armse"] == 0


@pytest.mark.parametrize("name", BASELINES)
def test_bundles_are_more_spectra_of_the_same_materials(name: str) -> None:
    given = scene(light=name == "vca_nnls", noise=0.01)
    method = replace(method_of(name), bundle=4)
    fitted, again = method.fit([given], 0), method.fit([given], 0)
    np.testing.assert_array_equal(fitted.endmembers, again.endmembers)
    assert fitted.materials == ("endmember 1", "endmember 2", "endmember 3")
    assert NUM < len(fitted.names) <= 4 * NUM
    assert fitted.names[0] == "endmember 1 (1)"
    assert predict_scene(fitted, given.cube)["abundances"].shape == (NUM, ROWS, COLS)


def test_bundles_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="1 spectrum or more"):
        VertexLeastSquares(bundle=0)
    with pytest.raises(InputError, match="more than the 24 bands.*bundles of 8 or less"):
        VertexLeastSquares(bundle=12).fit([scene(noise=0.02)], 0)
    with pytest.raises(ConfigError, match="sums are free"):
        FreeLeastSquares(shade=True)


def test_parts_of_a_scene_that_hold_too_few_endmembers_are_told() -> None:
    sample = Sample(*(mixed().read().reshape(BANDS, -1) for _ in range(2)))

    def find(part: Sample) -> Any:
        raise InputError("3 endmembers are asked for, but all pixels are mixtures of 2")

    with pytest.raises(InputError, match="mixtures of 2; parts of the scene hold too few"):
        bundled(find, sample, spectra(), 2, 0)


def test_bands_that_a_library_lacks_are_left_out() -> None:
    known = spectra()
    known[1, 4] = np.nan
    cube = mixed()
    fitted = VertexLeastSquares().fit([UnmixingScene(cube, None, library(spectra=known))], 0)
    assert 4 not in fitted.bands.indices
    assert fitted.endmembers.shape == (NUM, BANDS - 1)


def test_many_endmembers_are_counted_where_nobody_says() -> None:
    fitted = VertexLeastSquares().fit([UnmixingScene(mixed(), "auto")], 0)
    assert fitted.counted is not None
    assert len(fitted.names) == fitted.counted.num_endmembers >= 1
    assert any("HySime finds" in note for note in fitted.notes)


def test_a_count_of_one_and_a_scene_of_one_material() -> None:
    cube = mixed()
    arrays = predict_scene(VertexLeastSquares().fit([UnmixingScene(cube, 1)], 0), cube)
    np.testing.assert_allclose(arrays["abundances"], 1.0)
    pure = Cube.from_array(np.tile(spectra()[0].astype(np.float32)[:, None, None], (1, 5, 6)))
    with pytest.raises(InputError, match=r"3 endmembers are asked for, but all pixels are mixtures of 1"):
        ScaledLeastSquares().fit([UnmixingScene(pure, 3)], 0)


def test_negative_numbers_are_kept_and_said() -> None:
    image = mixed().read() - 0.15
    fitted = VertexLeastSquares().fit([UnmixingScene(Cube.from_array(image), NUM)], 0)
    assert fitted.endmembers.min() < 0
    assert any("below zero; they were kept" in note for note in fitted.notes)


def test_large_scenes_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypersigma.data.unmixing_sample._MOST_PIXELS", 200)
    monkeypatch.setattr("hypersigma.data.unmixing_sample._BLOCK", 8)
    fitted = VertexLeastSquares().fit([UnmixingScene(mixed(), NUM)], 0)
    assert any(f"of {ROWS * COLS} pixels" in note for note in fitted.notes)


def test_scenes_together_share_their_endmembers() -> None:
    first, second = mixed(), mixed(light=True)
    fitted = VertexLeastSquares().fit([UnmixingScene(first, NUM), UnmixingScene(second, NUM)], 0)
    assert fitted.endmembers.shape == (NUM, BANDS)
    with pytest.raises(InputError, match="asks for other endmembers than"):
        VertexLeastSquares().fit([UnmixingScene(first, NUM), UnmixingScene(second, 2)], 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: UnmixingScene(mixed(), BANDS + 1), r"25 endmembers cannot be found .* ask for 1 to 24"),
        (
            lambda: UnmixingScene(Cube.from_array(mixed().read()[:, :2, :2]), 5),
            r"5 endmembers cannot be found in 4 pixels",
        ),
        (lambda: UnmixingScene(Cube.from_array(np.full((3, 4, 4), np.nan, np.float32)), 2), "no pixel has data"),
    ],
)
def test_what_cannot_be(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        VertexLeastSquares().fit([given()], 0)
    with pytest.raises(InputError, match="no scene"):
        VertexLeastSquares().fit([], 0)


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ConfigError, match="sparsity"):
        SparseRegression(sparsity=-1.0)


def test_a_pixel_of_zeros_gets_equal_shares() -> None:
    found = ScaledLeastSquares().abundances(np.zeros((BANDS, 2)), spectra())
    np.testing.assert_allclose(found, 1 / NUM)


def test_brightness_is_free_where_a_method_says_so() -> None:
    mixture = np.array([[0.5, 1.0], [0.5, 0.0], [0.0, 0.0]])
    seen = 0.2 * spectra().T @ mixture
    np.testing.assert_allclose(brightness(seen, spectra().T @ mixture), 0.2)
    np.testing.assert_allclose(left_of(seen, spectra(), mixture, free=True), 0.0, atol=1e-12)
    residual, angle = left_of(seen, spectra(), mixture)
    assert residual.min() > 0.1
    np.testing.assert_allclose(angle, 0.0, atol=1e-12)


@pytest.mark.parametrize("free", [False, True])
def test_what_a_reconstruction_leaves_is_that_of_the_metrics(free: bool) -> None:
    rng = np.random.default_rng(3)
    seen, mixture = rng.random((BANDS, 20)), rng.dirichlet(np.ones(NUM), 20).T
    made = spectra().T @ mixture
    made = made * brightness(seen, made) if free else made
    expected = reconstruction_scores(seen, made)
    found = left_over(*left_of(seen, spectra(), mixture, free=free))
    assert found == pytest.approx(
        {"residual": expected["rrmse"], "sam": expected["sam"], "sam_degrees": expected["sam_degrees"]}
    )
    assert left_over(np.full(2, np.nan), np.full(2, np.nan)) == {}


def test_other_bands_and_damaged_models_are_told(tmp_path: Path) -> None:
    fitted = VertexLeastSquares().fit([UnmixingScene(mixed(), NUM)], 0)
    fitted.save(tmp_path)
    other = replace(mixed(), wavelengths=CENTRES + 30.0)
    with pytest.raises(InputError, match="use scenes of one sensor"):
        fitted.predict(other, other.window)
    text = (tmp_path / DESCRIPTION).read_text(encoding="utf-8")
    (tmp_path / DESCRIPTION).write_text(text.replace("vca_fcls", "cva"), encoding="utf-8")
    with pytest.raises(InputError, match="is no detector of this version"):
        load(tmp_path)
    (tmp_path / "unmixing.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="missing or damaged"):
        load(tmp_path)


def test_a_library_of_more_spectra_than_bands_needs_sparse_regression():
    generator = np.random.default_rng(0)
    cube = Cube.from_array(generator.uniform(0.1, 0.9, (4, 6, 7)).astype(np.float32), [500.0, 600.0, 700.0, 800.0])
    drawn = generator.uniform(0.1, 0.9, (9, 4))
    names = tuple(f"spectrum {number}" for number in range(9))
    many = SpectralLibrary(names=names, wavelengths=cube.wavelengths, spectra=drawn, name="many")
    crowded = UnmixingScene(cube=cube, count=None, library=many)
    with pytest.raises(InputError, match="many: 9 spectra for 4 bands"):
        registry.load("hypersigma.baselines", "vca_fcls").METHOD.fit([crowded], 0)
    fitted = registry.load("hypersigma.baselines", "sunsal").METHOD.fit([crowded], 0)
    assert fitted.predict(cube, cube.window).shape[0] == 9 + 2  # and residual and angle

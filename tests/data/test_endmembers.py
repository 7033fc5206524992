"""Endmembers from the pixels of a scene: pure pixels are found, and formulas are those of plain code."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat

from hypersigma.data.abundances import fcls
from hypersigma.data.endmembers import _Components, _Pixels, atgp, nfindr, pixel_purity, ppi, vca
from hypersigma.errors import InputError
from hypersigma.metrics.unmixing import per_material, unmixing_scores
from tests.shared import data_path

METHODS = pytest.mark.parametrize("method", [vca, nfindr, atgp, ppi])


def scene(
    num_endmembers: int = 4, num_bands: int = 30, num_pixels: int = 300, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mixed spectra (bands, pixels) with one pure pixel a material, the places of these, and the endmembers."""
    rng = np.random.default_rng(seed)
    endmembers = rng.random((num_endmembers, num_bands)) + 0.1
    # nothing but the pure pixels is purer than 90 %
    shares = np.minimum(rng.dirichlet(np.ones(num_endmembers), num_pixels).T, 0.9)
    shares /= shares.sum(axis=0)
    pure = rng.choice(num_pixels, num_endmembers, replace=False)
    shares[:, pure] = np.eye(num_endmembers)
    return endmembers.T @ shares, pure, endmembers


def with_noise(spectra: np.ndarray, decibels: float, seed: int = 9) -> np.ndarray:
    deviation = np.sqrt(np.square(spectra).mean() / 10 ** (decibels / 10))
    return spectra + deviation * np.random.default_rng(seed).normal(size=spectra.shape)


@settings(max_examples=40, deadline=None)
@given(num_endmembers=st.integers(2, 7), num_bands=st.integers(8, 60), seed=st.integers(0, 10_000))
def test_pure_pixels_are_found_where_there_is_no_noise(num_endmembers: int, num_bands: int, seed: int) -> None:
    spectra, pure, _ = scene(num_endmembers, num_bands, seed=seed)
    for found in (vca(spectra, num_endmembers, seed), nfindr(spectra, num_endmembers)):
        assert sorted(found.pixels) == sorted(pure)
        np.testing.assert_allclose(found.spectra, spectra[:, found.pixels].T, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("decibels", [15.0, 25.0, 40.0])
@pytest.mark.parametrize("method", [vca, nfindr])
def test_endmembers_under_noise(method, decibels: float) -> None:
    spectra, _, endmembers = scene(num_bands=100, num_pixels=2000)
    found = method(with_noise(spectra, decibels), 4)
    # the noise of a pixel turns its spectrum by about this angle
    assert per_material(endmembers, found.spectra).angles.max() < 1.5 * 10 ** (-decibels / 20)


def test_vca_does_not_look_at_brightness() -> None:
    spectra, _, endmembers = scene(num_pixels=2000)
    light = np.random.default_rng(1).uniform(0.3, 1.0, spectra.shape[1])
    np.testing.assert_allclose(per_material(endmembers, vca(light * spectra, 4).spectra).angles, 0.0, atol=1e-7)


def test_the_signal_to_noise_ratio_is_that_of_its_formula() -> None:
    spectra = with_noise(scene()[0], 20.0)
    mean = spectra.mean(axis=1, keepdims=True)
    basis = np.linalg.svd(spectra - mean)[0][:, :4]
    power = np.square(spectra).sum() / 300
    kept = np.square(basis.T @ (spectra - mean)).sum() / 300 + float(np.square(mean).sum())
    expected = 10 * np.log10((kept - 4 / 30 * power) / (power - kept))
    assert _Components(_Pixels(spectra, 4)).signal_to_noise(4) == pytest.approx(expected)
    assert _Components(_Pixels(scene()[0], 4)).signal_to_noise(4) > 100


def test_vca_is_the_same_for_the_same_seed() -> None:
    spectra = with_noise(scene()[0], 20.0)
    first, again = vca(spectra, 4, seed=3), vca(spectra, 4, seed=3)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.spectra, again.spectra)


def volumes(spectra: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Volumes, but for a factor, of the simplices between pixels (simplices, K), in K - 1 principal components."""
    centred = spectra - spectra.mean(axis=1, keepdims=True)
    projected = np.linalg.svd(centred, full_matrices=False)[0][:, : chosen.shape[1] - 1].T @ centred
    points = np.concatenate([np.ones((1, spectra.shape[1])), projected])
    return np.abs(np.linalg.det(points[:, chosen].transpose(1, 0, 2)))


@settings(max_examples=25, deadline=None)
@given(num_endmembers=st.integers(2, 4), seed=st.integers(0, 10_000))
def test_no_exchange_of_one_pixel_makes_the_volume_larger(num_endmembers: int, seed: int) -> None:
    spectra = np.random.default_rng(seed).random((6, 20))
    found = nfindr(spectra, num_endmembers).pixels
    exchanged = np.repeat(found[None], num_endmembers * 20, axis=0)
    for row, (index, pixel) in enumerate(itertools.product(range(num_endmembers), range(20))):
        exchanged[row, index] = pixel
    every = np.array(list(itertools.combinations(range(20), num_endmembers)))
    volume = volumes(spectra, found[None])[0]
    assert volumes(spectra, exchanged).max() <= volume * (1 + 1e-6)
    # a local optimum, but no bad one
    assert volume > 0.5 * volumes(spectra, every).max()


@settings(max_examples=25, deadline=None)
@given(count=st.integers(1, 6), seed=st.integers(0, 10_000))
def test_targets_are_the_farthest_from_those_before(count: int, seed: int) -> None:
    spectra = np.random.default_rng(seed).random((8, 40))
    chosen: list[int] = []
    for _ in range(count):
        taken = spectra[:, chosen]
        left = spectra - taken @ np.linalg.pinv(taken) @ spectra if chosen else spectra
        chosen.append(int(np.linalg.norm(left, axis=0).argmax()))
    found = atgp(spectra, count)
    assert found.pixels.tolist() == chosen
    np.testing.assert_array_equal(found.spectra, spectra[:, chosen].T)


def test_purity_is_counted_at_corners_only() -> None:
    spectra, pure, _ = scene(5)
    counts = pixel_purity(spectra, 400)
    assert counts.sum() == 2 * 400
    assert sorted(np.flatnonzero(counts)) == sorted(pure)
    directions = np.random.default_rng(0).standard_normal((30, 100))
    expected = np.bincount(np.concatenate([(directions.T @ spectra).argmax(1), (directions.T @ spectra).argmin(1)]))
    np.testing.assert_array_equal(pixel_purity(spectra, 100)[: len(expected)], expected)
    found = ppi(spectra, 5)
    assert sorted(found.pixels) == sorted(pure)
    assert (np.diff(pixel_purity(spectra)[found.pixels]) <= 0).all()


@pytest.mark.parametrize("method", [vca, nfindr, atgp])
def test_one_endmember_is_the_brightest_pixel(method) -> None:
    spectra, _, _ = scene()
    assert method(spectra, 1).pixels.tolist() == [np.linalg.norm(spectra, axis=0).argmax()]
    assert method(spectra[:, :1], 1).pixels.tolist() == [0]


@METHODS
def test_pixels_without_data_are_no_endmembers(method) -> None:
    spectra, _, _ = scene()
    more = np.insert(spectra, [0, 7, 50], 99.0, axis=1)
    lacking = np.flatnonzero((more == 99.0).all(axis=0))
    more[4, lacking] = np.nan
    found, without = method(more, 4), method(spectra, 4)
    np.testing.assert_array_equal(np.delete(np.arange(303), lacking)[without.pixels], found.pixels)
    np.testing.assert_allclose(found.spectra, without.spectra)
    assert not np.isin(found.pixels, lacking).any()


@METHODS
@pytest.mark.parametrize("kind", [np.float32, np.uint16])
def test_numbers_of_any_kind(method, kind) -> None:
    spectra = np.rint(1e4 * scene()[0])
    found = method(spectra.astype(kind), 4)
    np.testing.assert_array_equal(found.pixels, method(spectra, 4).pixels)
    assert found.spectra.dtype == np.float64


@METHODS
def test_blocks_do_not_matter(method, monkeypatch: pytest.MonkeyPatch) -> None:
    spectra = with_noise(scene()[0], 30.0)
    whole = method(spectra, 4)
    monkeypatch.setattr("hypersigma.data.endmembers._PIXELS_AT_ONCE", 17)
    np.testing.assert_array_equal(method(spectra, 4).pixels, whole.pixels)


@pytest.mark.parametrize("method", [vca, nfindr, atgp])
def test_scenes_of_too_few_spectra_are_refused(method) -> None:
    spectra, _, _ = scene(3, 10, 40)
    with pytest.raises(InputError, match="4 endmembers are asked for, but all pixels are mixtures of 3; ask for fewer"):
        method(spectra, 4)
    with pytest.raises(InputError, match="mixtures of 1; "):
        method(np.outer(np.arange(1.0, 6.0), np.ones(30)), 2)


@METHODS
def test_numbers_that_cannot_be_found_are_refused(method) -> None:
    spectra, _, _ = scene(3, 10, 40)
    for count in (0, 11):
        with pytest.raises(InputError, match=f"{count} endmembers cannot be found in 40 .* 10 bands; ask for 1 to 10"):
            method(spectra, count)
    spectra[0, 2:] = np.nan
    with pytest.raises(InputError, match="in 2 pixels .* ask for 1 to 2"):
        method(spectra, 3)
    with pytest.raises(InputError, match=r"shape \(bands, n\), found \(10, 8, 5\)"):
        method(np.zeros((10, 8, 5)), 2)


# By another implementation: 0.0702 and 0.323, 0.160 and 0.159, the same for all starts.
@pytest.mark.parametrize(("name", "sad", "rmse"), [("samson", 0.0702, 0.3233), ("jasper", 0.1604, 0.1588)])
def test_real_scenes_as_another_implementation_finds_them(name: str, sad: float, rmse: float) -> None:
    if name == "samson":
        file = loadmat(data_path("samson/Samson.mat"))
        # pixels are counted down the columns of the scene
        image, truth, shares = file["Y"], file["GT"], file["S_GT"].transpose(2, 1, 0).reshape(3, -1)
    else:
        file = loadmat(data_path("jasper_ridge/jasperRidge2_R198.mat"))
        image, truth, shares = file["Y"] / file["maxValue"].item(), file["M"].T, file["A"]
    found = nfindr(image, len(truth)).spectra
    scores = unmixing_scores(per_material(truth, found, shares, fcls(image, found)))
    assert scores["sad"] == pytest.approx(sad, abs=1e-4)
    assert scores["armse"] == pytest.approx(rmse, abs=1e-4)

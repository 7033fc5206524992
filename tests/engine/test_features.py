"""Frozen features of scenes from any sensor, with random weights in our format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import hypersigma as hs
from hypersigma import mapped
from hypersigma.cube import Cube
from hypersigma.engine.features import FeatureExtractor
from hypersigma.engine.frozen import FrozenFeatures
from hypersigma.errors import InputError, WeightsError
from hypersigma.spectra import CANONICAL, sensor_bands
from hypersigma.tiling import Window, tile_starts
from hypersigma.weights.pretrained import Pretrained
from tests.fakes.encoders import save
from tests.weights.published import SPATIAL

DIM = SPATIAL.encoder.dim


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return save(tmp_path / "weights", "spatial", "spectral")


def scene(centres: np.ndarray, rows: int = 37, cols: int = 29, seed: int = 0, **about: object) -> Cube:
    """A smooth scene of two kinds of ground, in reflectance."""
    generator = np.random.default_rng(seed)
    kind = generator.random((rows, cols)) < 0.5
    spectra = 0.3 + 0.1 * np.sin(centres / 400)[:, None, None] * np.where(kind, 1.0, -1.0)
    array = (spectra + 0.01 * generator.standard_normal((len(centres), 1, 1))).astype(np.float32)
    return Cube.from_array(array, centres, **{"quantity": "reflectance", **about})


def test_every_pixel_is_described(weights: Path) -> None:
    backbone = hs.load_backbone(weights, device="cpu")
    found = backbone.features(scene(CANONICAL))
    assert backbone.dim == 2 * DIM
    assert (found.shape, found.dtype) == ((2 * DIM, 37, 29), np.float32)
    assert np.isfinite(found).all()
    assert found[:DIM].std(axis=(1, 2)).min() > 0, "spatial features differ from place to place"


@pytest.mark.parametrize("sensor", ["enmap", "aviris", "sentinel2"])
def test_any_sensor_is_taken(weights: Path, sensor: str) -> None:
    centres, widths = sensor_bands(sensor)
    order = np.argsort(centres)
    found = hs.load_backbone(weights).features(scene(centres[order], fwhm=widths[order]))
    assert np.isfinite(found).all()


def test_two_sensors_see_the_same_ground_alike(tmp_path: Path) -> None:
    backbone = hs.load_backbone(save(tmp_path / "weights", "spatial", "spectral"))
    fine, coarse = np.arange(395.0, 2506, 5), np.arange(395.0, 2506, 10)
    one, other = (backbone.features(scene(centres, seed=3)) for centres in (fine, coarse))
    assert np.abs(one - other).max() < 0.1 * one.std()


def test_missing_bands_are_left_out_not_zero(weights: Path) -> None:
    backbone = hs.load_backbone(weights)
    gap = (CANONICAL > 1000) & (CANONICAL < 1200)
    whole = scene(CANONICAL, seed=1)
    dark = np.where(gap[:, None, None], 1e-6 * whole.read(), whole.read())
    dark = Cube.from_array(dark.astype(np.float32), CANONICAL, quantity="reflectance")
    left_out = backbone.features(whole.dropped(gap, "water vapour"))
    np.testing.assert_array_equal(backbone.features(dark.dropped(gap, "water vapour")), left_out)
    for part in (slice(DIM), slice(DIM, None)):
        assert not np.allclose(backbone.features(dark)[part], left_out[part])


def test_bands_next_to_those_that_air_absorbs_are_not_seen(weights: Path) -> None:
    backbone = hs.load_backbone(weights)
    whole = scene(CANONICAL, seed=1)
    noisy = whole.read()
    noisy[(CANONICAL > 1330) & (CANONICAL < 1490)] = 7.0
    found = backbone.features(Cube.from_array(noisy, CANONICAL, quantity="reflectance"))
    np.testing.assert_array_equal(found, backbone.features(whole))


def test_pixels_without_data_stay_without(weights: Path) -> None:
    whole = scene(CANONICAL, rows=60, cols=60)
    array = whole.read()
    array[:, :20, :20] = np.nan
    found = hs.load_backbone(weights).features(Cube.from_array(array, CANONICAL, quantity="reflectance"))
    assert np.isnan(found[:, :20, :20]).all()
    assert np.isfinite(found[:, 20:]).all()
    assert np.isfinite(found[:, :, 20:]).all()


def test_how_a_scene_is_stored_and_read_changes_nothing(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hypersigma.engine import channels

    backbone = hs.load_backbone(weights)
    cube = scene(CANONICAL, rows=70, cols=45)
    wanted = backbone.features(cube)
    order = np.random.default_rng(0).permutation(100)
    shuffled = Cube.from_array(cube.read()[order], CANONICAL[order], quantity="reflectance")
    np.testing.assert_array_equal(backbone.features(shuffled), wanted)
    # Nothing fits memory: windows are read one by one, features go to a file.
    monkeypatch.setattr(channels, "_MOST_KEPT", 0)
    monkeypatch.setattr(mapped, "_MOST_IN_MEMORY", 0)
    streamed = backbone.features(cube)
    assert isinstance(streamed, np.memmap)
    np.testing.assert_array_equal(streamed, wanted)


def test_models_that_see_by_one_encoder_share_its_pass(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tile of a scene passes once, whoever asks first and for whatever part; below a row it is the same."""
    passed: list[Window] = []
    tile = FeatureExtractor._tile

    def counted(self, channels, canonical, window):
        passed.append(window)
        return tile(self, channels, canonical, window)

    cube = scene(CANONICAL)
    expected = FrozenFeatures(weights=str(weights), device="cpu").extractor.features(cube)
    monkeypatch.setattr(FeatureExtractor, "_tile", counted)
    first, second = (FrozenFeatures.shared(str(weights), "cpu") for _ in range(2))
    np.testing.assert_array_equal(first.read(cube, Window(3, 2, 9, 11)), expected[:, 3:12, 2:13])
    # what goes on below needs no rows above, what begins above does
    np.testing.assert_array_equal(second.read(cube, Window(20, 0, 17, 29)), expected[:, 20:])
    assert len(passed) == len(set(passed)), "no tile passed twice"
    np.testing.assert_array_equal(first.read(cube, cube.window), expected)
    many = len(passed)
    np.testing.assert_array_equal(second.read(cube, cube.window), expected)
    assert len(passed) == many
    first.read(scene(CANONICAL, seed=1), Window(0, 0, 4, 4))
    assert len(passed) > many


def test_borders_of_tiles_do_not_show(tmp_path: Path) -> None:
    backbone = hs.load_backbone(save(tmp_path / "weights", "spatial", tile=(64, 64), patch=8))
    found = backbone.features(scene(CANONICAL, rows=150, cols=90))
    jumps = np.abs(np.diff(found, axis=1)).mean(axis=(0, 2))
    starts = tile_starts(150, 64, 32)
    borders = [place - 1 for start in starts for place in (start, start + 64) if 0 < place < 150]
    assert jumps[borders].mean() <= 1.1 * np.delete(jumps, borders).mean()


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 50), (16, 17), (33, 5)])
def test_any_size_is_taken(weights: Path, rows: int, cols: int) -> None:
    backbone = hs.load_backbone(weights / "spatial")
    assert backbone.dim == DIM
    array = np.linspace(0.1, 0.4, 100 * rows * cols).reshape(100, rows, cols).astype(np.float32)
    # A single pixel is constant in every band, so bands are not screened by that.
    found = backbone.features(Cube.from_array(array, CANONICAL, quantity="reflectance"))
    assert found.shape == (DIM, rows, cols)
    assert np.isfinite(found).all()


def test_counts_of_any_gain_give_the_same_features(tmp_path: Path) -> None:
    backbone = hs.load_backbone(save(tmp_path / "weights", "spatial"))
    cube = scene(CANONICAL)
    one, other = (
        backbone.features(Cube.from_array(cube.read() * factor, CANONICAL, quantity="radiance")) for factor in (1, 700)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_scene_without_wavelengths_teaches(weights: Path) -> None:
    cube = Cube.from_array(np.random.default_rng(0).random((100, 8, 8)).astype(np.float32))
    with pytest.raises(InputError, match="--wavelengths FIRST:LAST or --sensor NAME"):
        hs.load_backbone(weights).features(cube)
    far = Cube.from_array(cube.read(), np.linspace(8000, 12000, 100))
    with pytest.raises(InputError, match="no band between 400 and 2500 nm"):
        hs.load_backbone(weights).features(far)


def test_weights_for_other_bands_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="made for 10 bands"):
        hs.load_backbone(save(tmp_path / "ten", "spatial", channels=10))


def test_incomplete_weights_are_refused(weights: Path) -> None:
    pretrained = Pretrained.load(weights / "spatial")
    del pretrained.state["norm.weight"]
    pretrained.save(weights / "spatial")
    with pytest.raises(WeightsError, match="there is no norm.weight"):
        hs.load_backbone(weights)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("small", "hypersigma weights import"),
        ("tinny", "did you mean 'tiny'"),
        ("{}/empty", "no weights of an encoder"),
        ("{}/file.pth", "is a file"),
        ("{}/twice", "several spatial encoders"),
        ("{}/mixed", "fed different things"),
    ],
)
def test_a_name_that_cannot_be_loaded_teaches(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.pth").write_bytes(b"")
    save(tmp_path / "twice", "spatial")
    (tmp_path / "twice" / "spatial").rename(tmp_path / "twice" / "other")
    save(tmp_path / "twice", "spatial")
    save(tmp_path / "mixed", "spatial")
    save(tmp_path / "mixed", "spectral", radiometry="counts / 4000")
    with pytest.raises(WeightsError, match=words):
        hs.load_backbone(name.format(tmp_path))


def test_encoders_of_one_kind_share_their_blocks() -> None:
    """And say what each says by itself, to the bit."""
    four, eight, _ = hs.load_backbone("tiny", "cpu").encoders
    assert (four.patch, eight.patch) == (4, 8)
    for part in ("encoder.encoder", "norm", "readout"):
        assert four.get_submodule(part) is eight.get_submodule(part)
    image, present = torch.rand(1, 100, 64, 64), torch.ones(100, dtype=torch.bool)
    with torch.inference_mode():
        for encoder in (four, eight):
            (alone,) = hs.load_backbone("tiny", "cpu", patch=encoder.patch).encoders[:1]
            assert torch.equal(encoder(image, present), alone(image, present))

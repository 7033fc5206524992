"""Simulated scenes: truth that adds up, physics that is measured again, seeds that repeat, kinds that hold."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma import config as plain
from hypersigma.cube import Cube
from hypersigma.data.simulate import (
    IDEAL,
    InstrumentConfig,
    LightConfig,
    SimulationConfig,
    Simulator,
    StructureConfig,
    VariabilityConfig,
    simulate,
    simulated_scenes,
)
from hypersigma.data.simulate.instrument import noise_deviation, transmission
from hypersigma.data.simulate.settings import KINDS
from hypersigma.errors import ConfigError, InputError
from hypersigma.products import SpectralLibrary
from hypersigma.spectra import sensor_names
from tests.fakes.libraries import GRID, smooth_library

LIBRARY = smooth_library()
PICTURE = np.random.default_rng(0).integers(0, 255, size=(3, 30, 50)).astype(np.uint8)
SMALL = SimulationConfig(rows=24, cols=20)
IDEAL_SMALL = replace(IDEAL, rows=24, cols=20)


def with_instrument(config: SimulationConfig, **fields: object) -> SimulationConfig:
    return replace(config, instrument=replace(config.instrument, **fields))


def flat(**fields: object) -> SimulationConfig:
    """Ideal settings for two materials, but for those of the instrument that are given."""
    return with_instrument(replace(IDEAL, rows=128, cols=64, num_materials=(2, 2)), **fields)


def grey(value: float = 0.3) -> SpectralLibrary:
    """A library of two materials that reflect alike in every band."""
    return smooth_library(2, spectra=np.full((2, len(GRID)), value))


def all_bands(cube: Cube) -> np.ndarray:
    return cube.read(bands=np.arange(cube.shape[0]))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KINDS))
def test_the_ideal_scene_is_the_linear_mixture(seed: int, kind: str) -> None:
    config = replace(IDEAL_SMALL, structure=StructureConfig(kinds=(kind,)))
    scene = simulate(LIBRARY, config, seed, images=[PICTURE])
    pixels = all_bands(scene.cube)
    expected = np.einsum("mb,mrc->brc", scene.endmembers.astype(float), scene.abundances.astype(float))
    np.testing.assert_allclose(pixels, expected, rtol=1e-5, atol=1e-6)
    # the library itself, on the sensor's bands, in double precision
    seen = LIBRARY.resampled(scene.cube.wavelengths, scene.cube.fwhm)
    spectra = seen.spectra[[LIBRARY.names.index(name) for name in scene.names]]
    np.testing.assert_allclose(scene.endmembers, spectra, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KINDS), st.integers(2, 6))
def test_the_truth_adds_up(seed: int, kind: str, count: int) -> None:
    config = replace(SMALL, num_materials=(count, count), structure=StructureConfig(kinds=(kind,)))
    scene = simulate(LIBRARY, config, seed, images=[PICTURE])
    assert scene.abundances.shape == (count, 24, 20)
    assert scene.abundances.min() >= 0
    np.testing.assert_allclose(scene.abundances.sum(axis=0), 1.0, atol=1e-6)
    np.testing.assert_array_equal(scene.classes, 1 + scene.abundances.argmax(axis=0))
    assert len(set(scene.names)) == count
    pixels = scene.cube.read()
    assert np.isfinite(pixels).all()
    assert -0.5 < np.quantile(pixels, 0.001) < np.quantile(pixels, 0.999) < 2.0


def test_seeds_repeat_and_differ() -> None:
    simulator = Simulator(LIBRARY, SMALL)
    one, again, other = simulator.scene(3), simulate(LIBRARY, SMALL, 3), simulator.scene(4)
    np.testing.assert_array_equal(all_bands(one.cube), all_bands(again.cube))
    np.testing.assert_array_equal(one.abundances, again.abundances)
    assert not np.array_equal(one.cube.read()[0], other.cube.read()[0])
    scenes = list(simulated_scenes(LIBRARY, SMALL, 5, num_scenes=3))
    np.testing.assert_array_equal(all_bands(scenes[2].cube), all_bands(simulator.scene((5, 2)).cube))


@pytest.mark.parametrize("snr", [50.0, 200.0])
@pytest.mark.parametrize("shot", [0.0, 0.5, 1.0])
def test_the_noise_is_that_asked_for(snr: float, shot: float) -> None:
    scene = simulate(grey(), flat(snr=snr, noise=(1.0, 1.0), shot=shot), 1)
    pixels = scene.cube.read()
    measured = pixels.mean(axis=(1, 2)) / pixels.std(axis=(1, 2))
    assert np.median(measured) == pytest.approx(snr, rel=0.01)
    np.testing.assert_allclose(measured, snr, rtol=0.05)


def test_shot_noise_grows_with_the_light() -> None:
    dark, bright = (
        simulate(grey(value), flat(snr=100.0, noise=(1.0, 1.0), shot=1.0), 1).cube.read().std() for value in (0.1, 0.4)
    )
    assert bright / dark == pytest.approx(2.0, rel=0.02)


def test_a_sensor_has_its_own_noise() -> None:
    instrument = InstrumentConfig(snr=None, noise=(1.0, 1.0), absorption="noise")
    waves = np.array([495.0, 2200.0, 1400.0])
    np.testing.assert_allclose(noise_deviation(instrument, "EnMAP", waves)[:2], [0.3 / 500, 0.3 / 150], rtol=0.02)
    assert noise_deviation(instrument, "enmap", waves)[2] > 0.1
    assert noise_deviation(instrument, "hyperion", waves)[0] > noise_deviation(instrument, "aviris_ng", waves)[0]
    assert transmission(np.array([940.0]))[0] < 0.5


def test_absorbed_bands_are_dropped_or_drowned() -> None:
    dropped = simulate(LIBRARY, with_instrument(IDEAL_SMALL, absorption="drop"), 1).cube
    assert dropped.wavelengths is not None
    inside = (dropped.wavelengths >= 1350) & (dropped.wavelengths <= 1450)
    assert not dropped.valid[inside].any()
    assert "absorbed by the air" in dropped.reasons
    assert dropped.valid[np.abs(dropped.wavelengths - 1650) < 100].all()
    drowned = simulate(LIBRARY, with_instrument(IDEAL_SMALL, absorption="noise", noise=(1.0, 1.0)), 1).cube
    assert drowned.valid[inside].all()
    assert all_bands(drowned)[inside].std(axis=(1, 2)).min() > 0.1


def test_columns_of_the_detector_differ_and_die() -> None:
    scene = simulate(grey(), flat(striping=0.02, dead_columns=0.1), 1)
    pixels = scene.cube.read()
    dead = (pixels == 0).all(axis=1)
    assert dead.mean() == pytest.approx(0.1, abs=0.02)
    np.testing.assert_array_equal(dead, (pixels == 0).any(axis=1))
    gains = pixels[:, 0][~dead] / 0.3
    assert gains.std() == pytest.approx(0.02, rel=0.25)
    assert np.ptp(pixels, axis=1).max() < 1e-6


def test_air_and_blur_leave_a_plain_as_it_is() -> None:
    scene = simulate(grey(), flat(adjacency=0.3, blur=(2.0, 2.0)), 1)
    np.testing.assert_allclose(scene.cube.read(), 0.3, rtol=1e-5)


def test_the_air_lets_neighbours_in_most_in_the_blue() -> None:
    clear, hazy = (
        simulate(LIBRARY, with_instrument(IDEAL_SMALL, adjacency=share), 2).cube.read() for share in (0.0, 0.3)
    )
    contrast = hazy.std(axis=(1, 2)) / clear.std(axis=(1, 2))
    assert contrast[5] < 0.9 < contrast[-5]


def test_light_on_a_plain_is_even_and_shade_is_blue() -> None:
    plain_light = LightConfig(relief=(0.0, 0.0), skylight=0.25, shade=0.0)
    scene = simulate(grey(), replace(flat(), light=plain_light, structure=StructureConfig(kinds=("mosaic",))), 1)
    np.testing.assert_allclose(scene.cube.read(), 0.3, rtol=1e-5)
    clouded = simulate(grey(), replace(flat(), light=replace(plain_light, shade=1.0)), 1).cube.read()
    row, col = np.unravel_index(clouded[100].argmin(), clouded.shape[1:])
    assert clouded[5, row, col] > 1.2 * clouded[-5, row, col]


def test_slopes_brighten_and_darken_about_the_plain() -> None:
    hills = replace(flat(), light=LightConfig(relief=(0.2, 0.2), zenith=(45.0, 45.0), skylight=0.0, shade=0.0))
    pixels = simulate(grey(), hills, 1).cube.read()[50]
    assert 0.02 < pixels.std() / 0.3 < 0.3
    assert pixels.min() < 0.3 < pixels.max()


def test_bilinear_mixtures_add_products_of_two_materials() -> None:
    linear = simulate(LIBRARY, IDEAL_SMALL, 4)
    bent = simulate(LIBRARY, replace(IDEAL_SMALL, bilinear=1.0), 4)
    added = all_bands(bent.cube) - all_bands(linear.cube)
    shares = linear.abundances
    most = np.einsum("ib,jb,irc,jrc->brc", *2 * [linear.endmembers], *2 * [shares])
    own = np.einsum("ib,irc->brc", linear.endmembers**2, shares**2)
    assert added.min() >= -1e-6
    assert (added <= (most - own) / 2 + 1e-6).all()
    assert added.max() > 1e-3


def test_materials_vary_smoothly_and_as_much_as_asked() -> None:
    config = replace(flat(), variability=VariabilityConfig(gain=(1.0, 1.0), spectral=0.05, brightness=0.0, texture=0.0))
    relative = np.stack([simulate(grey(), config, seed).cube.read() / 0.3 - 1 for seed in range(4)])
    assert relative.std() == pytest.approx(0.05, rel=0.3)
    assert np.abs(np.diff(relative, axis=1)).max() < 0.2 * np.abs(relative).max()
    gained = replace(flat(), variability=replace(config.variability, gain=(0.5, 0.5), spectral=0.0))
    np.testing.assert_allclose(simulate(grey(), gained, 1).cube.read(), 0.15, rtol=1e-5)


def test_neighbours_are_alike_in_every_kind() -> None:
    for kind in KINDS:
        config = replace(IDEAL, structure=StructureConfig(kinds=(kind,), size=(10.0, 20.0), beside=0.0))
        image = np.kron(PICTURE[:, :12, :12], np.ones((1, 8, 8)))
        classes = simulate(LIBRARY, config, 3, images=[image]).classes
        alike = (classes[:, 1:] == classes[:, :-1]).mean()
        shuffled = np.random.default_rng(0).permutation(classes.ravel()).reshape(classes.shape)
        assert alike > (shuffled[:, 1:] == shuffled[:, :-1]).mean() + 0.1, kind


def test_shapes_are_borrowed_from_an_image() -> None:
    image = np.zeros((3, 64, 64))
    image[:, :, 32:] = 1.0
    structure = StructureConfig(kinds=("borrowed",), beside=0.0, roads=0.0, water=0.0, trees=0.0)
    config = replace(with_instrument(IDEAL, blur=(0.0, 0.0)), num_materials=(2, 2), structure=structure)
    for seed in range(4):
        classes = simulate(LIBRARY, config, seed, images=[Cube.from_array(image)]).classes
        # a straight border, whichever way the image was turned, and wherever it was cut
        assert (np.diff(classes, axis=0) == 0).all() or (np.diff(classes, axis=1) == 0).all()


@pytest.mark.parametrize("sensor", sensor_names())
def test_every_sensor_can_be_simulated(sensor: str) -> None:
    scene = simulate(LIBRARY, replace(SMALL, sensor=sensor), 0)
    assert scene.cube.sensor == sensor
    assert scene.cube.quantity == "reflectance"
    assert scene.cube.valid.sum() >= 7
    assert np.isfinite(scene.cube.read()).all()


def test_bands_that_a_material_lacks_are_marked() -> None:
    spectra = LIBRARY.spectra.copy()
    spectra[:, GRID > 2300] = np.nan
    cube = simulate(smooth_library(spectra=spectra), SMALL, 0).cube
    assert cube.wavelengths is not None
    assert not cube.valid[cube.wavelengths > 2320].any()
    assert np.isfinite(cube.read()).all()
    assert "a material's spectrum does not cover it" in cube.reasons


def test_a_library_may_keep_its_own_bands() -> None:
    scene = simulate(LIBRARY, replace(IDEAL_SMALL, sensor=""), 0)
    np.testing.assert_array_equal(scene.cube.wavelengths, GRID)


def test_small_groups_are_drawn_as_often_as_large_ones() -> None:
    library = smooth_library(40, groups=("many",) * 37 + ("few",) * 3)
    config = replace(IDEAL_SMALL, num_materials=(2, 2), sensor="landsat8")
    few = {f"material {index}" for index in (37, 38, 39)}
    for scene in simulated_scenes(library, config, num_scenes=5):
        assert len(few & set(scene.names)) == 1


def test_plants_are_as_many_as_asked_where_there_are_any() -> None:
    spectra = np.full((20, len(GRID)), 0.3)
    spectra[:5, GRID < 700] = 0.05
    plants = {f"material {index}" for index in range(5)}
    for share, least in ((0.0, 0), (0.5, 4), (1.0, 5)):
        config = replace(IDEAL_SMALL, num_materials=(8, 8), green=(share, share))
        for scene in simulated_scenes(smooth_library(20, spectra=spectra), config, num_scenes=4):
            assert len(plants & set(scene.names)) >= least
            assert len(set(scene.names)) == 8


def test_a_scene_serves_classification() -> None:
    scene = simulate(LIBRARY, SMALL, 0)
    labelled = scene.labelled()
    assert labelled.legend.names == scene.names
    assert labelled.labels.dtype == np.int32


def test_bad_libraries_and_images_are_refused() -> None:
    with pytest.raises(InputError, match="12 spectra cover the sensor's bands, 20 materials are asked for"):
        simulate(LIBRARY, replace(SMALL, num_materials=(3, 20)))
    with pytest.raises(InputError, match="its numbers are of kind 'unknown'; scenes are made of reflectance"):
        simulate(smooth_library(quantity="unknown"), SMALL)
    with pytest.raises(InputError, match="its wavelengths meet no band of the sensor"):
        simulate(smooth_library(wavelengths=np.arange(8000.0, 12000.0, 50.0)), SMALL)
    borrowed = replace(SMALL, structure=StructureConfig(kinds=("borrowed",)))
    with pytest.raises(ConfigError, match="there is no image"):
        simulate(LIBRARY, borrowed)
    with pytest.raises(InputError, match=r"found shape \(4, 4\)"):
        simulate(LIBRARY, borrowed, images=[np.ones((4, 4))])
    with pytest.raises(InputError, match="no pixel with data"):
        simulate(LIBRARY, borrowed, images=[np.full((1, 4, 4), np.nan)])


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        (SimulationConfig, {"rows": 3}, "expected at least 8"),
        (SimulationConfig, {"num_materials": (5, 3)}, "expected two ascending numbers"),
        (SimulationConfig, {"sensor": "avris"}, "'avris' are not known"),
        (SimulationConfig, {"sensor": ""}, "set instrument.snr"),
        (StructureConfig, {"kinds": ("hills",)}, "expected some of random_fields"),
        (StructureConfig, {"roads": 2.0}, "roads is 2.0"),
        (VariabilityConfig, {"spectral": -1.0}, "spectral is -1.0"),
        (LightConfig, {"zenith": (0.0, 90.0)}, "from 0 to 80"),
        (InstrumentConfig, {"snr": 0.0}, "expected a number above 0"),
    ],
)
def test_settings_are_checked(kind: type, fields: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        kind(**fields)


def test_settings_go_through_plain_data() -> None:
    config = replace(SMALL, structure=StructureConfig(kinds=("town", "parcels"), size=(4.0, 9.0)))
    assert plain.structure(plain.unstructure(config), SimulationConfig) == config

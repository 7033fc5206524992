"""From bands to channels: the same for every window, for every scene of a sensor, and after loading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.cube import Cube
from hypersigma.data import front_end as module
from hypersigma.data.diffusion import STEPS, mean_square_difference
from hypersigma.data.front_end import FrontEnd, FrontEndConfig, fit_front_end
from hypersigma.errors import ConfigError, InputError
from hypersigma.spectra import CANONICAL, response_matrix
from hypersigma.tiling import Window
from tests.fakes.fields import AVIRIS_LIKE, ENMAP_LIKE, crops, field_cube

SMALL = FrontEndConfig(num_components=4, spreading=(0.0, 0.03), shapes=(1, 2))
TRUTH = crops()
SCENE = field_cube(TRUTH)
FITTED = fit_front_end(SMALL, [SCENE])
WHOLE = FITTED.read(SCENE, SCENE.window)


def changed(cube: Cube, place: tuple, value: float) -> Cube:
    """A cube with other numbers in some place."""
    array = cube.read().copy()
    array[place] = value
    return Cube.from_array(array, cube.wavelengths, name=cube.name)


@pytest.mark.parametrize("bands", ["canonical", "native"])
@pytest.mark.parametrize(("reduction", "channels"), [("mnf", 4), ("pca", 4), ("none", None)])
def test_channels_are_standardised(bands, reduction, channels):
    settings_ = {"num_components": 4, "num_spread": 100, "spreading": (0.0, 0.1), "shapes": (1,)}
    fitted = fit_front_end(FrontEndConfig(bands=bands, reduction=reduction, **settings_), [SCENE])
    found = fitted.read(SCENE, SCENE.window)
    each = channels or (len(AVIRIS_LIKE) if bands == "native" else len(fitted.used))
    shaped = 3 if reduction != "none" else 5
    # Two copies, then what is shaped, its opening and its closing.
    assert found.shape == (2 * each + 3 * shaped, *TRUTH.shape)
    assert fitted.num_channels == len(found)
    np.testing.assert_array_equal(fitted.narrow, [*range(each), *range(2 * each, len(found))])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:each].mean(axis=(1, 2)), 0, atol=1e-3)
    np.testing.assert_allclose(found.std(axis=(1, 2)), 1, atol=2e-2)


@pytest.mark.parametrize(
    ("spreading", "shapes", "halo"),
    [((0.1, 0.0), (1, 2), STEPS), ((0.1,), (40,), 88), ((0.0,), (3,), 51), ((0.0,), (), 0), ((0.3,), (), STEPS)],
)
def test_how_far_channels_look(spreading, shapes, halo):
    config = FrontEndConfig(num_components=2, spreading=spreading, shapes=shapes)
    assert fit_front_end(config, [SCENE]).halo == halo


def test_leading_components_alone_are_spread():
    config = FrontEndConfig(num_components=5, num_spread=2, spreading=(0.1, 0.0, 0.01), shapes=(1,))
    fitted = fit_front_end(config, [SCENE])
    # Two components make two principal ones.
    assert fitted.num_channels == 2 + 5 + 2 + 6
    np.testing.assert_array_equal(fitted.narrow, [0, 1, *range(9, 15)])
    whole = fit_front_end(replace(config, num_spread=9), [SCENE])
    assert whole.num_channels == 15 + 9
    found, expected = (each.read(SCENE, SCENE.window) for each in (fitted, whole))
    np.testing.assert_allclose(found[:9], expected[[0, 1, 5, 6, 7, 8, 9, 10, 11]], atol=1e-5)


def test_the_plain_answer_is_told_bands_and_shapes():
    told = np.tensordot(FITTED.plain, WHOLE[FITTED.narrow], axes=1)
    matrix, _ = response_matrix(SCENE.wavelengths, SCENE.fwhm)
    components = FITTED.components.apply(np.tensordot(matrix[FITTED.used], SCENE.read(), axes=1))
    bands = np.tensordot(FITTED.components.restoring, components, axes=1)
    np.testing.assert_allclose(told[: len(FITTED.used)], bands, atol=1e-4)
    np.testing.assert_allclose(told[len(FITTED.used) :], WHOLE[FITTED.narrow[4:]])


def test_copies_are_spread_within_regions():
    """The wider a copy, the less noise within fields, and the same steps between them."""
    config = FrontEndConfig(num_components=2, spreading=(0.0, 1.0, 0.1), shapes=())
    fitted = fit_front_end(config, [SCENE])
    copies = fitted.read(SCENE, SCENE.window).reshape(3, 2, *TRUTH.shape)[:, 0]
    inside = [np.mean([copy[value == TRUTH].std() for value in (1, 2, 3)]) for copy in copies]
    assert inside[0] > 1.3 * inside[1] > 1.3**2 * inside[2]
    between = [np.std([copy[value == TRUTH].mean() for value in (1, 2, 3)]) for copy in copies]
    np.testing.assert_allclose(between, 1.0, atol=0.15)


def test_the_more_contrast_the_less_is_bridged():
    bonds = [
        fit_front_end(FrontEndConfig(contrast=contrast), [SCENE]).bonds(SCENE, SCENE.window) for contrast in (1, 4)
    ]
    assert (bonds[0].right >= bonds[1].right).all()
    edges = np.diff(TRUTH, axis=1) != 0
    for each in bonds:
        assert each.right[~edges].mean() > 2 * each.right[edges].mean()
    assert (fit_front_end(FrontEndConfig(contrast=0.0), [SCENE]).bonds(SCENE, SCENE.window).down == 1).all()


def test_bonds_of_a_window_are_those_of_the_whole():
    whole, part = FITTED.bonds(SCENE, SCENE.window), FITTED.bonds(SCENE, Window(3, 5, 20, 30))
    np.testing.assert_allclose(part.right, whole.right[3:23, 5:34], atol=1e-4)
    np.testing.assert_allclose(part.down, whole.down[3:22, 5:35], atol=1e-4)


def test_differences_count_against_those_of_the_scene():
    """Neighbours differ by `guide_scale` on average, in leading components of deviation one."""
    fitted = fit_front_end(FrontEndConfig(bands="native", num_components=4), [SCENE])
    guide = fitted.components.apply(SCENE.read()) / np.sqrt(fitted.components.values)[:, None, None]
    assert fitted.guide_scale == pytest.approx(mean_square_difference(guide), rel=1e-3)


def test_bands_without_reduction_are_the_bands():
    config = FrontEndConfig(bands="native", reduction="none", spreading=(0.0,), shapes=())
    native = fit_front_end(config, [SCENE])
    array = SCENE.read()
    expected = (array - array.mean((1, 2), keepdims=True)) / array.std((1, 2), keepdims=True)
    np.testing.assert_allclose(native.read(SCENE, SCENE.window), expected, atol=1e-4)


def test_canonical_bands_are_those_that_the_sensor_covers():
    covered = CANONICAL[FITTED.used]
    assert len(covered) == 98
    assert covered.max() < 2470


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_window_gives_the_same_channels_wherever_it_is_cut(data):
    rows, cols = TRUTH.shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col)))
    expected = WHOLE[:, *window.slices]
    np.testing.assert_allclose(FITTED.read(SCENE, window), expected, atol=1e-3)


def test_pixels_without_data_have_no_channels_and_disturb_no_neighbour():
    holed = changed(SCENE, (7, slice(3, 5), 9), np.nan)
    found = FITTED.read(holed, holed.window)
    missing = np.zeros(TRUTH.shape, dtype=bool)
    missing[3:5, 9] = True
    np.testing.assert_array_equal(np.isnan(found).all(axis=0), missing)
    np.testing.assert_array_equal(np.isnan(found).any(axis=0), missing)
    np.testing.assert_allclose(found[:4, ~missing], WHOLE[:4, ~missing], atol=1e-4)


def test_a_constant_band_says_nothing():
    config = FrontEndConfig(bands="native", reduction="none", spreading=(0.0, 0.1), shapes=())
    flat = changed(SCENE, (slice(5, 6),), 0.25)
    found = fit_front_end(config, [flat]).read(flat, flat.window)
    assert (found[5] == 0).all()
    assert (found[len(AVIRIS_LIKE) + 5] == 0).all()
    assert np.isfinite(found).all()
    assert np.isfinite(fit_front_end(SMALL, [flat]).read(flat, flat.window)).all()


@pytest.mark.parametrize("bands", ["canonical", "native"])
def test_what_is_saved_gives_the_same_channels(bands):
    config = FrontEndConfig(bands=bands, num_components=4, spreading=(0.0,), shapes=())
    fitted = fit_front_end(config, [SCENE])
    again = FrontEnd.of_arrays(config, fitted.arrays())
    np.testing.assert_array_equal(again.read(SCENE, SCENE.window), fitted.read(SCENE, SCENE.window))
    assert again.bands == fitted.bands
    with pytest.raises(KeyError):
        FrontEnd.of_arrays(config, {})


def test_native_bands_need_no_wavelengths():
    nameless = field_cube(TRUTH, None)
    config = FrontEndConfig(bands="native", num_components=4, spreading=(0.0,), shapes=())
    fitted = fit_front_end(config, [nameless])
    assert "wavelengths" not in fitted.arrays()
    again = FrontEnd.of_arrays(config, fitted.arrays())
    np.testing.assert_array_equal(again.read(nameless, nameless.window), fitted.read(nameless, nameless.window))


def test_canonical_bands_need_wavelengths():
    with pytest.raises(InputError, match=r"no wavelengths.*--wavelengths FIRST:LAST or --sensor NAME"):
        fit_front_end(SMALL, [field_cube(TRUTH, None)])
    with pytest.raises(InputError, match="no wavelengths"):
        FITTED.read(field_cube(TRUTH, None), Window(0, 0, 4, 4))


def test_another_sensor_on_the_canonical_grid():
    """Two sensors over the same ground give channels that look alike."""
    other = field_cube(TRUTH, ENMAP_LIKE, seed=3)
    found = FITTED.read(other, other.window)
    for channel in (0, 1):
        assert np.corrcoef(found[channel].ravel(), WHOLE[channel].ravel())[0, 1] > 0.85


def test_a_sensor_that_covers_less():
    short = field_cube(TRUTH, np.linspace(410.0, 1000.0, 60))
    with pytest.raises(InputError, match=r"does not cover \d+ of the \d+ canonical .*, 1015, 1036, .* nm \.\.\."):
        FITTED.read(short, short.window)
    both = fit_front_end(SMALL, [SCENE, short])
    assert CANONICAL[both.used].max() < 1050
    assert both.read(SCENE, SCENE.window).shape == both.read(short, short.window).shape


def test_sensors_without_a_common_band():
    with pytest.raises(InputError, match="no band in common"):
        fit_front_end(
            SMALL, [field_cube(TRUTH, np.linspace(410, 900, 60)), field_cube(TRUTH, np.linspace(1500, 2400, 60))]
        )


@pytest.mark.parametrize(
    ("wavelengths", "said"),
    [
        (ENMAP_LIKE, "has 80 bands, the model was fitted on 60"),
        (AVIRIS_LIKE + 3.0, r"band 1 of .* lies at 413\.0 nm, the model was fitted on one at 410\.0 nm"),
    ],
)
def test_native_bands_of_another_sensor(wavelengths, said):
    config = FrontEndConfig(bands="native", num_components=4, spreading=(0.0,), shapes=())
    fitted = fit_front_end(config, [SCENE])
    other = field_cube(TRUTH, wavelengths)
    with pytest.raises(InputError, match=f"{said}.*bands: canonical"):
        fitted.read(other, other.window)
    with pytest.raises(InputError, match=said):
        fit_front_end(config, [SCENE, other])


@pytest.mark.parametrize("bands", ["canonical", "native"])
def test_bands_left_out_of_one_scene_are_left_out_of_all(bands):
    """A scene whose empty bands nobody marked gives the channels of the one whose empty bands were."""
    config = FrontEndConfig(bands=bands, num_components=4, spreading=(0.0,), shapes=())
    bad = np.isin(np.arange(60), [20, 21])
    empty = changed(SCENE, (slice(20, 22),), 0.0)
    marked = empty.dropped(bad, "zero in every pixel")
    fitted = fit_front_end(config, [marked, field_cube(TRUTH, seed=1)])
    np.testing.assert_array_equal(fitted.read(empty, empty.window), fitted.read(marked, marked.window))
    # The other way round, a band that a small scene lacks by chance is still read.
    whole = fit_front_end(config, [SCENE])
    chance = SCENE.dropped(bad, "the same number in every pixel")
    np.testing.assert_array_equal(whole.read(chance, chance.window), whole.read(SCENE, SCENE.window))


@pytest.mark.parametrize("bands", ["canonical", "native"])
def test_a_band_that_is_missing_altogether(bands):
    fitted = fit_front_end(FrontEndConfig(bands=bands, num_components=4, spreading=(0.0,), shapes=()), [SCENE])
    lacking = changed(SCENE, (slice(20, 21),), np.nan).dropped(np.arange(60) == 20, "no data in any pixel")
    with pytest.raises(InputError, match=r"no data in band 21 \(no data in any pixel\)"):
        fitted.read(lacking, lacking.window)


def test_statistics_of_labelled_pixels_see_nothing_else():
    mask = np.zeros(TRUTH.shape, dtype=bool)
    mask[4:12, 4:12] = True
    config = FrontEndConfig(num_components=3, spreading=(0.0,), shapes=(), statistics="labelled")
    fitted = fit_front_end(config, [SCENE], [mask])
    elsewhere = changed(SCENE, (slice(None), slice(20, None)), 0.9)
    again = fit_front_end(config, [elsewhere], [mask])
    np.testing.assert_array_equal(again.components.matrix, fitted.components.matrix)
    assert not np.array_equal(fitted.components.matrix, fit_front_end(SMALL, [SCENE]).components.matrix[:3])


@pytest.mark.parametrize("labelled", [None, [np.zeros(TRUTH.shape, dtype=bool)]])
def test_statistics_of_labelled_pixels_need_some(labelled):
    with pytest.raises(InputError, match="there are none; use statistics: scene"):
        fit_front_end(FrontEndConfig(statistics="labelled"), [SCENE], labelled)


def test_a_large_scene_is_sampled_away_from_its_empty_border(monkeypatch):
    """Every eighth block of this scene lies in a column without data."""
    monkeypatch.setattr(module, "_BLOCK", 6)
    monkeypatch.setattr(module, "_MAX_PIXELS", 6 * 6 * 7)
    bordered = changed(SCENE, (slice(None), slice(None), slice(0, 6)), np.nan)
    fitted = fit_front_end(SMALL, [bordered])
    again = fit_front_end(SMALL, [bordered])
    np.testing.assert_array_equal(again.components.matrix, fitted.components.matrix)
    inside = fitted.read(bordered, Window(0, 6, 40, 42))
    np.testing.assert_allclose(inside[:4].std(axis=(1, 2)), 1, atol=0.5)


def test_labels_in_one_corner_of_a_large_scene_are_found(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 6)
    monkeypatch.setattr(module, "_MAX_PIXELS", 6 * 6 * 2)
    mask = np.zeros(TRUTH.shape, dtype=bool)
    mask[33:39, 40:46] = True
    config = FrontEndConfig(num_components=2, spreading=(0.0,), shapes=(), statistics="labelled")
    assert fit_front_end(config, [SCENE], [mask]).num_channels == 2


def test_a_scene_without_any_data():
    with pytest.raises(InputError, match="no pixel has data in all bands"):
        fit_front_end(SMALL, [changed(SCENE, (slice(0, 1),), np.nan)])


@pytest.mark.parametrize(
    ("settings_", "said"),
    [
        ({"num_components": 0}, r"num_components \(0\) and num_spread \(20\) must be at least 1"),
        ({"num_spread": 0}, r"num_spread \(0\) must be at least 1"),
        ({"spreading": ()}, r"spreading must be weights, 0 or more, .* not \[\]"),
        ({"spreading": (0.0, -1.0)}, r"spreading must be weights, 0 or more, .* not \[0.0, -1.0\]"),
        ({"contrast": -1.0}, "contrast too"),
        ({"shapes": (2, 0)}, r"shapes must be numbers of pixels, 1 or more, not \[2, 0\]"),
    ],
)
def test_settings_that_cannot_be(settings_, said):
    with pytest.raises(ConfigError, match=said):
        FrontEndConfig(**settings_)

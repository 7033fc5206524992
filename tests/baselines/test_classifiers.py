"""Every classical classifier keeps the outer door's promises, on small scenes and on a real one."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.baselines._classifier import PixelClassifier, load
from hypersigma.config import structure
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import ConfigError, InputError
from hypersigma.products import Legend
from hypersigma.tiling import Window

BANDS, SIDE = 12, 24
LEGEND = Legend(("grass", "corn", "water", "never seen"), ((0, 255, 0), (255, 255, 0), (0, 0, 255), (0, 0, 0)))
NAMES = [
    name
    for name in registry.names("hypersigma.baselines")
    if registry.load("hypersigma.baselines", name).TASK == "classification"
]
CONTEXTUAL = [name for name in NAMES if registry.load("hypersigma.baselines", name).METHOD.contextual]


def truth(rows: int = SIDE, cols: int = SIDE) -> np.ndarray:
    """Three upright stripes of classes 1, 2, 3."""
    return np.tile(1 + np.arange(cols) * 3 // cols, (rows, 1)).astype(np.int32)


def cube(seed: int = 0, rows: int = SIDE, cols: int = SIDE, **changes: object) -> Cube:
    """A scene of the stripes: one smooth spectrum a class, and noise."""
    spectra = np.stack([np.sin(np.arange(BANDS) / 3.0 + phase) for phase in (0.0, 0.7, 1.8)]) + 2.0
    noise = np.random.default_rng(seed).normal(scale=0.3, size=(BANDS, rows, cols))
    array = spectra[truth(rows, cols) - 1].transpose(2, 0, 1) + noise
    made = Cube.from_array(array.astype(np.float32), np.linspace(450, 2400, BANDS))
    return replace(made, **changes) if changes else made


def edited(scene: Cube, **places: float) -> Cube:
    """The scene with some numbers changed: `band` or `pixel` names set to a value."""
    array = scene.read()
    for place, value in places.items():
        kind, index = place[:-1], int(place[-1])
        array[(index,) if kind == "band" else (slice(None), index, index)] = value
    return Cube.from_array(array, scene.wavelengths)


def labelled(scene: Cube, num_per_class: int = 8, seed: int = 0) -> LabelledScene:
    """A few labels of each stripe."""
    _, rows, cols = scene.shape
    full, labels = truth(rows, cols), np.zeros((rows, cols), dtype=np.int32)
    for value in (1, 2, 3):
        pixels = np.random.default_rng(seed).permutation(np.flatnonzero(full == value))[:num_per_class]
        labels.flat[pixels] = value
    return LabelledScene(scene, labels, LEGEND)


def method(name: str) -> PixelClassifier:
    """The registered method, of smaller size where that is quicker."""
    chosen = registry.load("hypersigma.baselines", name).METHOD
    return replace(chosen, num_trees=20) if hasattr(chosen, "num_trees") else chosen


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_maps_its_own_scene_and_another(name: str) -> None:
    module = registry.load("hypersigma.baselines", name)
    assert module.TASK == "classification"
    fitted = method(name).fit([labelled(cube(0)), labelled(cube(1, rows=30))], seed=0)
    for scene in (cube(0), cube(7, rows=17, cols=33, name="another")):
        probabilities = fitted.predict(scene, scene.window)
        assert probabilities.dtype == np.float32
        assert probabilities.shape == (4, *scene.shape[1:])
        np.testing.assert_allclose(probabilities.sum(axis=0), 1.0, rtol=1e-4)
        np.testing.assert_array_equal(probabilities[3], 0.0)
        arrays = fitted.finish(probabilities, scene, scene.window)
        assert arrays["map"].dtype == np.uint8
        assert 0.4 < arrays["confidence"].mean() <= 1.0
        right = (arrays["map"] == truth(*scene.shape[1:])).mean()
        # Wide smoothing of two small scenes is nothing to learn another scene from: only its own is asked of it.
        assert right > 0.9 or (name in CONTEXTUAL and scene.name == "another")


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_baseline_predicts_the_same(name: str, tmp_path: Path) -> None:
    fitted = method(name).fit([labelled(cube())], seed=3)
    fitted.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.method == fitted.method
    assert again.legend == fitted.legend
    assert again.tiling == fitted.tiling
    scene = cube(5)
    np.testing.assert_array_equal(again.predict(scene, scene.window), fitted.predict(scene, scene.window))
    assert not list((tmp_path / "model").glob("*.pkl"))


@pytest.mark.parametrize("name", NAMES)
def test_pixels_without_data_are_left_out_and_left_empty(name: str) -> None:
    scene = edited(cube(), pixel3=np.nan, pixel4=np.inf)
    inputs = labelled(scene, num_per_class=1000)
    fitted = method(name).fit([inputs], seed=0)
    assert len(fitted.labels) == SIDE * SIDE - 2
    quantities = fitted.predict(scene, scene.window)
    arrays = fitted.finish(quantities, scene, scene.window)
    empty = np.zeros((SIDE, SIDE), dtype=bool)
    empty[3, 3] = empty[4, 4] = True
    np.testing.assert_array_equal(arrays["map"] == 0, empty)
    np.testing.assert_array_equal(np.isnan(arrays["confidence"]), empty)


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_without_any_data_gives_an_empty_map(name: str) -> None:
    fitted = method(name).fit([labelled(cube())], seed=0)
    nothing = Cube.from_array(np.full((BANDS, 9, 8), np.nan, dtype=np.float32), cube().wavelengths)
    assert np.isnan(fitted.predict(nothing, nothing.window)).all()
    assert not fitted.finish(fitted.predict(nothing, nothing.window), nothing, nothing.window)["map"].any()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_map_and_windows_agree_with_the_whole(name: str) -> None:
    scene, window = cube(2), Window(5, 3, 10, 12)
    first, second = (method(name).fit([labelled(cube())], seed=1) for _ in range(2))
    whole = first.predict(scene, scene.window)
    np.testing.assert_array_equal(second.predict(scene, scene.window), whole)
    np.testing.assert_allclose(first.predict(scene, window), whole[(slice(None), *window.slices)], atol=1e-6)
    assert (first.tiling.tile is None) == (name in CONTEXTUAL)


@pytest.mark.parametrize("name", NAMES)
def test_two_classes_are_enough_and_one_of_them_may_have_a_single_pixel(name: str) -> None:
    inputs = labelled(cube())
    first = np.flatnonzero(inputs.labels == 1)
    labels = np.where(inputs.labels == 3, 0, inputs.labels)
    labels.flat[first[1:]] = 0
    fitted = method(name).fit([replace(inputs, labels=labels)], seed=0)
    probabilities = fitted.predict(inputs.cube, inputs.cube.window)
    np.testing.assert_allclose(probabilities[:2].sum(axis=0), 1.0, rtol=1e-4)
    assert np.argmax(probabilities[:, truth() == 2], axis=0).mean() > 0.7


def test_neighbours_help_where_noise_is_strong() -> None:
    scene = edited(cube())
    noisy = Cube.from_array(scene.read() + np.random.default_rng(9).normal(size=scene.shape), scene.wavelengths)
    inputs = labelled(noisy)

    def accuracy(name: str) -> float:
        found = method(name).fit([inputs], seed=0).predict(noisy, noisy.window)
        return float((np.argmax(found, axis=0) + 1 == truth()).mean())

    assert accuracy("mnf_superpixels") > accuracy("svm") + 0.1


def test_bands_that_are_constant_or_not_valid_anywhere_are_dropped() -> None:
    first = edited(cube(0), band2=1.0)
    second = edited(cube(1), band2=1.0)
    second = second.dropped(np.arange(BANDS) == 5, "noisy")
    fitted = method("svm").fit([labelled(first), labelled(second)], seed=0)
    assert fitted.bands.indices == (0, 1, 3, 4, 6, 7, 8, 9, 10, 11)
    assert fitted.samples.shape == (48, 10)


def test_a_scene_with_other_bands_is_refused_with_both_named() -> None:
    fitted = method("lda").fit([labelled(cube())], seed=0)
    fewer = Cube.from_array(cube().read()[:7])
    with pytest.raises(InputError, match=r"has 7 bands.*fitted on 12"):
        fitted.predict(fewer, fewer.window)
    shifted = Cube.from_array(cube().read(), np.linspace(450, 2300, BANDS))
    with pytest.raises(InputError, match=r"band 12 of array lies at 2300.0 nm.*fitted on one at 2400.0 nm"):
        fitted.predict(shifted, shifted.window)
    with pytest.raises(InputError, match="has 7 bands"):
        method("lda").fit([labelled(cube()), labelled(fewer)], seed=0)
    unknown = Cube.from_array(cube().read())
    assert np.isfinite(fitted.predict(unknown, unknown.window)).all()


def test_a_band_that_another_scene_lacks_is_named() -> None:
    fitted = method("lda").fit([labelled(cube())], seed=0)
    lacking = edited(cube(3), band4=np.nan).dropped(np.arange(BANDS) == 4, "marked bad")
    with pytest.raises(InputError, match=r"no data in band 5 \(marked bad\)"):
        fitted.predict(lacking, lacking.window)


def test_labels_that_cannot_be_learned_from_are_refused() -> None:
    one_class = labelled(cube())
    one_class = replace(one_class, labels=np.where(one_class.labels == 2, 2, 0))
    with pytest.raises(InputError, match="only class 2"):
        method("svm").fit([one_class], seed=0)
    with pytest.raises(InputError, match="3 labelled pixels with data for 3 classes"):
        method("svm").fit([labelled(cube(), num_per_class=1)], seed=0)
    with pytest.raises(InputError, match="no labelled pixel has data"):
        method("svm").fit([replace(one_class, labels=np.zeros((SIDE, SIDE), dtype=np.int32))], seed=0)


def test_layers_carry_names_and_units() -> None:
    fitted = method("lda").fit([labelled(cube())], seed=0)
    scene = cube()
    layers = fitted.layers(fitted.finish(fitted.predict(scene, scene.window), scene, scene.window), None)
    assert [(layer.name, layer.kind, layer.units) for layer in layers] == [
        ("map", "classes", ""),
        ("confidence", "score", "probability"),
    ]
    assert layers[0].legend == LEGEND


def test_settings_come_from_plain_data_and_damage_is_told(tmp_path: Path) -> None:
    kind = type(method("mnf_superpixels"))
    assert structure({"sigmas": [1.0], "segment_sizes": [50]}, kind).segment_sizes == (50,)
    with pytest.raises(ConfigError, match="did you mean 'cost'"):
        structure({"cots": 1.0}, kind)
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path)
    method("svm").fit([labelled(cube())], seed=0).save(tmp_path)
    (tmp_path / "baseline.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"missing or damaged.*save the classifier again"):
        load(tmp_path)


def test_the_base_leaves_the_estimator_to_its_files() -> None:
    with pytest.raises(NotImplementedError):
        PixelClassifier().fit([labelled(cube())], seed=0)


def test_baselines_do_not_import_torch() -> None:
    names = [f"hypersigma.baselines.{name}" for name in NAMES]
    code = f"import sys\nfor name in {names}: __import__(name)\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_strong_chain_reaches_its_figure_on_indian_pines() -> None:
    from hypersigma.data.sampling import SplitConfig, folds, only
    from hypersigma.data.scenes import indian_pines

    pytest.importorskip("tensorly", reason="carries the Indian Pines arrays")
    (scene,) = indian_pines.load()
    ((split,),) = folds([scene.labels], SplitConfig(), 100)
    fitted = registry.load("hypersigma.baselines", "mnf_superpixels").METHOD.fit([only(scene, split.train)], 100)
    found = fitted.finish(fitted.predict(scene.cube, scene.cube.window), scene.cube, scene.cube.window)["map"]
    assert (found == scene.labels)[split.test].mean() > 0.87

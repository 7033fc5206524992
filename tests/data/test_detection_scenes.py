"""The benchmark scenes for detection hold what everyone knows them by, and draw their targets by the seed alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.detection import DetectionScene, only_scene
from hypersigma.data.scenes import _abu, hydice_urban, hysu, muufl_targets, san_diego_targets
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.targets import Target
from hypersigma.errors import ConfigError, InputError
from tests.shared import data_path

ROOM = "hypersigma.data.scenes"
# pixels of anomalies, and the area under the curve of the global RX detector
KNOWN = {
    "abu_airport_1": (144, 0.8236),
    "abu_airport_2": (87, 0.8436),
    "abu_airport_3": (170, 0.9290),
    "abu_airport_4": (60, 0.9542),
    "abu_beach_1": (19, 0.9793),
    "abu_beach_2": (202, 0.9109),
    "abu_beach_3": (11, 0.9998),
    "abu_urban_1": (67, 0.9907),
    "abu_urban_2": (155, 0.9947),
    "abu_urban_3": (52, 0.9525),
    "abu_urban_4": (272, 0.9887),
    "abu_urban_5": (232, 0.9693),
    "san_diego": (58, 0.8900),
    "hydice_urban": (17, 0.9932),
}


@pytest.fixture
def real_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes are read from where the real data lie."""
    monkeypatch.setenv("HYPERSIGMA_DATA", str(data_path()))


real = pytest.mark.usefixtures("real_data")


def global_rx(cube: Cube) -> np.ndarray:
    """Mahalanobis distances from the mean of all pixels (Reed and Yu, 1990), the diagonal loaded with 1e-6 of its mean.

    The known figures are so: without the load they differ by up to 0.003, as the bands are nearly dependent.
    """
    pixels = cube.read().reshape(cube.shape[0], -1).astype(np.float64)
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    covariance = np.cov(pixels)
    covariance += 1e-6 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return np.einsum("bn,bn->n", centred, np.linalg.solve(covariance, centred))


def angles(scene: DetectionScene) -> np.ndarray:
    """The cosine of the angle between each pixel (rows * cols) and the target."""
    pixels = scene.cube.read().reshape(scene.cube.shape[0], -1).astype(np.float64)
    spectrum = scene.target.spectrum
    return spectrum @ pixels / np.linalg.norm(pixels, axis=0) / np.linalg.norm(spectrum)


def auc(scores: np.ndarray, scene: DetectionScene) -> float:
    counted = np.ones(scores.shape, dtype=bool) if scene.ignored is None else ~scene.ignored.ravel()
    return roc_auc_score(scene.truth.ravel()[counted], scores[counted])


@real
@pytest.mark.parametrize("name", KNOWN)
def test_anomalies_are_as_hard_to_find_as_known(name: str) -> None:
    module = registry.load(ROOM, name)
    scene = only_scene(module.draw("published", seed=3))
    count, figure = KNOWN[name]
    assert int(scene.truth.sum()) == count
    assert (scene.target, scene.ignored) == (None, None)
    assert auc(global_rx(scene.cube), scene) == pytest.approx(figure, abs=6e-5)
    assert (scene.cube.name, module.APPROXIMATE) == (name, True)
    assert scene.cube.notes == ("wavelengths are approximate, as the file holds none",)
    assert scene.cube.valid.all()


@real
@pytest.mark.parametrize("name", [name for name in KNOWN if name.startswith("abu")])
def test_water_vapour_absorbs_about_where_wavelengths_say(name: str) -> None:
    (scene,) = registry.load(ROOM, name).load()
    mean, centres = scene.cube.read().mean(axis=(1, 2)), scene.cube.wavelengths
    for feature in (940.0, 1135.0):
        near = np.flatnonzero(np.abs(centres - feature) < 90)
        # against a line across the feature, as the light itself falls
        line = np.interp(centres[near], centres[near[[0, -1]]], mean[near[[0, -1]]])
        assert abs(centres[near[np.argmin(mean[near] / line)]] - feature) < 40


@real
def test_leaves_turn_bright_at_the_red_edge_of_hydice() -> None:
    (scene,) = hydice_urban.load()
    steps = np.diff(np.log(scene.cube.read().mean(axis=(1, 2))))
    assert 690 < scene.cube.wavelengths[np.argmax(steps)] < 760


def test_wavelengths_of_abu_leave_out_where_water_absorbs() -> None:
    for count in (188, 191, 193, 204, 205, 207):
        centres = _abu.centres(count)
        assert len(centres) == count
        assert (np.diff(centres) > 5).all()
        assert not ((centres > 1352) & (centres < 1408)).any()
        assert not ((centres > 1822) & (centres < 1913)).any()
        assert 2400 < centres[-1] < 2500


@real
def test_pixels_drawn_of_any_aircraft() -> None:
    scenes = [only_scene(san_diego_targets.draw("random", seed)) for seed in range(5)]
    for scene in scenes:
        assert len(scene.target.spectra) == 3
        np.testing.assert_array_equal(scene.ignored, scene.target.pixels)
        assert scene.truth[scene.ignored].all()
        assert int(scene.truth.sum()) == 58
    figures = [auc(angles(scene), scene) for scene in scenes]
    assert (np.mean(figures), np.std(figures)) == pytest.approx((0.9976, 0.0009), abs=6e-5)
    (again,) = san_diego_targets.draw("random", 0)
    np.testing.assert_array_equal(again.target.spectra, scenes[0].target.spectra)
    assert len({scene.target.names for scene in scenes}) == 5


@real
def test_pixels_drawn_of_one_aircraft() -> None:
    ignored, figures = set(), []
    for seed in range(12):
        scene = only_scene(san_diego_targets.draw("fields", seed))
        objects, count = ndimage.label(scene.truth, np.ones((3, 3)))
        assert count == 3
        (aircraft,) = np.unique(objects[scene.target.pixels])
        np.testing.assert_array_equal(scene.ignored, objects == aircraft)
        assert len(scene.target.spectra) == 3
        ignored.add(int(aircraft))
        figures.append(auc(angles(scene), scene))
    assert ignored == {1, 2, 3}
    assert (np.mean(figures[:5]), np.std(figures[:5])) == pytest.approx((0.9975, 0.0005), abs=6e-5)


@real
def test_every_material_of_hysu_has_its_spectrum_and_mask() -> None:
    scenes = hysu.draw("published", 0)
    assert [scene.cube.name for scene in scenes] == [
        "bitumen",
        "red_metal_sheets",
        "blue_fabric",
        "red_fabric",
        "green_fabric",
    ]
    assert [int(scene.truth.sum()) for scene in scenes] == [71, 67, 61, 70, 50]
    figures = [auc(angles(scene), scene) for scene in scenes]
    np.testing.assert_allclose(figures, [0.823, 0.845, 0.864, 0.941, 0.799], atol=6e-4)
    assert all(scene.truth.ravel()[np.argmax(angles(scene))] for scene in scenes)


@real
def test_targets_of_hysu_lie_in_five_sizes() -> None:
    sizes = hysu.sizes()
    assert [int((sizes == size).sum()) for size in range(1, 6)] == [134, 81, 24, 11, 11]
    assert all((sizes[scene.truth] > 0).all() for scene in hysu.load())


@real
def test_the_target_of_muufl() -> None:
    scene = only_scene(muufl_targets.draw("published", 0))
    assert scene.cube.shape == (72, 36, 36)
    assert int(scene.truth.sum()) == 3
    assert scene.target.names == ("target",)
    assert auc(angles(scene), scene) == pytest.approx(0.623, abs=6e-4)


@real
@pytest.mark.parametrize("name", [*KNOWN, "san_diego_targets", "hysu", "muufl_targets"])
def test_protocols_that_a_scene_does_not_have(name: str) -> None:
    module = registry.load(ROOM, name)
    with pytest.raises(ConfigError, match=f"{name} has no protocol 'tiles': known: {'|'.join(module.PROTOCOLS)}"):
        module.draw("tiles", 0)


def test_folders_are_named_or_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HYPERSIGMA_DATA", raising=False)
    with pytest.raises(InputError, match="the maps are not shipped: name the folder that holds here/a.mat and here/b"):
        folder_of("the maps", "here", ("a.mat", "b/"), None)
    with pytest.raises(InputError, match=r"expected a folder with a.mat and b/, or one that holds here/ with them"):
        folder_of("the maps", "here", ("a.mat", "b/"), tmp_path)
    (tmp_path / "here" / "b").mkdir(parents=True)
    (tmp_path / "here" / "a.mat").touch()
    assert folder_of("the maps", "here", ("a.mat", "b/"), tmp_path) == tmp_path / "here"
    monkeypatch.setenv("HYPERSIGMA_DATA", str(tmp_path / "here"))
    assert folder_of("the maps", "here", ("a.mat", "b/"), None) == tmp_path / "here"


CUBE = Cube.from_array(np.ones((4, 2, 3)), name="field")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"truth": np.zeros((3, 2), dtype=bool)},
            r"truth: an array of shape \(3, 2\) .*field needs booleans of 2 rows",
        ),
        ({"ignored": np.zeros((2, 3))}, "ignored pixels: .*type float64"),
        ({"target": Target(np.ones((1, 5)))}, "the target has 5 bands, the scene field 4"),
        ({"target": Target(np.ones((1, 4)), pixels=np.ones((2, 2), dtype=bool))}, "target pixels: an array"),
    ],
)
def test_a_scene_checks_itself(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        DetectionScene(CUBE, **fields)


def test_a_detector_learns_from_one_scene() -> None:
    scene = DetectionScene(CUBE)
    assert only_scene([scene]) is scene
    with pytest.raises(InputError, match="2 scenes; a detector learns"):
        only_scene([scene, scene])

"""Restorations that a network corrects: it begins with what is corrected, goes on where it stopped, and is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.lessons import Directions, Lesson, Lessons, apart
from hypersigma.data.restoration import RestorationScene
from hypersigma.engine.methods import network_method, structured
from hypersigma.engine.model import load_model
from hypersigma.engine.predict import predict_scene
from hypersigma.engine.run import run
from hypersigma.errors import ConfigError, InputError, WeightsError
from hypersigma.tasks._corrector import Corrector
from hypersigma.tasks._restoration import RestorationMethod
from hypersigma.tasks.denoising.config import DenoisingConfig
from hypersigma.tasks.denoising.task import Denoising
from tests.fakes.fields import crops, field_cube
from tests.fakes.networks import toy_size
from tests.fakes.sharp import coarse, companion

TRAINING = {"steps": 3, "warmup": 1}
SMALL = {
    "size": "toy",
    "mode": "trained",
    "tile": 16,
    "overlap": 4,
    "crops_per_batch": 1,
    "draws": 1,
    "training": TRAINING,
}
DENOISE = SMALL | {"subspace": {"rounds": 1, "patches": {"reach": 4, "sides": [4], "members": [12]}}}
SHARPEN = {key: value for key, value in SMALL.items() if key != "draws"}
NOISY = field_cube(crops())
BARE = Cube.from_array(NOISY.read(), name="bare")
KINDS = [("denoising", NOISY, {}, DENOISE), ("super_resolution", coarse(4), {"scale": 2}, SHARPEN)]


@pytest.fixture(autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


def layer(result: Any) -> np.ndarray:
    array: np.ndarray = next(iter(result.layers.values())).array
    return array


def restored(task: str, cube: Cube, config: dict[str, Any], given: dict[str, Any], **how: Any) -> tuple[Any, Any]:
    """What is fitted on a scene, and the restored scene; a report would restore it again and again."""
    (scene,) = registry.load("hypersigma.tasks", task).load_inputs([cube], **given)
    fitted: Any = network_method(task, config, **how).fit([scene], 0)
    return fitted, next(iter(predict_scene(fitted, cube).values()))


@pytest.mark.parametrize(("task", "cube", "given", "config"), KINDS)
def test_a_scene(task: str, cube: Cube, given: dict[str, Any], config: dict[str, Any], tmp_path: Path) -> None:
    result = run(task, cube, config=config, weights="none", **given)
    assert result.report.settings["method"] == "hypersigma-toy"
    (note,) = [note for note in result.report.notes if "network learned on the scene in 3 steps" in note]
    assert "kept apart" in note
    np.testing.assert_array_equal(restored(task, cube, config, given, weights="none")[1], layer(result))
    result.save(tmp_path / "out")
    model = load_model(tmp_path / "out", device="cpu")
    np.testing.assert_array_equal(layer(model.predict(cube)), layer(result))
    (tmp_path / "out" / "model" / "restoration.safetensors").unlink()
    with pytest.raises(WeightsError):
        load_model(tmp_path / "out")


@pytest.mark.parametrize(("task", "cube", "given", "config"), KINDS)
def test_what_is_added_begins_at_nothing(task: str, cube: Cube, given: dict[str, Any], config: dict[str, Any]) -> None:
    _, plain = restored(task, cube, config | {"mode": "frozen"}, given)
    slow = config | {"training": TRAINING | {"learning_rate": 1e-12, "weight_decay": 0.0}}
    fitted, found = restored(task, cube, slow, given, weights="none")
    np.testing.assert_allclose(found, plain, atol=1e-6)
    fitted.corrector.share.fill_(1.0)
    fitted.corrector.network.last.weight.data.normal_()
    assert np.abs(next(iter(predict_scene(fitted, cube).values())) - plain).max() > 1e-4


def test_the_shipped_weights_are_begun_with_where_wavelengths_are_known() -> None:
    chosen = network_method("denoising", DENOISE | {"size": "tiny"})

    assert chosen.chosen_weights([RestorationScene(cube=NOISY)]) == "tiny"
    assert chosen.chosen_weights([RestorationScene(cube=BARE)]) is None


def test_a_scene_without_wavelengths_and_another_with_other_bands() -> None:
    fitted, found = restored("denoising", BARE, DENOISE, {})
    assert np.isfinite(found).all()
    with pytest.raises(InputError, match="50 bands that can be used, and the network was trained on 60"):
        predict_scene(fitted, Cube.from_array(NOISY.read()[:50]))


def test_pixels_without_data_stay_without() -> None:
    image = NOISY.read()
    image[:, 3:6, 4] = np.nan
    image[5, 7, 8] = np.nan
    _, found = restored("denoising", Cube.from_array(image, NOISY.wavelengths), DENOISE, {}, weights="none")
    np.testing.assert_array_equal(np.isnan(found), np.isnan(image))
    sharp = coarse(4).read()
    sharp[:, 2, 3] = np.nan
    _, wide = restored("super_resolution", Cube.from_array(sharp), SHARPEN, {"scale": 2})
    np.testing.assert_array_equal(np.isnan(wide), np.isnan(sharp).repeat(2, axis=1).repeat(2, axis=2))


def test_what_is_interrupted_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hypersigma.engine.loop._SAVE_EVERY", 2)
    given = ("super_resolution", coarse(4), SHARPEN, {"scale": 2})
    _, whole = restored(*given, weights="none")

    def stop(phase: str, done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restored(*given, weights="none", progress=stop, work=tmp_path)
    seen: list[int] = []
    _, again = restored(*given, weights="none", progress=lambda phase, done, total: seen.append(done), work=tmp_path)
    np.testing.assert_array_equal(again, whole)
    assert seen == [3]


def test_mistakes() -> None:
    with pytest.raises(InputError, match="with a companion nothing is trained"):
        run("super_resolution", coarse(4), companion=companion(), config=SHARPEN)
    with pytest.raises(ConfigError, match="the scale is 3; a network is trained for scales of 2, 4, 8"):
        run("super_resolution", coarse(4), scale=3, config=SHARPEN)
    with pytest.raises(InputError, match="to learn on it made 8 times coarser, 32 each way are needed"):
        run("super_resolution", coarse(4), scale=8, config=SHARPEN)
    with pytest.raises(ConfigError, match="takes no weights; leave them out, or add  --set mode=trained"):
        run("denoising", NOISY, weights="tiny")


def test_only_what_holds_on_squares_kept_apart_is_used() -> None:
    """Answers that are right are used as they are, twice too large ones to a half, wrong ones not at all."""
    generator = np.random.default_rng(100)
    missed = generator.standard_normal((2, 32, 32), dtype=np.float32)
    lesson = Lesson(missed, missed[:, None], missed, np.ones((32, 32), dtype=bool))
    lessons = Lessons(
        directions=Directions(np.zeros(2), np.eye(2)), weights=np.full(2, 0.5), parts=[lesson], trials=[lesson]
    )
    corrector = Corrector(DenoisingConfig(tile=16), 2, 1, 1)
    view = corrector.view(Cube.from_array(missed), lessons.directions)
    for answer, share in ((missed, 1.0), (2 * missed, 0.5), (-missed, 0.0), (0 * missed, 0.0)):
        corrector.added = lambda *told, answer=answer: answer  # type: ignore[method-assign]
        settled = corrector.settle([(lessons, view)])
        assert settled.share == pytest.approx(share)
        assert float(corrector.share) == pytest.approx(settled.share)
        assert settled.gain >= 0


def test_a_lesson_in_parts_and_turned() -> None:
    fine = np.arange(2 * 8 * 12, dtype=np.float32).reshape(2, 8, 12)
    lesson = Lesson(fine[:, ::2, ::2], fine[:, None], fine, np.ones((8, 12), dtype=bool))
    assert lesson.scale == 2
    part = lesson.part(1, 2, 2, 2)
    np.testing.assert_array_equal(part.missed, fine[:, 2:6, 4:8])
    for turn in range(8):
        for whole in (lesson, part):
            turned = whole.turned(turn)
            assert turned.coefficients.shape == whole.coefficients.shape
            np.testing.assert_array_equal(np.sort(turned.missed, axis=None), np.sort(whole.missed, axis=None))
    held = apart(lesson.known, 4)
    assert held.mean() == 0.25
    lessons = Lessons(directions=Directions(fine[0, 0], fine[0]), weights=np.ones(2), parts=[lesson], trials=[lesson])
    drawn = lessons.drawn(np.random.default_rng(0), 4, 3)
    assert drawn.missed.shape == (3, 2, 4, 4)
    assert drawn.coefficients.shape == (3, 2, 2, 2)
    for square, known in zip(drawn.missed, drawn.known, strict=True):
        assert not np.isin(square[:, known], fine[:, held]).any()


def test_lessons_and_trials_of_a_noisy_scene() -> None:
    """Of lessons the true images are known, of trials but for noise."""
    config = structured({**DENOISE, "draws": 2}, DenoisingConfig)
    restorer = RestorationMethod(task=Denoising, config=config).fit([RestorationScene(cube=NOISY)], 0)
    lessons = restorer.lessons(NOISY, np.random.default_rng(100))
    assert (len(lessons.parts), len(lessons.trials)) == (2, 2)
    errors = [np.square(part.missed).mean() for part in (*lessons.parts, *lessons.trials)]
    assert max(errors[:2]) < 1.0
    # of y - z / a over its level: (1 + 4) / 1.25, and what cleaning misses
    assert errors[2] == pytest.approx(4.0, rel=0.1)
    assert lessons.weights.sum() == pytest.approx(1.0)

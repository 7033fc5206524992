"""Networks as a method: fitted on few labels, any sensor, any size of scene, repeatable, resumable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hypersigma import mapped as mapped_module
from hypersigma.cube import Cube
from hypersigma.data.front_end import FrontEndConfig
from hypersigma.data.labels import LabelledScene
from hypersigma.engine import channels as channels_module
from hypersigma.engine import loop
from hypersigma.engine import predict as predict_module
from hypersigma.engine.ensemble import Ensemble
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.predict import predict_scene
from hypersigma.errors import ConfigError, InputError
from hypersigma.tiling import Window
from tests.fakes.fields import ENMAP_LIKE, crops, field_cube, field_scene
from tests.fakes.networks import FRONT_END, toy_method, toy_size

SCENE = field_scene()
TRUTH = crops()


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


@pytest.fixture(scope="module")
def fitted(_toy: None) -> NeuralFitted:
    return toy_method().fit([SCENE], 0)


def accuracy(fitted: NeuralFitted, scene: LabelledScene = SCENE) -> float:
    """On pixels that have no label."""
    found = predict_scene(fitted, scene.cube)["map"]
    return float((found == crops(*found.shape))[scene.labels == 0].mean())


def num_held(fitted: NeuralFitted) -> int:
    return sum(int((item.truth > 0).sum()) for item in fitted.held)


def state(fitted: NeuralFitted) -> list[torch.Tensor]:
    return [value for member in fitted.members for value in member.state_dict().values()]


def same(first: NeuralFitted, second: NeuralFitted) -> bool:
    return all(torch.equal(one, two) for one, two in zip(state(first), state(second), strict=True))


def test_a_few_labels_and_seconds_are_enough(fitted: NeuralFitted) -> None:
    assert accuracy(fitted) > 0.95
    assert len(fitted.members) == len(fitted.curves) == 2
    for curve in fitted.curves:
        assert [step for step, _ in curve] == list(range(25))
        assert curve[-1][1] < curve[0][1]
    assert {int(value) for item in fitted.held for value in np.unique(item.truth)} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    "changes",
    [
        {"head": "patch", "window": 5, "pixels_per_batch": 400},
        {"fusion": "none"},
        {"architecture": "published", "patch": 4},
        {
            "architecture": "published",
            "head": "patch",
            "patch": 2,
            "window": 7,
            "pixels_per_batch": 784,
            "num_members": 1,
        },
        {"architecture": "published", "fusion": "none", "patch": 4},
        {"front_end": FrontEndConfig(reduction="none")},
        {"front_end": FrontEndConfig(bands="native", reduction="pca", num_components=5)},
        {"front_end": FrontEndConfig(statistics="labelled", num_components=4), "num_members": 2},
    ],
    ids=str,
)
def test_every_kind_of_network_is_fitted_and_predicts(changes: dict[str, object]) -> None:
    found = toy_method(2, **{"num_members": 1} | changes).fit([SCENE], 0)
    for rows, cols in ((TRUTH.shape[0], 24), (9, 3), (1, 1)):
        cube = field_cube(TRUTH[:rows, :cols], noise=0.1)
        arrays = predict_scene(found, cube)
        assert arrays["map"].shape == (rows, cols)
        assert arrays["map"].min() >= 1
        assert arrays["map"].max() <= 3
        assert (arrays["confidence"] > 0.3).all()


def test_windows_are_looked_at_as_if_alone() -> None:
    """Head "patch" in batches of windows against every window by itself, the scene reflected around."""
    found = toy_method(3, head="patch", window=5, pixels_per_batch=400, num_members=1).fit([SCENE], 0)
    member = found.members[0]
    part = found.predict(SCENE.cube, Window(0, 0, 9, 10))
    channels = found.front_end.read(SCENE.cube, SCENE.cube.window)
    padded = torch.from_numpy(np.pad(channels, ((0, 0), (2, 2), (2, 2)), mode="reflect"))
    with torch.inference_mode():
        for row, col in ((0, 0), (4, 5), (8, 9)):
            alone = member(padded[None, :, row : row + 5, col : col + 5]).softmax(dim=1)[0]
            np.testing.assert_allclose(part[:3, row, col], alone, atol=1e-5)


# Smaller than a patch of 4, between, whole tiles of 16, and more.
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 15, 16, 17, 31, 33])
def test_no_size_of_scene_fails(fitted: NeuralFitted, rows: int) -> None:
    for cols in (1, 3, 6, 16, 20, 47):
        arrays = predict_scene(fitted, field_cube(crops(rows, cols)))
        assert arrays["map"].shape == (rows, cols)
        assert (arrays["map"] > 0).all()
        assert np.isfinite(arrays["confidence"]).all()


def test_storage_changes_nothing(fitted: NeuralFitted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels kept or not, results in memory or not, finished in blocks of any size."""
    cube = field_cube(crops(50, 70), seed=2)
    expected = predict_scene(fitted, cube)
    spread = replace(fitted, decision=replace(fitted.decision, fidelity=0.1))
    expected_spread = predict_scene(spread, cube)
    monkeypatch.setattr(mapped_module, "_MOST_IN_MEMORY", 0)
    monkeypatch.setattr(predict_module, "_FINISH_BLOCK", 23)
    mapped = predict_scene(replace(spread, _last=[]), cube)
    np.testing.assert_array_equal(mapped["map"], expected_spread["map"])
    np.testing.assert_array_equal(mapped["confidence"], expected_spread["confidence"])
    monkeypatch.setattr(channels_module, "_MOST_KEPT", 0)
    streamed = predict_scene(replace(fitted, _last=[]), cube)
    # Sums of bands in another order differ in their last digits.
    np.testing.assert_allclose(streamed["confidence"], expected["confidence"], atol=1e-4)
    assert (streamed["map"] == expected["map"]).mean() > 0.999


def test_channels_are_kept_for_the_last_scene(fitted: NeuralFitted) -> None:
    first, second = field_cube(TRUTH), field_cube(TRUTH, seed=1)
    alone = fitted.predict(first, Window(0, 0, 8, 8))
    fitted.predict(second, Window(0, 0, 8, 8))
    assert not np.array_equal(fitted.predict(second, Window(0, 0, 8, 8)), alone)
    np.testing.assert_array_equal(fitted.predict(first, Window(0, 0, 8, 8)), alone)


@pytest.mark.parametrize("head", ["dense", "patch"])
def test_pixels_without_data_get_no_class(head: str) -> None:
    found = toy_method(2, head=head, window=5, num_members=1, pixels_per_batch=500).fit([SCENE], 0)
    array = SCENE.cube.read().copy()
    array[7, 3:9, 4:6] = np.nan
    array[:, 30:, 40:] = np.nan
    missing = np.isnan(array).any(axis=0)
    cube = Cube.from_array(array, SCENE.cube.wavelengths)
    arrays = predict_scene(found, cube)
    np.testing.assert_array_equal(arrays["map"] == 0, missing)
    np.testing.assert_array_equal(np.isnan(arrays["confidence"]), missing)


def test_labels_without_data_are_left_out() -> None:
    array = SCENE.cube.read().copy()
    array[:, :, :24] = np.nan
    scene = LabelledScene(Cube.from_array(array, SCENE.cube.wavelengths), SCENE.labels, SCENE.legend)
    found = toy_method(1).fit([scene], 0)
    # Half of those with data are held out from one of the members, up to one a class.
    assert num_held(found) == pytest.approx((SCENE.labels[:, 24:] > 0).sum() / 2, abs=3)
    assert not any(item.truth[:, :24].any() for item in found.held)
    only_left = replace(scene, labels=np.where(np.arange(48) < 24, SCENE.labels, 0))
    with pytest.raises(InputError, match="of 0 classes, and two at least are needed"):
        toy_method(1, num_members=1).fit([only_left], 0)


def test_scenes_of_two_sensors() -> None:
    other = field_scene(33, 20, ENMAP_LIKE, seed=4)
    found = toy_method().fit([SCENE, other], 0)
    assert found.config.tile == 16
    for scene in (SCENE, other):
        assert accuracy(found, scene) > 0.9
    assert accuracy(found, field_scene(30, 30, ENMAP_LIKE, seed=7)) > 0.9


def test_scenes_without_wavelengths_get_native_bands() -> None:
    scene = field_scene(wavelengths=None)
    found = toy_method().fit([scene], 0)
    assert found.config.front_end.bands == "native"
    assert accuracy(found, scene) > 0.95
    with pytest.raises(InputError, match="has 80 bands, the model was fitted on 60"):
        found.predict(field_cube(TRUTH, ENMAP_LIKE), Window(0, 0, 4, 4))


def test_bands_that_a_scene_lacks(fitted: NeuralFitted) -> None:
    short = field_cube(TRUTH, np.linspace(410.0, 1000.0, 60))
    with pytest.raises(InputError, match="does not cover"):
        predict_scene(fitted, short)
    with pytest.raises(InputError, match="no wavelengths"):
        predict_scene(fitted, field_cube(TRUTH, None))


def test_a_scene_smaller_than_a_tile_makes_smaller_tiles() -> None:
    found = toy_method(1).fit([field_scene(10, 48)], 0)
    assert (found.tiling.tile, found.tiling.overlap) == (10, 4)


def test_a_single_member_holds_nothing_out() -> None:
    found = toy_method(2, num_members=1).fit([SCENE], 0)
    assert len(found.members) == 1
    assert found.held == ()
    assert (found.decision.fidelity, found.decision.temperature) == (0.0, 1.0)


def test_one_seed_gives_one_network_whatever_was_drawn_before(fitted: NeuralFitted) -> None:
    torch.manual_seed(99)
    before = torch.get_rng_state()
    short = toy_method(3)
    first = short.fit([SCENE], 5)
    # The caller's own random numbers go on as if nothing had been drawn.
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    again = short.fit([SCENE], 5)
    assert same(first, again)
    assert first.decision == again.decision
    assert not same(first, short.fit([SCENE], 6))
    one, two = first.members
    assert not torch.equal(next(one.parameters()), next(two.parameters()))


class Interrupted(Exception):
    """What happens to a run that somebody kills."""


@pytest.mark.parametrize("at", [4, 11, 14])
def test_a_killed_run_goes_on_as_if_it_had_not_been(at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY", 3)
    method = replace(toy_method(8), work=tmp_path / "work")
    expected = toy_method(8).fit([SCENE], 0)

    def kill(phase: str, done: int, total: int) -> None:
        assert (phase, total) == ("training", 16)
        if done == at:
            raise Interrupted

    with pytest.raises(Interrupted):
        replace(method, progress=kill).fit([SCENE], 0)
    told: list[int] = []
    resumed = replace(method, progress=lambda phase, done, total: told.append(done)).fit([SCENE], 0)
    assert told[0] > (at // 8) * 8 - 7
    assert len(told) < 16
    assert same(expected, resumed)
    assert resumed.curves == expected.curves
    assert resumed.decision == expected.decision


def test_other_work_is_not_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_SAVE_EVERY", 1)
    method = replace(toy_method(2), work=tmp_path)
    method.fit([SCENE], 0)
    files = set(tmp_path.iterdir())
    assert len(files) == 2
    method.fit([SCENE], 0)
    assert set(tmp_path.iterdir()) == files
    # Another seed, setting, label or scene of the same name is other work.
    labels = SCENE.labels.copy()
    labels.flat[np.flatnonzero(labels)[0]] = 0
    array = SCENE.cube.read() + 0.01
    other = Cube.from_array(array, SCENE.cube.wavelengths, name=SCENE.cube.name)
    changed = [
        (method, SCENE, 1),
        (replace(method, config=replace(method.config, noise=0.5)), SCENE, 0),
        (method, replace(SCENE, labels=labels), 0),
        (method, replace(SCENE, cube=other), 0),
    ]
    for count, (other_method, scene, seed) in enumerate(changed, start=2):
        other_method.fit([scene], seed)
        assert len(set(tmp_path.iterdir())) == 2 * count


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta"])
def test_a_device_that_is_not_there(device: str) -> None:
    method = NeuralMethod(task=toy_method().task, config=toy_method().config, device=device)
    with pytest.raises(ConfigError, match=f"device '{device}'"):
        method.fit([SCENE], 0)


def test_training_that_diverges_says_so() -> None:
    training = replace(toy_method().config.training, learning_rate=1e30, clip=0.0)
    with pytest.raises(ConfigError, match=r"training diverged: the loss is .* lower training\.learning_rate"):
        toy_method(training=training).fit([SCENE], 0)


def test_quantities_of_a_window_do_not_depend_on_channels_around(fitted: NeuralFitted) -> None:
    """A dense network sees its window and nothing else."""
    reader = channels_module.Channels(fitted.front_end, SCENE.cube)
    window = Window(3, 5, 16, 16)
    with torch.inference_mode():
        image = torch.from_numpy(np.ascontiguousarray(reader.read(window)))[None]
        alone = fitted.members[0].quantities(image)[0].numpy()
    np.testing.assert_array_equal(Ensemble(fitted.members).begin(reader, window)()[0], alone)


def test_labels_may_be_held_out_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    from hypersigma.engine import neural

    whole = toy_method(1, front_end=FRONT_END).fit([SCENE], 0)
    monkeypatch.setattr(neural, "_HELD_BLOCK", 20)
    found = toy_method(1, front_end=FRONT_END).fit([SCENE], 0)
    assert num_held(found) == num_held(whole) > 0
    assert len(found.held) > 4

"""Images through a card that is slow and does its queues in any order that it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hypersigma.cube import Cube
from hypersigma.engine import features, fitted
from hypersigma.engine.features import load_backbone
from hypersigma.engine.predict import blended, predict_scene
from hypersigma.engine.tile_pipe import TilePipe, recorded
from hypersigma.tiling import Window
from tests.fakes.fields import crops, field_cube, field_scene
from tests.fakes.networks import toy_method, toy_size

CPU = torch.device("cpu")


@dataclass
class Card:
    """Does nothing before it has to, and then the work of whichever queue is drawn, as far as queues wait for none."""

    draw: Callable[[int], int]
    queues: list[Queue] = field(default_factory=list)

    def three(self) -> tuple[Queue, Queue, Queue]:
        self.queues = [Queue(self) for _ in range(3)]
        return self.queues[0], self.queues[1], self.queues[2]

    def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            able = [queue for queue in self.queues if queue.able]
            able[self.draw(len(able))].step()


@dataclass
class Mark:
    queue: Queue
    count: int

    @property
    def reached(self) -> bool:
        return self.queue.done >= self.count

    def synchronize(self) -> None:
        self.queue.card.until(lambda: self.reached)


@dataclass(eq=False)
class Queue:
    card: Card
    work: list[Callable[[], object] | Mark] = field(default_factory=list)
    done: int = 0

    @property
    def able(self) -> bool:
        if self.done == len(self.work):
            return False
        following = self.work[self.done]
        return following.reached if isinstance(following, Mark) else True

    def step(self) -> None:
        following = self.work[self.done]
        self.done += 1
        if not isinstance(following, Mark):
            following()

    def put(self, work: Callable[[], object]) -> None:
        self.work.append(work)

    def mark(self) -> Mark:
        return Mark(self, len(self.work))

    def wait(self, mark: Mark) -> None:
        self.work.append(mark)


def pipe(function: Callable[[Tensor], Tensor], draw: Callable[[int], int]) -> TilePipe:
    """A pipe to such a card, which records a function in memory that every call overwrites, as graphs do."""

    def record(function: Callable[[Tensor], Tensor], example: Tensor) -> Callable[[Tensor], Tensor]:
        static, answer = example.clone(), function(example).clone()

        def replayed(image: Tensor) -> Tensor:
            static.copy_(image)
            return answer.copy_(function(static))

        return replayed

    return TilePipe(function, CPU, Card(draw).three(), record)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), sides=st.lists(st.sampled_from([2, 3]), min_size=1, max_size=9))
def test_answers_are_those_of_the_function_whenever_they_are_asked_for(data: st.DataObject, sides: list[int]) -> None:
    through = pipe(lambda image: image.square().sum(dim=1), lambda most: data.draw(st.integers(0, most - 1)))
    images = [torch.full((1, 2, side, side), float(number)) for number, side in enumerate(sides)]
    answers = []
    for number, image in enumerate(images):
        answers.append(through.begin(image))
        if data.draw(st.booleans()):
            answers[data.draw(st.integers(0, number))]()
        image.fill_(-1)  # what was begun no longer needs it
    for number, (side, answer) in enumerate(zip(sides, answers, strict=True)):
        np.testing.assert_array_equal(answer(), np.full((1, side, side), 2.0 * number**2))
        np.testing.assert_array_equal(answer(), answer())


def test_an_image_is_begun_before_the_answer_to_the_last_one_has_come() -> None:
    through = pipe(lambda image: image + 1, lambda most: most - 1)
    first = through.begin(torch.zeros(1, 1, 2, 2))
    computing = through._computing
    assert isinstance(computing, Queue)
    through.begin(torch.ones(1, 1, 2, 2))
    assert computing.done == 0
    assert first().sum() == 4
    # of the second no more was done than had to be
    assert computing.done < len(computing.work)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> list[TilePipe]:
    """Networks and encoders go through pipes to such a card, though they lie in the host's memory."""
    made: list[TilePipe] = []

    def pipe_to(function: Callable[[Tensor], Tensor], device: torch.device) -> TilePipe:
        made.append(pipe(function, lambda most: most - 1))
        return made[-1]

    monkeypatch.setattr(fitted.NeuralFitted, "_device", torch.device("cuda"))
    monkeypatch.setattr(fitted, "TilePipe", pipe_to)
    monkeypatch.setattr(features, "TilePipe", pipe_to)
    return made


def test_a_scene_through_a_pipe_is_that_without(card: list[TilePipe], monkeypatch: pytest.MonkeyPatch) -> None:
    array = field_cube(crops(45, 37), seed=9).read()
    array[:, :16, :16] = np.nan
    array[:, 20:22, 30:31] = np.nan
    cube = Cube.from_array(array, field_scene().cube.wavelengths)
    with toy_size():
        model = toy_method(5, num_members=2).fit([field_scene()], 3)
        found = predict_scene(model, cube)
        monkeypatch.undo()
        expected = predict_scene(model, cube)
    assert len(card) == 1
    np.testing.assert_array_equal(found["map"], expected["map"])
    np.testing.assert_allclose(found["confidence"], expected["confidence"], atol=1e-6)


def test_features_through_a_pipe_are_those_without(card: list[TilePipe], monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = load_backbone("tiny", "cpu")
    cube = field_cube(crops(70, 40), seed=9)
    found = blended(_through(extractor, cube), cube.window, extractor.tile, extractor.overlap)
    np.testing.assert_array_equal(found, extractor.features(cube))


def _through(extractor, cube):
    """What describes a tile of a scene through a pipe."""
    tile = extractor._tiles(cube)
    channels, function, _ = tile.args
    return lambda window: extractor._tile(channels, function, features.TilePipe(function, CPU), window)


def test_what_cannot_be_recorded_is_computed_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Without a card, as on a card that refuses."""

    def function(image: Tensor) -> Tensor:
        return image + 1

    with caplog.at_level("WARNING"):
        assert recorded(function, torch.zeros(1, 1, 2, 2)) is function
    assert "not recorded as a CUDA graph" in caplog.text


def test_windows_are_answered_in_their_order() -> None:
    """Some at once, some under way."""
    begun: list[int] = []

    def said(window: Window) -> np.ndarray | Callable[[], np.ndarray]:
        begun.append(window.row)
        values = np.full((1, window.height, window.width), window.row, dtype=np.float32)
        return values if window.row % 3 == 0 else lambda: values

    found = blended(said, Window(0, 0, 9, 1), 1, 0)
    assert begun == list(range(9))
    np.testing.assert_array_equal(found[0, :, 0], np.arange(9))

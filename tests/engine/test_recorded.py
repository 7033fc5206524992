"""Records of networks: what they play is what the network would say, of every image."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from hypersigma.data.front_end import fit_front_end
from hypersigma.engine import asked, ensemble
from hypersigma.engine.features import load_backbone
from hypersigma.engine.known_bands import KnownBands
from hypersigma.engine.predict import predict_scene
from hypersigma.engine.recorded import Function, Recorded, cuda_graph, recorded
from hypersigma.engine.transfer import PinnedLane
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.nn.packed import unpacked
from hypersigma.registry import load
from tests.fakes.cards import Graph, LateCard, NothingForTheHost, recording
from tests.fakes.encoders import save
from tests.fakes.fields import LEGEND, field_scene
from tests.fakes.networks import FRONT_END, toy_method, toy_size

SCENE = field_scene()


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """The records that are made, by a processor instead of a card."""
    made: list[Graph] = []

    def new() -> Graph:
        made.append(Graph())
        return made[-1]

    monkeypatch.setattr(torch.cuda, "CUDAGraph", new)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    return made


def test_on_a_processor_nothing_is_recorded() -> None:
    def function(image: Tensor) -> Tensor:
        return image

    assert recorded(function, torch.device("cpu")) is function
    assert isinstance(recorded(function, torch.device("cuda")), Recorded)


def test_a_shape_that_comes_again_is_recorded_once_and_played(graphs: list[Graph]) -> None:
    calls = []

    def function(image: Tensor) -> Tensor:
        calls.append(image.shape)
        return (image @ image.mT + 1.0).relu_()

    played = Recorded(function, cuda_graph)
    told = []
    for side in (3, 3, 3, 3, 2, 2, 3):
        image = torch.randn(side, side)
        told.append((image, played(image)))
    # Compared at the end: a later image must change neither an earlier one nor what was said of it.
    for image, found in told:
        assert torch.equal(found, (image @ image.mT + 1.0).relu())
    assert [call[0] for call in calls] == [3, 3, 3, 2, 2, 2, 3], "as usual, for the record, to compare"
    assert [graph.num_replays for graph in graphs] == [4, 2], "one of each to compare"


def test_what_cannot_be_recorded_is_computed_as_usual(caplog: pytest.LogCaptureFixture) -> None:
    def refused(function: Function, image: Tensor) -> Function:
        raise RuntimeError("operation not permitted when stream is capturing")

    played = Recorded(torch.square, refused)
    with caplog.at_level(logging.INFO):
        assert [played(torch.full((1,), float(index))).item() for index in range(5)] == [0, 1, 4, 9, 16]
    assert caplog.text.count("not permitted when stream is capturing") == 1


def test_a_record_that_plays_something_else_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    played = Recorded(torch.square, lambda function, image: lambda image: 2 * image)
    assert [played(torch.full((1,), 3.0)).item() for _ in range(3)] == [9, 9, 9]
    assert caplog.text.count("its record is off") == 1


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> list[LateCard]:
    """The cards that whatever is asked lies on."""
    made: list[LateCard] = []

    def lane_to(device: torch.device) -> PinnedLane:
        made.append(LateCard())
        return PinnedLane(made[-1])

    def played(function: Function, device: torch.device) -> Function:
        card, player = made[-1], Recorded(function, cuda_graph)

        def computed(image: Tensor) -> Tensor:
            # how many numbers come out is known no sooner
            card.computing.finish()
            return player(image)

        return computed

    monkeypatch.setattr(asked, "lane_to", lane_to)
    monkeypatch.setattr(asked, "recorded", played)
    monkeypatch.setattr(
        ensemble, "_side_by_side", lambda members, image: ensemble._in_turn(members, ensemble._bands(members), image)
    )
    return made


def test_a_scene_on_a_card_is_that_on_a_processor(
    graphs: list[Graph], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """To the bit, through pinned buffers, records and a tile in advance; a part of the scene is without data."""
    fitted = toy_method(3, num_members=2, spreading=(0.1,)).fit([SCENE], 0)
    backbone = load_backbone(save(tmp_path, "spatial", "spectral"), "cpu")
    array = SCENE.cube.read()
    array[:, :20, :25] = np.nan
    cube = type(SCENE.cube).from_array(array, SCENE.cube.wavelengths, quantity="reflectance")
    expected, features = predict_scene(fitted, cube), backbone.features(cube)
    cards: list[LateCard] = request.getfixturevalue("cards")
    found = predict_scene(fitted, cube)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
    np.testing.assert_array_equal(backbone.features(cube), features)
    assert [len(card.pinned_memory) for card in cards] == [4, 4]
    assert [graph.num_replays > 1 for graph in graphs] == [True, True]


def without_numbers(network: torch.nn.Module) -> tuple[Any, KnownBands | None]:
    """A network on a device without numbers, and what it knows of bands."""
    there = [part.present.numpy() for part in network.modules() if isinstance(part, CanonicalImage)]
    moved = copy.deepcopy(unpacked(network)).to("meta")
    images = [part for part in moved.modules() if isinstance(part, CanonicalImage)]
    return moved, KnownBands(images[0].present, there[0]) if there else None


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        *product(
            ["classification", "anomaly_detection", "target_detection", "change_detection"],
            [{"embedding": "channels"}, {"embedding": "canonical"}, {"embedding": "canonical", "missing": "expected"}],
        ),
        ("classification", {"architecture": "published"}),
        ("anomaly_detection", {"architecture": "published"}),
        ("change_detection", {"architecture": "multispectral"}),
        ("unmixing", {"embedding": "canonical"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_networks_ask_nothing_of_the_host(task: str, changes: dict[str, Any]) -> None:
    """Or a card could not record them, and would be waited for in the middle of each tile."""
    room = load("hypersigma.tasks", task).TASK
    front_end = fit_front_end(FRONT_END, [SCENE.cube])
    member = room.build(room.Config(size="toy", front_end=FRONT_END, tile=16, overlap=4, **changes), front_end, LEGEND)
    network, known = without_numbers(member.eval())
    image = torch.empty(1, room.dates * front_end.num_channels, 16, 16, device="meta")
    asking_nothing(partial(network.quantities, image), known)


def test_encoders_ask_nothing_of_the_host() -> None:
    there = np.arange(100) % 7 > 0
    image = torch.empty(1, 100, 64, 64, device="meta")
    for encoder in load_backbone("tiny", "cpu").encoders:
        present = torch.empty(100, dtype=torch.bool, device="meta")
        asking_nothing(partial(unpacked(encoder).to("meta"), image, present), KnownBands(present, there))


def asking_nothing(call: Callable[[], Tensor], known: KnownBands | None) -> None:
    """Call twice; the first time, what is kept is brought to the device."""
    with torch.inference_mode(), known or torch.no_grad():
        call()
        with NothingForTheHost():
            call()

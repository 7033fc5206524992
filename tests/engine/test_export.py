"""Models as graphs: what is written says what the model says, without hypersigma and torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hypersigma import cli
from hypersigma.data.front_end import FrontEndConfig
from hypersigma.engine.export import formats, written
from hypersigma.engine.export.finishing import DetectionGraph, UnmixingGraph, finishing
from hypersigma.engine.export.front_end import FrontEndGraph
from hypersigma.engine.export.models import exportable
from hypersigma.engine.export.networks import EncodersGraph
from hypersigma.engine.export.stages import network_stage, stages_of
from hypersigma.engine.features import load_backbone
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.engine.run import run
from hypersigma.errors import InputError, MissingExtraError, OutputError
from hypersigma.tasks._detection_task import DetectionDecision
from hypersigma.tasks.classification.decision import Decision
from hypersigma.tasks.unmixing.task import UnmixingDecision
from tests.fakes.fields import crops, field_cube, field_scene, labelled
from tests.fakes.networks import FRONT_END, toy_method, toy_size

CUBE = field_cube(crops(45, 37), seed=9)
BLOCKED = "import sys; sys.modules['torch'] = sys.modules['hypersigma'] = None; sys.argv = sys.argv[1:]; "


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


@pytest.fixture(scope="module")
def saved(_toy: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "model"
    front_end = replace(FRONT_END, spreading=(0.0, 0.1), shapes=(1, 3))
    toy_method(5, spreading=(0.1,), num_members=2, front_end=front_end).fit([field_scene()], 3).save(folder)
    return folder


@pytest.fixture(scope="module")
def light(_toy: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose graphs are as small as can be: to trace and load them takes nearly all of the time."""
    folder = tmp_path_factory.mktemp("light") / "model"
    front_end = replace(FRONT_END, spreading=(0.0,), shapes=())
    settings = {"num_members": 1, "fusion": "none", "spreading": (0.0,), "front_end": front_end}
    toy_method(1, **settings).fit([field_scene()], 0).save(folder)
    return folder


def loaded(folder: Path) -> NeuralFitted:
    found = load_fitted(folder, "cpu")
    assert isinstance(found, NeuralFitted)
    return found


def test_the_predictor_needs_neither_hypersigma_nor_torch(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    out = tmp_path / "graphs"
    assert cli.main(["export", str(saved), "-o", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["deviation"] < 1e-5
    assert {"card.json", "front.onnx", "network.onnx", "finish.onnx", "labels.npz", "predict.py"} == set(told["files"])
    card = json.loads((out / "card.json").read_text())
    assert card["bands"]["count"] == 60
    assert card["names"] == ["corn", "grass", "woods"]
    # Another scene, and the one with the labels that the model was fitted on.
    for cube in (CUBE, field_scene().cube):
        array = cube.read()
        array[:, 10:13, 20:22] = np.nan
        if cube is not CUBE:
            array = cube.read()
        np.save(tmp_path / "scene.npy", array)
        code = BLOCKED + "import runpy; runpy.run_path(sys.argv[0], run_name='__main__')"
        places = [out / "predict.py", tmp_path / "scene.npy", tmp_path / "layers.npz"]
        subprocess.run([sys.executable, "-c", code, *places], check=True)
        layers = np.load(tmp_path / "layers.npz")
        expected = predict_scene(loaded(saved), type(cube).from_array(array, cube.wavelengths))
        np.testing.assert_array_equal(layers["map"], expected["map"])
        np.testing.assert_allclose(layers["confidence"], expected["confidence"], atol=1e-4)


def test_programs_of_torch_are_checked(saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "graphs"
    assert written.export(str(saved), out, "torch").deviation < 1e-5
    network = torch.export.load(out / "network.pt2").module()
    channels = loaded(saved).front_end.num_channels
    for batch in (1, 3, 7):
        assert network(torch.rand(batch, channels, 16, 16)).shape == (batch, 6, 16, 16)


def test_an_export_is_replaced_on_demand(light: Path, tmp_path: Path) -> None:
    out = tmp_path / "graphs"
    command = ["export", str(light), "-o", str(out), "--format", "torch"]
    assert cli.main(command) == 0
    assert json.loads((out / "card.json").read_text())["bands"]["count"] == 60
    assert cli.main(command) == 2
    assert cli.main([*command, "--sensor", "aviris", "--overwrite"]) == 0
    assert json.loads((out / "card.json").read_text())["bands"]["count"] != 60


@pytest.mark.parametrize(
    "changes",
    [
        {"reduction": "none", "bands": "native", "spreading": (0.0,), "shapes": ()},
        {"reduction": "pca", "spreading": (0.1,), "shapes": (1, 3), "num_components": 4},
        {"reduction": "mnf", "spreading": (0.0, 0.1, 0.01), "shapes": (), "num_components": 6, "num_spread": 3},
    ],
    ids=lambda changes: changes["reduction"],
)
def test_a_front_end_as_a_graph_gives_its_channels(changes: dict[str, Any]) -> None:
    from hypersigma.data.front_end import fit_front_end

    array = CUBE.read()
    array[5, 7, 9] = np.nan
    cube = type(CUBE).from_array(array, CUBE.wavelengths, np.full(60, 40.0))
    front_end = fit_front_end(FrontEndConfig(**changes), [cube])
    with torch.no_grad():
        channels, bonds = FrontEndGraph(front_end)(torch.from_numpy(array))
    np.testing.assert_allclose(channels.numpy(), front_end.read(cube, cube.window), atol=1e-3)
    known = front_end.bonds(cube, cube.window)
    np.testing.assert_allclose(bonds[0, :, :-1].numpy(), known.right, atol=1e-4)
    np.testing.assert_allclose(bonds[2, :-1].numpy(), known.down, atol=1e-4)


def test_many_tokens_and_missing_bands_in_onnx(tmp_path: Path) -> None:
    """Operations that ONNX lacks: a search on the band axis, weighted bags of rows."""
    pytest.importorskip("onnxscript")
    settings = {"num_members": 1, "patch": 1, "tile": 18, "embedding": "canonical"}
    stage = stages_of(toy_method(1, **settings).fit([field_scene()], 0))[1]
    file = formats.write("onnx", stage, formats.program(stage), tmp_path, "{}")
    channels = torch.rand(3, *stage.examples[0].shape[1:])
    (found,) = formats.runner("onnx", {"network": file}, [stage])("network", channels=channels.numpy())
    with torch.no_grad():
        np.testing.assert_allclose(found, stage.module(channels).numpy(), atol=1e-5)


def test_encoders_as_a_graph_give_their_features() -> None:
    extractor = load_backbone("tiny", "cpu")
    model = exportable("tiny")
    assert (model.layers, model.tile, model.overlap) == (("features",), extractor.tile, extractor.overlap)
    encoder = extractor.encoders[-1]
    present = model.stages[1].module.known
    stage = network_stage(EncodersGraph([encoder], present), int(present.sum()), 16)
    traced = formats.program(stage).module()
    with torch.no_grad():
        for batch in (2, 3):
            channels = torch.rand(batch, int(present.sum()), 16, 16)
            torch.testing.assert_close(traced(channels), stage.module(channels))


def test_decisions_as_graphs() -> None:
    scores = np.array([[[0.2, 0.9, np.nan]]], dtype=np.float32)
    decision = DetectionDecision(task="anomaly_detection", threshold=0.5, false_alarm_rate=0.01)
    graph = finishing(decision)
    assert isinstance(graph, DetectionGraph)
    expected = decision.finish(scores, None, None, None)  # type: ignore[arg-type]
    for name, values in zip(graph.layers, graph(torch.from_numpy(scores)), strict=True):
        np.testing.assert_array_equal(values.numpy(), expected[name])
    unmixing = finishing(UnmixingDecision())
    assert isinstance(unmixing, UnmixingGraph)
    abundances, residual, angle = unmixing(torch.tensor([[[0.2]], [[0.2]], [[7.0]], [[0.5]]]))
    assert (abundances.flatten().tolist(), residual.item(), angle.item()) == ([0.5, 0.5], 7.0, 0.5)
    # No label, no spreading, and the least temperature.
    plain = finishing(Decision(temperature=0.25))(torch.rand(4, 3, 3), torch.ones(4, 3, 3), torch.zeros(3, 3).int())
    assert set(plain[0].unique().tolist()) <= {1, 2}
    with pytest.raises(InputError, match="no exported form"):
        finishing(object())


def test_what_cannot_be_exported_says_why(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "graphs"
    truth = crops(20, 24)
    run("classification", field_cube(truth), labels=labelled(truth), method="lda").save(tmp_path / "lda")
    window = toy_method(1, num_members=1, head="patch", window=3, pixels_per_batch=100).fit([field_scene()], 0)
    window.save(tmp_path / "window")
    native = FrontEndConfig(bands="native", reduction="none", spreading=(0.0,), shapes=())
    toy_method(1, num_members=1, front_end=native).fit([field_scene()], 0).save(tmp_path / "native")
    for model, words, more in (
        (tmp_path / "lda", "is no network", ()),
        (tmp_path / "window", "head: patch", ()),
        (tmp_path / "nowhere", "neither a folder nor a size", ()),
        (tmp_path, "no model here", ()),
        (tmp_path / "native", "leave out --sensor", ("--sensor", "enmap")),
        (saved, "does not cover", ("--sensor", "sentinel2")),
    ):
        assert cli.main(["export", str(model), "-o", str(out), "--format", "torch", *more]) == 2
        assert words in capsys.readouterr().err
    assert cli.main(["export", str(saved), "-o", str(out), "--format", "tflite"]) == 2
    assert "tflite" in capsys.readouterr().err
    assert not out.exists()
    with pytest.raises(InputError, match="two dates"):
        stages_of(replace(loaded(saved), task=type("Pairs", (loaded(saved).task,), {"dates": 2})))


def test_a_wrong_export_is_not_kept(light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given: Any) -> formats.Run:
        right = formats.runner(*given)
        return lambda stage, **arrays: [
            part * (1.01 if part.dtype == np.float32 else 1) for part in right(stage, **arrays)
        ]

    monkeypatch.setattr(written, "runner", wrong)
    with pytest.raises(OutputError, match="differs from the model"):
        written.export(str(light), tmp_path / "graphs", "torch")
    assert not (tmp_path / "graphs").exists()


class Refused(torch.nn.Module):
    """A graph that ONNX has no operations for, and one that no tracer follows."""

    def __init__(self, traced: bool) -> None:
        super().__init__()
        self.traced = traced

    def forward(self, channels: torch.Tensor) -> torch.Tensor:
        return torch.linalg.pinv(channels) if self.traced else channels[channels > 0.5].sum() + len(channels)


def test_a_part_that_is_refused_is_named(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    with pytest.raises(InputError, match="'network' .* cannot be traced .* hypersigma predict"):
        formats.program(network_stage(Refused(False), 3, 4))
    stage = network_stage(Refused(True), 3, 4)
    with pytest.raises(InputError, match="'network' .* cannot be written as ONNX .*pinv.* --format torch"):
        formats.write("onnx", stage, formats.program(stage), tmp_path, "{}")


def test_what_onnx_needs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"hypersigma\[export\]"):
        formats.require("onnx")

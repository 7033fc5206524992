"""Fitted networks on disk: what is loaded predicts what was saved, and what is damaged says so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from hypersigma.cube import Cube
from hypersigma.data.front_end import FrontEndConfig
from hypersigma.engine import fitted as module
from hypersigma.engine.anchors import Anchors
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import ConfigError, HypersigmaError, InputError, WeightsError
from hypersigma.weights.store import load_tensors, save_tensors
from tests.fakes.fields import crops, field_cube, field_scene
from tests.fakes.networks import toy_method, toy_size

CUBE = field_cube(crops(21, 30), seed=8)


@pytest.fixture(scope="module", autouse=True)
def _toy() -> Iterator[None]:
    with toy_size():
        yield


@pytest.fixture(scope="module")
def fitted(_toy: None) -> NeuralFitted:
    return toy_method(5, spreading=(0.1,)).fit([field_scene()], 3)


@pytest.fixture(scope="module")
def saved(fitted: NeuralFitted, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "model"
    fitted.save(folder)
    return folder


def test_what_is_loaded_predicts_the_same_bits(fitted: NeuralFitted, saved: Path) -> None:
    expected = predict_scene(fitted, CUBE)
    # The output folder around the model serves as well.
    for folder in (saved, str(saved.parent)):
        found = load_fitted(folder, "cpu")
        assert isinstance(found, NeuralFitted)
        assert found.decision == fitted.decision
        assert found.tiling == fitted.tiling
        assert (found.config, found.legend, found.seed) == (fitted.config, fitted.legend, 3)
        for name, array in predict_scene(found, CUBE).items():
            np.testing.assert_array_equal(array, expected[name])


@pytest.mark.parametrize(
    "changes",
    [
        {"front_end": FrontEndConfig(bands="native", reduction="none", spreading=(0.0,), shapes=())},
        {"head": "patch", "window": 3, "pixels_per_batch": 100},
        {"architecture": "published", "patch": 4},
    ],
    ids=str,
)
def test_every_kind_of_network_is_loaded(changes: dict[str, object], tmp_path: Path) -> None:
    found = toy_method(1, num_members=1, **changes).fit([field_scene()], 0)
    found.save(tmp_path)
    expected, again = predict_scene(found, CUBE), predict_scene(load_fitted(tmp_path, "cpu"), CUBE)
    np.testing.assert_array_equal(expected["confidence"], again["confidence"])


def test_labels_stand_in_the_map_of_their_own_scene_alone(saved: Path, tmp_path: Path) -> None:
    """Labels that are wrong: the map of their scene keeps them, that of another scene never heard of them."""
    scene = field_scene()
    wrong = replace(scene, labels=np.where(scene.labels, 1 + scene.labels % 3, 0).astype(np.int32))
    labelled = scene.labels > 0
    model = load_fitted(saved, "cpu")
    assert isinstance(model, NeuralFitted)
    right = predict_scene(model, scene.cube)["map"]
    np.testing.assert_array_equal(right[labelled], scene.labels[labelled])
    replace(model, anchors=Anchors.of([wrong])).save(tmp_path)
    same = Cube.from_array(scene.cube.read(), scene.cube.wavelengths)
    found = predict_scene(load_fitted(tmp_path, "cpu"), same)["map"]
    np.testing.assert_array_equal(found[labelled], wrong.labels[labelled])
    other = predict_scene(load_fitted(tmp_path, "cpu"), field_cube(crops(), seed=8))["map"]
    np.testing.assert_array_equal(other, predict_scene(model, field_cube(crops(), seed=8))["map"])


def test_a_loaded_model_can_be_saved_again(saved: Path, tmp_path: Path) -> None:
    load_fitted(saved, "cpu").save(tmp_path / "again")
    for name in ("model.yaml", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def edited(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    """A change of the description."""

    def damage(folder: Path) -> None:
        path = folder / "model.yaml"
        description = yaml.safe_load(path.read_text())
        change(description)
        path.write_text(yaml.safe_dump(description))

    return damage


def without(*names: str) -> Callable[[Path], None]:
    """Numbers left out."""

    def damage(folder: Path) -> None:
        tensors = load_tensors(folder / "model.safetensors")
        kept = {key: value for key, value in tensors.items() if not key.startswith(names)}
        assert len(kept) < len(tensors)
        save_tensors(folder / "model.safetensors", kept)

    return damage


def truncated(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("damage", "error", "said"),
    [
        (lambda folder: (folder / "model.yaml").unlink(), InputError, "no model here"),
        (lambda folder: (folder / "model.yaml").write_text("{"), ConfigError, "model.yaml"),
        (lambda folder: (folder / "model.yaml").write_text(""), ConfigError, "this key is missing"),
        (edited(lambda it: it.update(format=3)), InputError, "written in format 3, this version reads 2; fit anew"),
        (edited(lambda it: it.update(task="clasification")), ConfigError, "did you mean 'classification'"),
        (edited(lambda it: it["config"].update(tyle=3)), ConfigError, "config: .*tyle.*did you mean 'tile'"),
        (edited(lambda it: it["decision"].pop("fidelity")), None, ""),
        (edited(lambda it: it["decision"].update(fidelity="no")), ConfigError, "decision: fidelity"),
        (edited(lambda it: it["config"].update(patch=8)), WeightsError, "do not fit the network .*size mismatch"),
        (edited(lambda it: it.update(num_members=3)), WeightsError, "do not fit the network .*Missing key"),
        (
            lambda folder: (folder / "model.safetensors").unlink(),
            WeightsError,
            "model.safetensors: there is no such file",
        ),
        (truncated, WeightsError, "model.safetensors: damaged or truncated"),
        (without("front_end.matrix"), WeightsError, "there is no front_end.matrix; fit and save again"),
        (without("anchors.0.places"), WeightsError, "there is no anchors.0.places; fit and save again"),
        (without("member.1."), WeightsError, "Missing key"),
    ],
)
def test_damage(
    damage: Callable[[Path], None], error: type[HypersigmaError] | None, said: str, saved: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved, folder)
    damage(folder)
    if error is None:
        load_fitted(folder, "cpu")
        return
    with pytest.raises(error, match=said) as caught:
        load_fitted(folder, "cpu")
    assert len(str(caught.value)) < 2000


def test_a_device_that_is_not_there(saved: Path) -> None:
    with pytest.raises(ConfigError, match="device 'cuda:99'"):
        load_fitted(saved, "cuda:99")


def test_the_description_comes_last(fitted: NeuralFitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full, no folder is left that passes for a model."""

    def full(path: Path, tensors: dict[str, torch.Tensor]) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(module, "save_tensors", full)
    with pytest.raises(OSError, match="no space"):
        fitted.save(tmp_path / "model")
    with pytest.raises(InputError, match="no model here"):
        load_fitted(tmp_path / "model")

"""Classification that begins with published encoders, read from files written by code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.engine.neural import NeuralMethod
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import InputError, WeightsError
from hypersigma.nn.mae import masking_encoder
from hypersigma.nn.resize import resize_patch
from hypersigma.palette import default_legend
from hypersigma.spectra import response_matrix, sensor_bands
from hypersigma.tasks._contract import TrainingConfig
from hypersigma.tasks.classification.config import ClassificationConfig
from hypersigma.tasks.classification.task import Classification
from hypersigma.weights.encoders import SHIPPED, load_encoders
from hypersigma.weights.official.pretrained import import_pretrained
from hypersigma.weights.pretrained import Pretrained
from tests.weights.published import SPATIAL, SPECTRAL, checkpoint

TINY = {"encoder": masking_encoder("tiny"), "channels": 100}
SHORT = ClassificationConfig(
    training=TrainingConfig(steps=2, warmup=0), num_members=2, tile=16, overlap=4, pixels_per_batch=512, detail=16
)
CENTRES = np.sort(sensor_bands("enmap")[0])


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both encoders of size tiny, imported from files in the published layout."""
    folder = tmp_path_factory.mktemp("weights")
    for config in (replace(SPATIAL, **TINY), replace(SPECTRAL, tokens=100, **TINY)):
        checkpoint(folder / "published.pth", config)
        pretrained, _ = import_pretrained(folder / "published.pth")
        pretrained.save(folder / pretrained.card.kind)
    return folder


def labelled(centres: np.ndarray | None = CENTRES, quantity: str = "counts", seed: int = 0) -> LabelledScene:
    """Two upright stripes with ten labels each, as EnMAP sees them."""
    truth = np.tile(1 + np.arange(24) // 12, (20, 1))
    waves = np.linspace(420, 2450, 224) if centres is None else centres
    spectra = np.stack([1500 + 500 * np.sin(waves / 300), 1500 + 500 * np.cos(waves / 300)])
    generator = np.random.default_rng(seed)
    array = spectra[truth - 1].transpose(2, 0, 1) + generator.normal(scale=50, size=(len(waves), 20, 24))
    cube = Cube.from_array(array.astype(np.float32), centres, quantity=quantity, name="stripes")
    chosen = np.zeros(truth.shape, dtype=np.int32)
    for value in (1, 2):
        pixels = generator.permutation(np.flatnonzero(truth == value))[:10]
        chosen.flat[pixels] = value
    return LabelledScene(cube, chosen, default_legend(("sine", "cosine")))


def method(weights: Path | str, config: ClassificationConfig = SHORT) -> NeuralMethod:
    return NeuralMethod(task=Classification, config=config, weights=str(weights), device="cpu")


def test_a_sensor_with_gaps_is_fitted_saved_and_predicted(weights: Path, tmp_path: Path) -> None:
    scene = labelled()
    fitted = method(weights).fit([scene], seed=0)
    assert fitted.config.embedding == "canonical"
    assert fitted.config.front_end == SHORT.front_end, "beside the encoders all channels are seen as ever"
    present = fitted.members[0].canonical.present
    assert 60 < int(present.sum()) < 80, "bands that air absorbs are not seen"
    arrays = predict_scene(fitted, scene.cube)
    assert set(np.unique(arrays["map"])) <= {1, 2}
    fitted.save(tmp_path / "model")
    again = predict_scene(load_fitted(tmp_path / "model", device="cpu"), scene.cube)
    np.testing.assert_array_equal(arrays["confidence"], again["confidence"])


def test_the_receipts_are_told(weights: Path) -> None:
    fitted = method(weights).fit([labelled(quantity="reflectance")], seed=0)
    told = "\n".join(fitted.notes)
    assert "weights of the spatial encoder: " in told
    assert "weights of the spectral encoder: " in told
    assert "pseudo-inverse, 192x100x4x4" not in told, "the patch is the weights' own"
    assert "fed counts / 4000, the scene holds numbers of kind 'reflectance'" in told


def build(weights: Path, scene: LabelledScene, config: ClassificationConfig) -> tuple[Classification, NeuralMethod]:
    fitted = method(weights, replace(config, training=TrainingConfig(steps=1, warmup=0, learning_rate=1e-12))).fit(
        [scene], seed=0
    )
    return fitted.members[0], fitted


def test_encoders_get_what_they_were_fed(weights: Path) -> None:
    """Bands come back from components as counts / 4000, and the encoder holds the weights of the file."""
    scene = labelled()
    member, fitted = build(weights, scene, replace(SHORT, patch=2))
    channels = fitted.front_end.read(scene.cube, scene.cube.window)
    image = member.canonical(torch.from_numpy(channels)[None])[0].detach().numpy()
    matrix, _ = response_matrix(CENTRES)
    present = member.canonical.present.numpy()
    wanted = np.tensordot(matrix, scene.cube.read(), 1)[present] / 4000
    # But for the noise of 50 counts, of which components leave a part behind.
    assert float(np.abs(image[present] - wanted).mean()) < 30 / 4000
    assert not image[~member.canonical.present.numpy()].any()
    state = Pretrained.load(weights / "spatial").state
    backbone = member.network.backbone
    torch.testing.assert_close(
        backbone.spatial.embed.weight, resize_patch(state["embed.weight"], 2, 2), atol=1e-6, rtol=0
    )
    name = "encoder.blocks.7.mlp.expand.weight"
    torch.testing.assert_close(backbone.spatial.state_dict()[name], state[name], atol=1e-6, rtol=0)


def test_bands_may_be_learned_anew(weights: Path) -> None:
    native = replace(SHORT, front_end=replace(SHORT.front_end, bands="native", num_components=5))
    fitted = method(weights, native).fit([labelled(centres=None)], seed=0)
    assert fitted.config.front_end == native.front_end
    assert "made for canonical bands" in fitted.notes[0]
    published = replace(SHORT, architecture="published", patch=2, overlap=0)
    fitted = method(weights, published).fit([labelled()], seed=0)
    assert fitted.config.front_end.reduction == "mnf"
    assert "made for canonical bands" in fitted.notes[0]


def test_the_spatial_encoder_alone_may_be_given(weights: Path) -> None:
    for config in (SHORT, replace(SHORT, fusion="none")):
        fitted = method(weights / "spatial", config).fit([labelled()], seed=0)
        assert [note.split(":")[0] for note in fitted.notes] == ["weights of the spatial encoder"]
    fitted = method(weights, replace(SHORT, fusion="none")).fit([labelled()], seed=0)
    assert len(fitted.notes) == 1, "a network without a spectral encoder takes no weights for it"


def test_a_scene_without_wavelengths_teaches(weights: Path) -> None:
    with pytest.raises(InputError, match="--wavelengths FIRST:LAST or --sensor NAME"):
        method(weights).fit([labelled(centres=None)], seed=0)


def test_the_network_takes_the_size_of_the_weights(weights: Path) -> None:
    config = replace(SHORT, size="small")
    assert Classification.for_weights(config, load(weights), [labelled()]).size == "tiny"


def test_weights_of_no_size_are_refused(weights: Path, tmp_path: Path) -> None:
    for folder, config in (
        ("spatial", replace(SPATIAL, channels=100)),
        ("spectral", replace(SPECTRAL, **TINY, tokens=100)),
    ):
        checkpoint(tmp_path / "published.pth", config)
        import_pretrained(tmp_path / "published.pth").pretrained.save(tmp_path / "two" / folder)
    with pytest.raises(WeightsError, match=r"width 64, depth 2.*tiny \(192, 12\)"):
        method(tmp_path / "two" / "spatial").fit([labelled()], seed=0)
    with pytest.raises(WeightsError, match="width 64, depth 2 and width 192, depth 12"):
        method(tmp_path / "two").fit([labelled()], seed=0)


def load(folder: Path):
    from hypersigma.weights.encoders import load_encoders

    return load_encoders(folder)


@pytest.mark.parametrize(
    ("asked", "change", "centres", "wanted"),
    [
        (None, {}, CENTRES, "tiny"),
        ("none", {}, CENTRES, None),
        ("elsewhere", {}, CENTRES, "elsewhere"),
        (None, {"size": "small"}, CENTRES, None),
        (None, {"architecture": "published"}, CENTRES, None),
        (None, {}, None, None),
    ],
    ids=["those that come along", "from scratch", "a folder", "a size without any", "published", "no wavelengths"],
)
def test_networks_begin_with_weights_that_suit(
    asked: str | None, change: dict[str, str], centres: np.ndarray | None, wanted: str | None
) -> None:
    chosen = NeuralMethod(task=Classification, config=replace(SHORT, **change), weights=asked, device="cpu")
    assert chosen.chosen_weights([labelled(centres=centres)]) == wanted


def test_the_weights_that_come_along_are_small_and_say_what_they_are() -> None:
    encoders = load_encoders("tiny")
    assert encoders.size == "tiny"
    assert encoders.radiometry == "reflectance"
    files = [path for path in (SHIPPED / "tiny").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 32e6
    card = (SHIPPED / "tiny" / "README.md").read_text(encoding="utf-8")
    assert all(word in card for word in ("## Data", "terms", "## Use", "## Curve", "## Recipe", "seed 0"))
    assert encoders.spatial is not None
    assert any("offsets" in name and bool(weight.any()) for name, weight in encoders.spatial.state.items())

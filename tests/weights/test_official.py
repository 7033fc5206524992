"""Published checkpoints: read safely, translated, given back."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hypersigma.errors import OutputError, WeightsError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.mae import SpatialMaskingConfig, SpectralMaskingConfig, masking_encoder
from hypersigma.weights.official.checkpoint import read_checkpoint, write_checkpoint
from hypersigma.weights.official.positions import published_spatial_positions
from hypersigma.weights.official.pretrained import import_pretrained, network_config, published_state
from hypersigma.weights.pretrained import Pretrained, find_pretrained
from tests.weights.published import ENCODER, SPATIAL, SPECTRAL, checkpoint, state

CONFIGS = pytest.mark.parametrize("config", [SPATIAL, SPECTRAL], ids=["spatial", "spectral"])


@CONFIGS
def test_a_published_file_becomes_ours_and_published_again(tmp_path, config):
    network = checkpoint(tmp_path / "published.pth", config)
    pretrained, receipt = import_pretrained(tmp_path / "published.pth")
    assert pretrained.card.config == config
    assert pretrained.card.radiometry == "counts / 4000"
    assert receipt.names("dropped") == ["pos_embed"]
    assert any("never read in pre-training" in line for line in receipt.lines())
    assert all(torch.equal(pretrained.state[name], tensor) for name, tensor in network.state_dict().items())

    pretrained.save(tmp_path / "ours")
    loaded = Pretrained.load(tmp_path / "ours")
    assert loaded.card == pretrained.card
    write_checkpoint(tmp_path / "again.pth", published_state(loaded))
    write_checkpoint(tmp_path / "again.safetensors", published_state(loaded))
    published, _ = state(config)
    published.pop("pos_embed")
    for name in ("again.pth", "again.safetensors"):
        again = read_checkpoint(tmp_path / name)
        assert again.keys() == published.keys()
        assert all(torch.equal(again[key], tensor) for key, tensor in published.items())


def test_encoders_go_into_a_backbone(tmp_path):
    backbone = Backbone(
        BackboneConfig(
            spatial=SpatialConfig(encoder=ENCODER, channels=10, patch=4),
            spectral=SpectralConfig(encoder=ENCODER, tokens=10, tile=(8, 8)),
        )
    )
    for config, encoder in ((SPATIAL, backbone.spatial), (SPECTRAL, backbone.spectral)):
        network = checkpoint(tmp_path / "published.pth", config)
        receipt = import_pretrained(tmp_path / "published.pth").pretrained.into(backbone)
        assert {entry.fate for entry in receipt.entries} == {"used"}
        assert torch.equal(encoder.embed.weight, network.embed.weight)
    alone = Backbone(BackboneConfig(spatial=SpatialConfig(encoder=ENCODER), spectral=None))
    with pytest.raises(WeightsError, match="the network has none"):
        import_pretrained(tmp_path / "published.pth").pretrained.into(alone)


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"model": s}, lambda s: {"state_dict": s, "model": {}}])
def test_weights_stand_under_state_dict_model_or_alone(tmp_path, wrap):
    tensors = {f"module.{name}": tensor for name, tensor in state(SPATIAL)[0].items()}
    torch.save(wrap(tensors), tmp_path / "file.pth")
    assert read_checkpoint(tmp_path / "file.pth").keys() == state(SPATIAL)[0].keys()


class Evil:
    def __reduce__(self):
        return (print, ("this must never run",))


def test_a_file_that_could_run_code_is_refused(tmp_path, capsys):
    torch.save({"model": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Evil()))
    for name in ("evil.pth", "old.pth"):
        with pytest.raises(WeightsError, match="could run code"):
            read_checkpoint(tmp_path / name)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("size", [0, 10, 5000])
def test_a_truncated_file_is_refused(tmp_path, size):
    checkpoint(tmp_path / "file.pth", SPATIAL)
    whole = (tmp_path / "file.pth").read_bytes()
    (tmp_path / "file.pth").write_bytes(whole[:size])
    with pytest.raises(WeightsError, match=r"damaged or truncated|no checkpoint"):
        read_checkpoint(tmp_path / "file.pth")


def test_files_of_something_else_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        read_checkpoint(tmp_path / "absent.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(WeightsError, match="found list"):
        read_checkpoint(tmp_path / "list.pth")
    torch.save({"epoch": 3}, tmp_path / "none.pth")
    with pytest.raises(WeightsError, match="found: epoch"):
        read_checkpoint(tmp_path / "none.pth")
    save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(WeightsError, match="expected a pre-trained HyperSIGMA encoder"):
        import_pretrained(tmp_path / "other.safetensors")


def broken(**changes):
    tensors, _ = state(SPATIAL)
    for name, tensor in changes.items():
        key = name.replace("__", ".")
        tensors.pop(key, None)
        if tensor is not None:
            tensors[key] = tensor
    return tensors


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"norm__weight": None}, "incomplete: there is no norm.weight"),
        ({"head__weight": torch.zeros(2)}, "'head.weight' is not a tensor of the network"),
        ({"blocks__0__norm1__weight": torch.zeros(63)}, "no known size"),
        ({"norm__weight": torch.zeros(63)}, "different sizes"),
    ],
)
def test_wrong_networks_are_refused(tmp_path, changes, message):
    torch.save(broken(**changes), tmp_path / "file.pth")
    with pytest.raises(WeightsError, match=message):
        import_pretrained(tmp_path / "file.pth")


def test_another_suffix_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match=r"\.pth or \.safetensors"):
        write_checkpoint(tmp_path / "file.bin", {})


def test_the_format_of_old_is_read_too(tmp_path):
    tensors, _ = state(SPATIAL)
    torch.save({"model": tensors}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert read_checkpoint(tmp_path / "old.pth").keys() == tensors.keys()


def test_folders_of_something_else_are_refused(tmp_path):
    checkpoint(tmp_path / "published.pth", SPATIAL)
    pretrained = import_pretrained(tmp_path / "published.pth").pretrained
    pretrained.save(tmp_path / "a" / "good")
    pretrained.save(tmp_path / "a" / "other")
    pretrained.save(tmp_path / "a" / "damaged")
    (tmp_path / "a" / "other" / "config.yaml").write_text("kind: classification\n")
    (tmp_path / "a" / "damaged" / "config.yaml").write_text("kind: spatial\nnetwork: {patsh: 3}\n")
    with pytest.raises(WeightsError, match="found kind: classification"):
        Pretrained.load(tmp_path / "a" / "other")
    with pytest.raises(WeightsError, match="patsh"):
        Pretrained.load(tmp_path / "a" / "damaged")
    assert find_pretrained(tmp_path / "a") == [tmp_path / "a" / "damaged", tmp_path / "a" / "good"]
    with pytest.raises(WeightsError, match="no such folder"):
        find_pretrained(tmp_path / "b")


@pytest.mark.parametrize("size", ["base", "large", "huge"])
@pytest.mark.parametrize("build", [SpatialMaskingConfig, SpectralMaskingConfig])
def test_released_sizes_are_told_by_their_tensors(size, build):
    released = build(encoder=masking_encoder(size), positions="none", decoder_positions="learned")
    with torch.device("meta"):
        tensors, _ = state(released)
    assert network_config(tensors, Path("released.pth")) == released


def test_a_position_table_of_the_right_length_stays_whatever_its_shape():
    table = torch.randn(1, 17, 4)
    assert torch.equal(published_spatial_positions(table, (2, 8), dropped=1), table[:, 1:])

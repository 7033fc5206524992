"""Weights on disk."""

import pytest
import torch

from hypersigma.errors import OutputError, WeightsError
from hypersigma.weights.store import CONFIG, TENSORS, load_weights, save_weights

STATE = {"a": torch.arange(6.0).view(2, 3).T, "b": torch.tensor([True])}


def test_what_is_saved_is_loaded(tmp_path):
    save_weights(tmp_path / "new" / "model", STATE, {"kind": "toy", "bands": [1, 2]})
    state, config = load_weights(tmp_path / "new" / "model")
    assert config == {"kind": "toy", "bands": [1, 2]}
    assert all(torch.equal(state[name], tensor) for name, tensor in STATE.items())
    assert sorted(path.name for path in (tmp_path / "new" / "model").iterdir()) == [CONFIG, TENSORS]


@pytest.mark.parametrize("missing", [CONFIG, TENSORS])
def test_a_missing_file_is_named(tmp_path, missing):
    save_weights(tmp_path, STATE, {})
    (tmp_path / missing).unlink()
    with pytest.raises(WeightsError, match=f"{missing} is missing"):
        load_weights(tmp_path)


def test_a_truncated_file_is_damaged(tmp_path):
    save_weights(tmp_path, STATE, {})
    path = tmp_path / TENSORS
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(WeightsError, match="damaged or truncated"):
        load_weights(tmp_path)


def test_a_configuration_that_is_none_is_damaged(tmp_path):
    save_weights(tmp_path, STATE, {})
    (tmp_path / CONFIG).write_text("[unclosed")
    with pytest.raises(WeightsError, match="damaged weights"):
        load_weights(tmp_path)


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        save_weights(tmp_path / "file", STATE, {})

"""Names of devices."""

from __future__ import annotations

import pytest
import torch

from hypersigma.engine.devices import drawing_apart, resolved
from hypersigma.errors import ConfigError


@pytest.mark.parametrize(("there", "kind"), [(False, "cpu"), (True, "cuda")])
def test_auto_takes_what_there_is(there: bool, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert resolved("auto").type == kind
    assert resolved("cpu").type == "cpu"


@pytest.mark.parametrize("name", ["gpu", "meta", "", "cuda:x"])
def test_names_that_mean_nothing(name: str) -> None:
    with pytest.raises(ConfigError, match=f"device '{name}': expected auto, cpu, cuda or cuda:N"):
        resolved(name)


def test_more_devices_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert resolved("cuda:1").index == 1
    with pytest.raises(ConfigError, match=r"device 'cuda:2': this machine has 2 CUDA devices; use cpu"):
        resolved("cuda:2")


def test_draws_inside_leave_no_trace() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with drawing_apart(torch.device("cpu")):
        torch.manual_seed(8)
        torch.rand(5)
    assert torch.equal(torch.rand(2), expected)

"""Packed networks against the networks they are twins of."""

from dataclasses import replace

import pytest
import torch

from hypersigma.nn.packed import PackedLinear, packed, unpacked
from tests.tasks.classification.test_network import TOY, ClassificationNetwork

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch carries no oneDNN here")


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """Packed weights work without the instructions that make them quicker."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")


def network(**changes):
    torch.manual_seed(0)
    return ClassificationNetwork(replace(TOY, **changes)).eval()


@pytest.mark.parametrize("head", ["dense", "patch"])
def test_a_twin_says_the_same(head):
    plain = network(head=head)
    image = torch.randn(2, 6, 16, 16)
    with torch.inference_mode():
        torch.testing.assert_close(packed(plain)(image), plain(image))


def test_bfloat16_is_packed_where_the_processor_knows_it():
    plain = network().bfloat16()
    image = torch.randn(1, 6, 16, 16, dtype=torch.bfloat16)
    with torch.inference_mode():
        torch.testing.assert_close(packed(plain)(image), plain(image), atol=0.02, rtol=0.02)


def test_the_network_stays_as_it_is():
    plain = network()
    names = list(plain.state_dict())
    twin = packed(plain)
    assert any(isinstance(module, PackedLinear) for module in twin.modules())
    assert not any(isinstance(module, PackedLinear) for module in plain.modules())
    assert list(plain.state_dict()) == names
    plain(torch.randn(1, 6, 8, 8)).sum().backward()


def test_a_twin_is_saved_as_the_network_and_unpacked_to_it():
    plain = network()
    state = {name: value.clone() for name, value in plain.state_dict().items()}
    twin = packed(packed(plain))
    again = unpacked(twin)
    for saved in (twin.state_dict(), again.state_dict()):
        assert saved.keys() == state.keys()
        for name, value in saved.items():
            torch.testing.assert_close(value, state[name], rtol=0, atol=0)
    image = torch.randn(1, 6, 8, 8)
    torch.testing.assert_close(again(image), plain(image), rtol=0, atol=0)
    again(image).sum().backward()


def test_a_twin_is_not_trained():
    with pytest.raises(RuntimeError, match="packed weights give no gradients"):
        packed(network())(torch.randn(1, 6, 8, 8))


def test_what_cannot_be_packed_is_its_own_twin():
    for plain in (network().double(), torch.nn.Linear(3, 3)):
        assert packed(plain) is plain


def test_no_network_is_packed_where_that_is_slower(monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    plain = network()
    assert packed(plain) is plain


def test_what_occurs_twice_is_packed_once():
    plain = network()
    pair = packed(torch.nn.ModuleList([plain, torch.nn.Sequential(plain)]))
    assert pair[0] is pair[1][0]
    assert pair[0] is not plain
    back = unpacked(pair)
    assert back[0] is back[1][0]

"""Packed networks against the networks they are twins of."""

from dataclasses import replace

import pytest
import torch

from hypersigma.nn.packed import PackedLinear, packed
from tests.tasks.classification.test_network import TOY, ClassificationNetwork

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch carries no oneDNN here")


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


def test_what_cannot_be_packed_is_its_own_twin():
    for plain in (network().double(), torch.nn.Linear(3, 3)):
        assert packed(plain) is plain

"""The network that doubles rows and columns."""

from __future__ import annotations

import torch
from torch.nn import functional

from hypersigma.nn.doubling import Doubling, turned_about


def drawn() -> Doubling:
    torch.manual_seed(0)
    network = Doubling()
    torch.nn.init.normal_(network.last.weight, std=0.1)
    return network


def test_it_begins_with_pixels_repeated() -> None:
    image = torch.randn(2, 1, 5, 7)
    assert torch.equal(Doubling()(image), image.repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_means_are_the_pixels_and_turns_make_no_difference() -> None:
    image, network = torch.randn(2, 1, 6, 9), drawn()
    with torch.no_grad():
        found, turned = turned_about(network, image), turned_about(network, torch.rot90(image, 1, (2, 3)))
    torch.testing.assert_close(functional.avg_pool2d(found, 2), image, atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.rot90(found, 1, (2, 3)), turned, atol=1e-5, rtol=0)

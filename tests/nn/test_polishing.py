"""The network that polishes filtered images."""

from __future__ import annotations

import torch

from hypersigma.nn.doubling import turned_about
from hypersigma.nn.polishing import Polishing


def drawn() -> Polishing:
    torch.manual_seed(0)
    network = Polishing()
    torch.nn.init.normal_(network.last.weight, std=0.1)
    return network


def test_it_begins_with_what_the_filter_made() -> None:
    noisy, clean = torch.randn(2, 2, 1, 20, 23)
    assert torch.equal(Polishing()(noisy, clean), clean)


def test_turns_and_levels_make_no_difference() -> None:
    noisy, clean = torch.randn(2, 2, 1, 20, 23)
    network = drawn()
    with torch.no_grad():
        found = turned_about(network, noisy, clean)
        turned = turned_about(network, *(torch.rot90(image, 1, (2, 3)) for image in (noisy, clean)))
        higher = turned_about(network, noisy + 50, clean + 50)
    torch.testing.assert_close(torch.rot90(found, 1, (2, 3)), turned, atol=1e-4, rtol=0)
    torch.testing.assert_close(found + 50, higher, atol=1e-3, rtol=0)


def test_images_of_a_pixel() -> None:
    assert drawn()(torch.randn(1, 1, 1, 1), torch.randn(1, 1, 1, 1)).shape == (1, 1, 1, 1)

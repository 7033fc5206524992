"""A small network that sees a band in means of 2 x 2 pixels, and tells the pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_WIDTH, _LAYERS = 48, 13
REACH = _LAYERS + 2  # pixels, as far as what it tells of one hangs on others


class Doubling(nn.Module):
    """Convolutions of 3 x 3 pixels, one step on from the pixels of a band to four in each.

    What is added to a pixel repeated has mean zero over the four, so that their mean is the pixel; used again and again
    it serves 4, 8 ... times as many rows and columns.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = convolution(1, _WIDTH)
        self.middle = nn.ModuleList(convolution(_WIDTH, _WIDTH) for _ in range(_LAYERS))
        self.last = convolution(_WIDTH, 4)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(cast(Tensor, self.last.bias))

    def forward(self, image: Tensor) -> Tensor:
        """Bands (B, 1, h, w) of about unit variance as (B, 1, 2 h, 2 w)."""
        hidden = functional.relu(self.first(image))
        for one, other in zip(self.middle[:-1:2], self.middle[1::2], strict=True):
            hidden = hidden + other(functional.relu(one(hidden)))
        detail = self.last(functional.relu(self.middle[-1](hidden)) + hidden)
        detail = functional.pixel_shuffle(detail - detail.mean(dim=1, keepdim=True), 2)
        return image.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3) + detail


def turned_about(network: Callable[..., Tensor], *images: Tensor) -> Tensor:
    """The mean of what a network tells of images (B, 1, h, w) in all eight turns and reflections."""
    total: Tensor | None = None
    for turn in range(4):
        for flip in (False, True):
            seen = [torch.rot90(image, turn, (2, 3)) for image in images]
            told = network(*(image.flip(3) for image in seen) if flip else seen)
            told = torch.rot90(told.flip(3) if flip else told, -turn, (2, 3))
            total = told if total is None else total + told
    assert total is not None
    return total / 8


def convolution(inputs: int, outputs: int, dilation: int = 1) -> nn.Conv2d:
    """A convolution of 3 x 3 pixels that keeps the size of images, whose borders are repeated."""
    return nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, padding_mode="replicate")

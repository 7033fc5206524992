"""A small network that sees an image with noise beside what a filter made of it, and tells what the filter missed."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from hypersigma.nn.doubling import convolution

_WIDTH, _DILATIONS = 32, (1, 2, 4, 2, 1, 1)
_AROUND = 17  # pixels of the means that brightness is told against
_SCALE = 0.5  # of what the network sees, so that numbers are about one


class Polishing(nn.Module):
    """Convolutions of 3 x 3 pixels, some spread out; before training they change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.first = convolution(2, _WIDTH)
        self.middle = nn.ModuleList(convolution(_WIDTH, _WIDTH, dilation) for dilation in _DILATIONS)
        self.last = convolution(_WIDTH, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(cast(Tensor, self.last.bias))

    def forward(self, noisy: Tensor, clean: Tensor) -> Tensor:
        """Images (B, 1, h, w), cleaner ones.

        Args:
            noisy: (B, 1, h, w), whose noise is white with unit variance.
            clean: (B, 1, h, w), what a filter made of them.
        """
        around = functional.pad(clean, (_AROUND // 2,) * 4, mode="replicate")
        detail = clean - functional.avg_pool2d(around, _AROUND, 1)
        hidden = self.first(_SCALE * torch.cat([noisy - clean, detail], dim=1))
        for one, other in zip(self.middle[::2], self.middle[1::2], strict=True):
            hidden = hidden + other(functional.relu(one(functional.relu(hidden))))
        change: Tensor = self.last(functional.relu(hidden))
        return clean + change

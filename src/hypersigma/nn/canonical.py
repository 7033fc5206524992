"""From the channels of a front end to the image of canonical bands that pre-trained encoders take."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class CanonicalImage(nn.Module):
    """Puts the channels of the present bands in their places, zero in the others.

    Channels may be standardised; `factor` and `offset`, one a channel, undo that for encoders that were trained on
    physical values. They are saved with the network.

    Args:
        present: (C,) bool, which canonical bands the channels are.
    """

    present: Tensor
    factor: Tensor
    offset: Tensor

    def __init__(self, present: Tensor) -> None:
        super().__init__()
        channels = int(present.sum())
        self.register_buffer("present", present, persistent=False)
        self.register_buffer("factor", torch.ones(channels))
        self.register_buffer("offset", torch.zeros(channels))

    def undo(self, mean: NDArray[np.floating], deviation: NDArray[np.floating], gain: float) -> None:
        """Give `gain` times what the channels were before they were standardised by mean and deviation (present,)."""
        # The deviation of a constant band is infinite, and its channel zero.
        factor = np.where(np.isfinite(deviation), deviation, 0.0)
        self.factor.copy_(torch.from_numpy(factor * gain))
        self.offset.copy_(torch.from_numpy(mean * gain))

    def forward(self, channels: Tensor) -> Tensor:
        """The image (B, C, H, W) of channels (B, present, H, W)."""
        image = channels.new_zeros(len(channels), len(self.present), *channels.shape[2:])
        image[:, self.present] = channels * self.factor[:, None, None] + self.offset[:, None, None]
        return image

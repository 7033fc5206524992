"""From the channels of a front end to the image of canonical bands that pre-trained encoders take."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class CanonicalImage(nn.Module):
    """Puts the bands that channels tell in their places, zero in the others.

    Bands are a linear function of the first channels: those themselves at first; `undo` settles another, for channels
    that are components or were standardised. It is saved with the network.

    Args:
        present: (C,) bool, which canonical bands the channels tell.
        num_channels: channels that tell of bands, as many as bands by default.
    """

    present: Tensor
    matrix: Tensor
    offset: Tensor

    def __init__(self, present: Tensor, num_channels: int | None = None) -> None:
        super().__init__()
        bands = int(present.sum())
        self.register_buffer("present", present, persistent=False)
        self.register_buffer("matrix", torch.eye(bands, num_channels or bands))
        self.register_buffer("offset", torch.zeros(bands))

    def undo(self, matrix: NDArray[np.floating], offset: NDArray[np.floating]) -> None:
        """Let the bands be matrix (present, channels) times channels plus offset (present,)."""
        self.matrix.copy_(torch.from_numpy(matrix))
        self.offset.copy_(torch.from_numpy(offset))

    def forward(self, channels: Tensor) -> Tensor:
        """The image (B, C, H, W) of channels (B, channels, H, W), of which the first ones tell the bands."""
        image = channels.new_zeros(channels.shape[0], len(self.present), *channels.shape[2:])
        told = torch.einsum("sc,bchw->bshw", self.matrix, channels[:, : self.matrix.shape[1]])
        image[:, self.present] = told + self.offset[:, None, None]
        return image

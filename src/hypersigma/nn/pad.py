"""Pictures of any size brought to a multiple of the patch."""

from __future__ import annotations

import torch
from torch import Tensor


def reflect_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """The image (B, C, H, W), reflected at its lower and right borders up to a multiple of pixels.

    Unlike `torch.nn.functional.pad` it reflects as often as needed, so that even a single pixel fills a patch.
    """
    for axis in (2, 3):
        length = image.shape[axis]
        target = -(-length // multiple) * multiple
        if target > length:
            image = image.index_select(axis, _reflected(length, target, image.device))
    return image


def _reflected(length: int, target: int, device: torch.device) -> Tensor:
    """Indices 0, 1, ..., length - 1, length - 2, ..., 0, 1, ... (target,)."""
    # The picture and its mirror image without the two borders, over and over.
    period = max(2 * (length - 1), 1)
    index = torch.arange(target, device=device) % period
    return torch.minimum(index, period - index) if length > 1 else torch.zeros_like(index)

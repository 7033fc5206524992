"""Canonical bands that a sensor lacks, completed by what its other bands make expected.

A patch embedding of natural spectra weighs differences of neighbouring bands against each other. Were a band that is
missing taken for zero, what is left of these sums would be large and mean nothing.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from hypersigma.natural_spectra import expectation


def expected(image: Tensor, present: Tensor | None) -> Tensor:
    """Reflectance (B, 100, H, W) in which the bands that are missing hold their expectation given the others.

    Args:
        image: (B, 100, H, W); bands that are missing may hold anything.
        present: (100,) bool, which bands are there, or None for all.
    """
    if present is None or bool(present.all()):
        return image
    matrix, constant = _on_device(present.cpu().numpy().tobytes(), image.device, image.dtype)
    return torch.einsum("sc,bchw->bshw", matrix, image[:, present]) + constant[:, None, None]


@lru_cache(maxsize=8)
def _on_device(present: bytes, device: torch.device, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """The matrix and constant of `expectation` where an image is: a card would be held up by taking them anew."""
    # Asked for once and kept, so they must not be tensors of inference mode.
    with torch.inference_mode(False):
        matrix, constant = (torch.from_numpy(part).to(device, dtype) for part in expectation(present))
    return matrix, constant

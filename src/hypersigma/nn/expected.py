"""Canonical bands that a sensor lacks, completed by what its other bands make expected.

A patch embedding of natural spectra weighs differences of neighbouring bands against each other. Were a band that is
missing taken for zero, what is left of these sums would be large and mean nothing.
"""

from __future__ import annotations

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
    matrix, constant = (torch.from_numpy(part).to(image) for part in expectation(present.cpu().numpy().tobytes()))
    return torch.einsum("sc,bchw->bshw", matrix, image[:, present]) + constant[:, None, None]

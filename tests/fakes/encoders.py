"""Random pre-trained encoders of a few narrow blocks, in our format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from hypersigma.nn.mae import MaskedAutoencoder
from hypersigma.weights.pretrained import Card, Pretrained
from tests.weights.published import SPATIAL, SPECTRAL

CONFIGS = {
    "spatial": replace(SPATIAL, channels=100, tile=(16, 16), positions="sin_cos", decoder_positions="sin_cos"),
    "spectral": replace(
        SPECTRAL, channels=100, tokens=100, tile=(16, 16), positions="sin_cos", decoder_positions="sin_cos"
    ),
}


def save(folder: Path, *kinds: str, radiometry: str = "reflectance", **changes: object) -> Path:
    """Random weights in a folder, one folder below it a kind."""
    for index, kind in enumerate(kinds):
        torch.manual_seed(index)
        config = replace(CONFIGS[kind], **changes)
        Pretrained(Card(config, radiometry), MaskedAutoencoder(config).state_dict()).save(folder / kind)
    return folder

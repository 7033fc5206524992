"""A network that tells what to add to images of a scene's directions: what a method without training missed.

The features of the published restoring networks have a channel a band. Here they are told onto the directions that the
scene's spectra vary in, so that the few convolutions behind them see one direction at a time: any number of directions
of any sensor is served by the same ones, and all directions teach them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from hypersigma.errors import ConfigError
from hypersigma.nn.doubling import convolution
from hypersigma.nn.restoration import RestorationConfig, RestorationFeatures

_WIDTH, _LAYERS = 32, 4


class View(NamedTuple):
    """What bands the encoders see of a scene's directions.

    Attributes:
        matrix: (C, D) bands of the spectrum of each direction; offset: (C,) those of the spectrum at zero.
        present: (C,) bool, which of them hold data.
    """

    matrix: Tensor
    offset: Tensor
    present: Tensor


@dataclass(frozen=True, kw_only=True)
class CorrectionConfig:
    """Everything about a correcting network.

    Attributes:
        features: how the bands that encoders see become features.
        told: images that it is told of each direction.
        scale: rows and columns of these over those of what the encoders see, a power of two.
    """

    features: RestorationConfig = field(default_factory=RestorationConfig)
    told: int = 1
    scale: int = 1

    def __post_init__(self) -> None:
        if self.scale < 1 or self.scale & (self.scale - 1):
            raise ConfigError(f"the network doubles rows and columns: a scale of 1, 2, 4 ... is needed: {self.scale}")


class Correction(nn.Module):
    """H([t_j, U(v_j . F)]) for every direction j: before training it is zero.

    F are the features of what the encoders see, v_j the spectrum of the direction over its length, U doubles rows and
    columns by convolution and pixel shuffle, t_j are the images that are told of the direction, and H are convolutions
    of 3 x 3 pixels.
    """

    def __init__(self, config: CorrectionConfig) -> None:
        super().__init__()
        self.features = RestorationFeatures(config.features)
        self.enlarge = nn.Sequential()
        for _ in range(config.scale.bit_length() - 1):
            self.enlarge.extend([convolution(1, 4), nn.PixelShuffle(2)])
        self.first = convolution(config.told + 1, _WIDTH)
        self.middle = nn.ModuleList(convolution(_WIDTH, _WIDTH) for _ in range(_LAYERS))
        self.last = convolution(_WIDTH, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(cast(Tensor, self.last.bias))

    def forward(self, coefficients: Tensor, told: Tensor, view: View) -> Tensor:
        """What is to be added to each direction (B, D, scale * h, scale * w).

        Args:
            coefficients: (B, D, h, w) of the directions, of which the encoders see the bands.
            told: (B, D, told, scale * h, scale * w), numbers of about one.
            view: of the scene.
        """
        image = torch.einsum("cd,bdhw->bchw", view.matrix, coefficients) + view.offset[:, None, None]
        image = image.masked_fill(~view.present[:, None, None], 0.0)
        present = None if bool(view.present.all()) else view.present
        spectra = functional.normalize(view.matrix, dim=0)
        features = torch.einsum("cd,bchw->bdhw", spectra, self.features(image, present))
        hidden = self.enlarge(features.flatten(0, 1)[:, None])
        hidden = self.first(torch.cat([told.flatten(0, 1), hidden], dim=1))
        for one, other in zip(self.middle[::2], self.middle[1::2], strict=True):
            hidden = hidden + other(functional.relu(one(functional.relu(hidden))))
        found: Tensor = self.last(functional.relu(hidden))
        return found.reshape(*coefficients.shape[:2], *told.shape[-2:])

"""What a linear map reads from the tokens that an encoder sees: the second loss of masked pre-training.

A token that is good for a linear probe says linearly what tells materials apart, however little of a spectrum's
energy that is. So each is asked for the leading principal components of its own spectrum, all equally loud, and for
shapes around it; of simulated images for what is true of them, so that noise is left behind.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, smooth_l1_loss

from hypersigma.data.simulated_pairs import NUM_SHAPES
from hypersigma.engine.objective import ErrorSum
from hypersigma.engine.views import Square
from hypersigma.natural_spectra import components, natural_spectra
from hypersigma.nn.expected import expected
from hypersigma.nn.mae import Reconstruction, View
from hypersigma.nn.segments import SEGMENTS, segment_means

NUM_COMPONENTS = 32
READOUT = "readout"  # what the map is called in files of weights
_LOUD = 10.0  # the map learns as many times faster than the encoder
_SHAPES = 0.5  # loudness of shapes beside components


class Readout(nn.Module):
    """A linear map from an encoder's tokens to what is true of their pixels.

    Args:
        dim: of a token.
        spatial: whether tokens are patches; tokens of bands are described together, a mean a segment of the grid.
    """

    def __init__(self, dim: int, *, spatial: bool) -> None:
        super().__init__()
        self.spatial = spatial
        count = NUM_COMPONENTS + NUM_SHAPES if spatial else NUM_COMPONENTS
        self.read = nn.Linear(dim if spatial else SEGMENTS * dim, count)
        for part in self.read.parameters():
            nn.init.zeros_(part)

    def forward(self, made: Reconstruction, view: View, square: Square, present: Tensor | None) -> ErrorSum:
        """Errors of what is read from tokens that were seen, summed over these, or over images for bands."""
        kept = made.latent.shape[1]
        order = made.restore.argsort(dim=1)[:, :kept]
        wanted = self._wanted(square, present, view)
        if self.spatial:
            found = self.read(made.latent)
            wanted = wanted.gather(1, order[..., None].expand(-1, -1, wanted.shape[-1]))
        else:
            places = order if view.places is None else view.places[order]
            found = self.read(segment_means(made.latent, places))
        known = wanted.shape[-1]  # without the shapes where nobody knows them
        errors = smooth_l1_loss(_LOUD * found[..., :known].to(wanted.dtype), wanted, reduction="none").mean(-1)
        return ErrorSum(errors.sum(), torch.tensor(float(errors.numel()), device=errors.device))

    def begin(self, state: Mapping[str, Tensor]) -> None:
        """Fill the map with what a file of weights holds."""
        with torch.no_grad():
            self.read.weight.copy_(state[f"{READOUT}.weight"] / _LOUD)
            self.read.bias.copy_(state[f"{READOUT}.bias"] / _LOUD)

    def _wanted(self, square: Square, present: Tensor | None, view: View) -> Tensor:
        """What is to be read: (B, N, V) of patches, or (B, V) of images."""
        image = expected(square.image, present) if square.truth is None else square.truth
        matrix = torch.from_numpy(components(NUM_COMPONENTS)).to(image)
        mean = torch.from_numpy(natural_spectra().mean).to(image)
        wanted = torch.einsum("kc,bchw->bkhw", matrix, image - mean[:, None, None])
        if not self.spatial:
            return wanted.mean(dim=(2, 3))
        if square.shapes is not None:
            wanted = torch.cat([wanted, _SHAPES * square.shapes.to(wanted)], dim=1)
        return avg_pool2d(wanted, view.side).flatten(2).transpose(1, 2)


def read_state(weights: Mapping[str, Tensor], kind: str) -> dict[str, Tensor]:
    """The map of an encoder as files of weights hold it, of an objective's weights by name; nothing without a map."""
    own = f"readouts.{kind}.read."
    return {
        f"{READOUT}.{name.removeprefix(own)}": _LOUD * weight
        for name, weight in weights.items()
        if name.startswith(own)
    }

"""Networks as graphs: what is blended between tiles, of the channels of tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hypersigma.engine.known_bands import KnownBands
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.tasks._contract import Task


class _KnownToTracer(KnownBands):
    """Known bands, and all squares of a batch at once: how many there are is not known."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return (args[0],) if func is torch.split else super().__torch_function__(func, types, args, kwargs)


class EnsembleGraph(nn.Module):
    """The mean of what the members of an ensemble say, as `NeuralFitted.predict`."""

    def __init__(self, members: Sequence[Task]) -> None:
        super().__init__()
        self.members = members
        self.held = nn.ModuleList(members)  # so that their weights are the graph's
        self.images: list[Any] = [next(filter(_makes_bands, member.modules()), None) for member in members]
        self.known = [None if image is None else image.present.cpu().numpy() for image in self.images]

    def forward(self, channels: Tensor) -> Tensor:
        """Quantities (B, Q, h, w), NaN = no data, of channels (B, C, h, w), NaN = no data."""
        complete = channels.isfinite().all(dim=1, keepdim=True)
        image = torch.where(complete, channels, 0.0)
        parts = []
        for member, image_of, known in zip(self.members, self.images, self.known, strict=True):
            with nullcontext() if known is None else _KnownToTracer(image_of.present, known):
                parts.append(member.quantities(image))
        return torch.where(complete, torch.stack(parts).mean(dim=0), torch.nan)


class EncodersGraph(nn.Module):
    """Frozen encoders side by side, as `FeatureExtractor` runs them on a tile.

    Args:
        encoders: spatial or spectral ones.
        present: (100,) bool, the canonical bands that the channels are.
    """

    present: Tensor

    def __init__(self, encoders: Iterable[nn.Module], present: NDArray[np.bool_]) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(encoders)
        self.known = present
        self.register_buffer("present", torch.from_numpy(present))

    def forward(self, channels: Tensor) -> Tensor:
        """Features (B, D, h, w), NaN = no data, of the present bands (B, C, h, w), NaN = no data."""
        complete = channels.isfinite().all(dim=1, keepdim=True)
        filled = torch.where(complete, channels, 0.0)
        # Pixels without data take the mean of the others: zero would be a very dark object.
        mean = filled.sum(dim=(2, 3), keepdim=True) / complete.sum(dim=(2, 3), keepdim=True).clamp(min=1)
        filled = torch.where(complete, filled, mean)
        with _KnownToTracer(self.present, self.known):
            image = filled.new_zeros(filled.shape[0], len(self.known), *filled.shape[2:])
            image[:, self.present] = filled
            features = torch.cat([encoder(image, self.present) for encoder in self.encoders], dim=1)
        return torch.where(complete, features, torch.nan)


def _makes_bands(module: nn.Module) -> bool:
    """Whether a module puts bands in their places, which it picks by a mask."""
    return isinstance(module, CanonicalImage)

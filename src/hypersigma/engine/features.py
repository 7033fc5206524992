"""Frozen features: what pre-trained encoders make of every pixel of a scene from any sensor."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hypersigma.cube import Cube
from hypersigma.data.radiometry import gain_for, radiometric_front_end
from hypersigma.engine.asked import Asked
from hypersigma.engine.channels import Channels
from hypersigma.engine.devices import resolved
from hypersigma.engine.known_bands import known_on_card
from hypersigma.engine.predict import Tiles, blended, blended_strips
from hypersigma.engine.transfer import Answer
from hypersigma.nn.backbone import CANONICAL_BANDS
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.nn.packed import packed
from hypersigma.screening import screen
from hypersigma.tiling import Window
from hypersigma.weights.encoders import Encoders, load_encoders
from hypersigma.weights.frozen import FrozenSpatial, FrozenSpectral, frozen, usual_patches

_LOG = logging.getLogger(__name__)

_LOCAL_TILE = 256  # pixels

Array = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FeatureExtractor:
    """Frozen pre-trained encoders that describe every pixel of any scene.

    Attributes:
        encoders: spatial ones, spectral ones or both, in this order; one for each size of what they describe.
        dim: features of a pixel, those of one encoder after those of the other.
        tile: side in pixels of the squares that the encoders see, as in pre-training; larger where they describe
            patches alone, as more is seen at once then and nothing else changes.
        overlap: pixels that neighbouring tiles share.
        radiometry: what the encoders were fed.
    """

    encoders: tuple[FrozenSpatial | FrozenSpectral, ...]
    dim: int
    tile: int
    overlap: int
    radiometry: str

    @classmethod
    def of(cls, pretrained: Encoders, device: str = "auto", *, patch: int | None = None) -> FeatureExtractor:
        """Encoders as they are, frozen; `load_backbone` says more.

        Raises:
            WeightsError: they are made for other bands than the canonical ones.
        """
        place = resolved(device)
        found = nn.ModuleList()
        for part in pretrained.parts:
            found += frozen(part, (patch,) if patch else usual_patches(part.card.config))
        encoders: tuple[Any, ...] = tuple(packed(found.to(place)))
        tile = min(min(part.card.config.tile) for part in pretrained.parts)
        overlap = tile // 2
        # Patches that are described alone need no surroundings, and each is then described once.
        sides = [encoder.patch for encoder in encoders if isinstance(encoder, FrozenSpectral) and encoder.patch]
        if len(sides) == len(encoders):
            tile, overlap = max(tile, _LOCAL_TILE), 2 * max(sides)
        return cls(
            encoders=encoders,
            dim=sum(encoder.dim for encoder in encoders),
            tile=tile,
            overlap=overlap,
            radiometry=pretrained.radiometry,
        )

    def features(self, cube: Cube) -> Array:
        """Features (dim, rows, cols) of a scene, NaN where a band has no data; a memory map where they are large.

        Bands come to the canonical grid, and those that the sensor lacks are left out; numbers are scaled to what the
        encoders were fed. Tiles overlap and are blended. The spatial encoder describes patches in their
        surroundings; the spectral one patches alone, or, where it was trained with whole tiles only, the tile.

        Raises:
            InputError: the scene has no wavelengths, none between 400 and 2500 nm, or no data.
        """
        return blended(self._tiles(cube), cube.window, self.tile, self.overlap)

    def strips(self, cube: Cube, first_row: int = 0) -> Iterator[tuple[int, Array]]:
        """The features of a scene in strips of whole rows, from a row on: (first row, (dim, h, cols)).

        Raises:
            InputError: as of `features`.
        """
        return blended_strips(self._tiles(cube), cube.window, self.tile, self.overlap, first_row)

    def _tiles(self, cube: Cube) -> Tiles:
        """What describes tiles of a scene."""
        cube = screen(cube)
        gain = gain_for(self.radiometry, [cube])
        front_end = radiometric_front_end(cube, gain.factor)
        if gain.note:
            _LOG.info("%s: %s", cube.name, gain.note)
        present = np.isin(np.arange(CANONICAL_BANDS), front_end.used)
        canonical = CanonicalImage(torch.from_numpy(present)).to(self._device)
        asked = Asked(partial(self._described, canonical, known_on_card(canonical.present)), self._device)
        begin = partial(self._tile, Channels(front_end, cube), asked)
        return lambda windows: asked.in_turn(map(begin, windows))

    @property
    def _device(self) -> torch.device:
        return self.encoders[0].norm.weight.device

    @torch.inference_mode()
    def _described(self, canonical: CanonicalImage, known: AbstractContextManager[Any], bands: Tensor) -> Tensor:
        """Features (dim, h, w) of the bands that are there (1, bands, h, w)."""
        with known:
            image = canonical(bands)
            return torch.cat([encoder(image, canonical.present) for encoder in self.encoders], dim=1)[0].float()

    def _tile(self, channels: Channels, asked: Asked, window: Window) -> Answer:
        """Features (dim, h, w) of one tile, under way."""
        seen = channels.read(window)
        known = np.isfinite(seen).all(axis=0)
        if not known.any():
            nothing: Array = np.full((self.dim, *known.shape), np.nan, dtype=np.float32)
            return lambda: nothing
        # Pixels without data take the mean of the others: zero would be a very dark object.
        filled = np.where(known, seen, seen[:, known].mean(axis=1)[:, None, None])
        answer = asked.begin(filled[None])
        return lambda: np.where(known, answer(), np.float32(np.nan))


def load_backbone(name: str | Path, device: str = "auto", *, patch: int | None = None) -> FeatureExtractor:
    """The frozen encoders of a folder of weights.

    Args:
        name: a folder that `hypersigma weights` or pre-training wrote, or one that holds such a folder for the
            spatial and one for the spectral encoder.
        device: auto, cpu, cuda or cuda:N.
        patch: side in pixels of what a feature describes, for weights that were trained with several; by default
            patches of 4 and of 8 pixels, each with features of their own, and squares of 4 for bands.

    Raises:
        WeightsError: there are no such weights, or they are made for other bands than the canonical ones.
    """
    return FeatureExtractor.of(load_encoders(name), device, patch=patch)

"""What tasks on a front end and two encoders share: how they begin with pre-trained ones, and what scenes allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.pair import Pair
from hypersigma.data.radiometry import present_bands, require_wavelengths
from hypersigma.errors import InputError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.canonical import CanonicalImage
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.tasks._contract import Task
from hypersigma.weights.encoders import Encoders
from hypersigma.weights.pretrained import Kind
from hypersigma.weights.receipt import Receipt

_LAYER_DECAY = 0.75  # of pre-trained encoders: what their first blocks learned holds for any scene


class HasCube(Protocol):
    """A scene with whatever a task is given beside it."""

    @property
    def cube(self) -> Cube:
        """The scene itself."""


class EncoderTask(Task):
    """A task whose network has a backbone, fed with channels, or with the canonical bands that these tell.

    Attributes:
        canonical: makes canonical bands of channels; None where channels go in as they are.
    """

    canonical: CanonicalImage | None

    @property
    def backbone(self) -> Backbone:
        """The encoders."""
        raise NotImplementedError

    @classmethod
    def for_weights(cls, config: Any, weights: Encoders, inputs: Sequence[HasCube]) -> Any:
        """The weights' size; encoders see canonical bands, unless settings ask for bands that are learned anew."""
        config = sized(config, weights)
        if config.architecture == "published" or config.front_end.bands == "native":
            return config
        for cube in _seen(inputs):
            require_wavelengths(cube)
        return replace(seeing(config, weights), embedding="canonical")

    @classmethod
    def takes_weights(cls, config: Any, inputs: Sequence[HasCube]) -> bool:
        if config.architecture != "default" or config.front_end.bands != "canonical":
            return False
        return all(cube.wavelengths is not None for cube in _seen(inputs))

    def begin_with(self, weights: Encoders, front_end: FrontEnd, gain: NDArray[np.float64]) -> dict[Kind, Receipt]:
        """Fill the encoders; those that see canonical bands get the numbers they were trained on."""
        if self.canonical is not None:
            matrix, offset = front_end.bands_told
            seen = self.canonical.present.cpu().numpy()[front_end.used]
            own = gain[front_end.used[seen]]
            self.canonical.undo(own[:, None] * matrix[seen], own * offset[seen])
        return weights.into(self.backbone, embeddings=self.canonical is not None)

    @classmethod
    def adapted(cls, config: Any, inputs: Sequence[HasCube]) -> Any:
        """Native bands where a scene has no wavelengths; tiles no larger than the smallest scene.

        Raises:
            InputError: a scene is smaller than a patch.
        """
        if any(cube.wavelengths is None for cube in _seen(inputs)):
            config = replace(config, front_end=replace(config.front_end, bands="native"))
        for scene in inputs:
            _, rows, cols = scene.cube.shape
            if min(rows, cols) < config.patch:
                raise InputError(
                    f"{scene.cube.name} has {rows} x {cols} pixels, less than one patch of {config.patch} x "
                    f"{config.patch}; use a larger scene, or  --set patch=1"
                )
        tile = min(config.tile, *(min(scene.cube.shape[1:]) for scene in inputs))
        return replace(config, tile=tile, overlap=min(config.overlap, tile // 2))


def _seen(inputs: Sequence[HasCube]) -> Iterator[Cube]:
    """The scenes, of pairs both dates."""
    for scene in inputs:
        cube = scene.cube
        yield from (cube.before, cube.after) if isinstance(cube, Pair) else (cube,)


def sized(config: Any, weights: Encoders) -> Any:
    """The settings for networks of the size of pre-trained encoders, whose first blocks learn more slowly.

    Raises:
        WeightsError: the encoders are of no named size.
    """
    decay = _LAYER_DECAY if config.training.layer_decay is None else config.training.layer_decay
    return replace(config, size=weights.size, training=replace(config.training, layer_decay=decay))


def seeing(config: Any, weights: Encoders) -> Any:
    """The settings with which canonical bands are seen as pre-trained encoders saw them: positions, missing bands."""
    kinds = {part.card.kind: part.card.config.positions for part in weights.parts}
    spatial = weights.spatial and weights.spatial.card.config
    return replace(
        config,
        missing=getattr(spatial, "missing", config.missing),
        spatial_positions=kinds.get("spatial", config.spatial_positions),
        spectral_positions=kinds.get("spectral", config.spectral_positions),
    )


def canonical_image(embedding: str, front_end: FrontEnd) -> CanonicalImage | None:
    """What makes canonical bands of a front end's channels; None where an embedding takes channels."""
    if embedding != "canonical":
        return None
    return CanonicalImage(torch.from_numpy(present_bands(front_end)), front_end.bands_told[0].shape[1])


def backbone_config(
    config: Any, num_bands: int, *, beside: int, side: int, spectral_taps: tuple[int, ...]
) -> BackboneConfig:
    """The encoders that settings of a task ask for.

    Args:
        config: size, patch, fusion, drop_path, positions and missing.
        num_bands: channels, or canonical bands, that both encoders see.
        beside: further channels of the spatial encoder.
        side: of the squares that the network sees, in pixels.
        spectral_taps: blocks of the spectral encoder that are read.
    """
    encoder = replace(EncoderConfig.of_size(config.size), drop_path=config.drop_path)
    spatial = SpatialConfig(
        encoder=encoder,
        channels=num_bands,
        patch=config.patch,
        positions=config.spatial_positions,
        grid=(-(-side // config.patch), -(-side // config.patch)),
        missing=config.missing,
        beside=beside,
    )
    spectral = SpectralConfig(
        encoder=replace(encoder, taps=spectral_taps),
        tokens=num_bands,
        tile=(side, side),
        positions=config.spectral_positions,
    )
    return BackboneConfig(spatial=spatial, spectral=spectral if config.fusion == "gate" else None)

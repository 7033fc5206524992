"""Published pre-trained encoders as ours, and ours in the published form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hypersigma.errors import WeightsError
from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.mae import (
    MaskedAutoencoder,
    SpatialMaskingConfig,
    SpectralMaskingConfig,
    masking_encoder,
)
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.weights.fit import fit
from hypersigma.weights.official.checkpoint import read_checkpoint
from hypersigma.weights.official.masked_autoencoders import SPATIAL_MASKING, SPECTRAL_MASKING
from hypersigma.weights.official.names import Table, publish, translate
from hypersigma.weights.pretrained import Card, Kind, Pretrained
from hypersigma.weights.receipt import Receipt

RADIOMETRY = "counts / 4000"

_TABLES: dict[Kind, Table] = {"spatial": SPATIAL_MASKING, "spectral": SPECTRAL_MASKING}


class Imported(NamedTuple):
    """A published encoder as ours, and what became of its tensors."""

    pretrained: Pretrained
    receipt: Receipt


def import_pretrained(path: Path) -> Imported:
    """The encoder in a published file; which one and of what size is told by its tensors.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """
    published = read_checkpoint(path)
    config = network_config(published, path)
    receipt = Receipt()
    # No memory and no random numbers for tensors that are all to be filled.
    with torch.device("meta"):
        network = MaskedAutoencoder(config)
    network = network.to_empty(device="cpu")
    table = _TABLES["spatial" if isinstance(config, SpatialMaskingConfig) else "spectral"]
    fit(network, translate(published, table, receipt), receipt)
    if missing := receipt.names("new"):
        raise WeightsError(f"{path}: damaged or incomplete: there is no {', '.join(missing[:3])}")
    return Imported(Pretrained(Card(config, RADIOMETRY), network.state_dict()), receipt)


def published_state(pretrained: Pretrained) -> dict[str, Tensor]:
    """The tensors of an encoder under their published names and in their published shapes.

    Raises:
        WeightsError: the encoder has tensors that published networks have no place for.
    """
    published = publish(pretrained.state, _TABLES[pretrained.card.kind])
    if "spat_map.weight" in published:
        published["spat_map.weight"] = published["spat_map.weight"].flatten(1)
    return published


def network_config(state: Mapping[str, Tensor], path: Path) -> SpatialMaskingConfig | SpectralMaskingConfig:
    """The masked autoencoder whose tensors these are."""
    try:
        common: dict[str, Any] = {
            "encoder": _blocks(state, "blocks.", path),
            "decoder": _blocks(state, "decoder_blocks.", path),
            "positions": "none",
            "decoder_positions": "learned",
        }
        tokens, values = state["decoder_pos_embed"].shape[1], state["decoder_pred.weight"].shape[0]
        if "spat_map.weight" in state:
            side = math.isqrt(state["spat_map.weight"].shape[1])
            channels = tokens * values // side**2
            return SpectralMaskingConfig(tokens=tokens, channels=channels, tile=(side, side), **common)
        channels, patch = state["patch_embed.proj.weight"].shape[1:3]
        side = math.isqrt(tokens) * patch
        return SpatialMaskingConfig(patch=patch, channels=channels, tile=(side, side), **common)
    except KeyError as error:
        raise WeightsError(
            f"{path}: expected a pre-trained HyperSIGMA encoder, but there is no {error}; found "
            f"{len(state)} tensors such as {', '.join(list(state)[:3])}"
        ) from error


def _blocks(state: Mapping[str, Tensor], prefix: str, path: Path) -> EncoderConfig:
    """Width, depth and heads of the blocks under a prefix.

    The number of heads leaves no trace in the tensors: it is that of the size of this width and depth, or, of another
    size, follows from the published widths of a head (64 in encoders, 32 in decoders).
    """
    depth = len({name.removeprefix(prefix).split(".")[0] for name in state if name.startswith(prefix)})
    dim = state[f"{prefix}0.norm1.weight"].shape[0]
    known = [size.heads for size in SIZES.values() if (size.dim, size.depth) == (dim, depth)]
    width = 64 if prefix == "blocks." else 32
    if not known and dim % width:
        raise WeightsError(f"{path}: blocks of width {dim} and depth {depth} are of no known size")
    return masking_encoder(Size(dim, depth, known[0] if known else dim // width, 1, (depth - 1,)))

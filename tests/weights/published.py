"""Fake published checkpoints."""

import argparse

import torch

from hypersigma.nn.encoder import EncoderConfig
from hypersigma.nn.mae import MaskedAutoencoder, SpatialMaskingConfig, SpectralMaskingConfig

ENCODER = EncoderConfig(dim=64, depth=2, heads=1, interval=1, taps=(1,))
DECODER = EncoderConfig(dim=32, depth=1, heads=1, interval=1, taps=(0,))
COMMON = {"encoder": ENCODER, "decoder": DECODER, "positions": "none", "decoder_positions": "learned"}
SPATIAL = SpatialMaskingConfig(channels=10, tile=(8, 8), patch=4, **COMMON)
SPECTRAL = SpectralMaskingConfig(channels=10, tile=(8, 8), tokens=10, **COMMON)

# Our names and the published ones, written out as the published files have them.
NAMES = {
    "norm": "norm",
    "decoder_embed": "decoder_embed",
    "decoder_norm": "decoder_norm",
    "predict": "decoder_pred",
}
BLOCK_NAMES = {
    "attention_norm": "norm1",
    "attention.qkv": "attn.qkv",
    "attention.projection": "attn.proj",
    "mlp_norm": "norm2",
    "mlp.expand": "mlp.fc1",
    "mlp.contract": "mlp.fc2",
}


def published_name(name, embed):
    if name == "mask_token":
        return name
    if name == "decoder_positions.table":
        return "decoder_pos_embed"
    stem, leaf = name.rsplit(".", 1)
    if stem == "embed":
        return f"{embed}.{leaf}"
    if ".blocks." in stem:
        owner, _, index, layer = stem.split(".", 3)
        return f"{'decoder_' if owner == 'decoder' else ''}blocks.{index}.{BLOCK_NAMES[layer]}.{leaf}"
    return f"{NAMES[stem]}.{leaf}"


def state(config):
    """A published state dict of a masked autoencoder, and the network it is of."""
    torch.manual_seed(1)
    network = MaskedAutoencoder(config)
    embed = "patch_embed.proj" if isinstance(config, SpatialMaskingConfig) else "spat_map"
    tensors = {published_name(name, embed): tensor for name, tensor in network.state_dict().items()}
    if "spat_map.weight" in tensors:
        tensors["spat_map.weight"] = tensors["spat_map.weight"].flatten(1)
    tensors["pos_embed"] = torch.randn(1, tensors["decoder_pos_embed"].shape[1], config.encoder.dim)
    return tensors, network


def checkpoint(path, config):
    """A checkpoint file as pre-training writes it."""
    tensors, network = state(config)
    content = {"model": tensors, "epoch": 1599, "scaler": {}, "optimizer": {"state": {}, "param_groups": []}}
    torch.save(content | {"args": argparse.Namespace(model="spat_mae_b", batch_size=32)}, path)
    return network

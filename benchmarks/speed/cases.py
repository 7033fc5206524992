"""What is timed: for each case the published formulation and ours, and the products that are really needed."""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from benchmarks.speed import machine
from benchmarks.speed.published import PublishedClassification, full_attention, masked_loss, sample_attention
from hypersigma.nn.attention import FullAttention, SparseSamplingAttention
from hypersigma.nn.block import DropPath
from hypersigma.nn.layout import Grid
from hypersigma.nn.mae import MaskedAutoencoder, SpatialMaskingConfig, SpectralMaskingConfig, masking_encoder
from hypersigma.nn.packed import packed
from hypersigma.nn.sizes import SIZES
from hypersigma.tasks.classification.network import ClassificationNetwork, published_config

SIZE = "base"
PUBLISHED, OURS, PACKED, BF16, PACKED_BF16 = "published", "ours", "ours packed", "ours bf16", "ours packed bf16"
PRODUCTS = "products alone"

Work = Callable[[], Tensor]
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Case:
    """Forms of one piece of work that give the same result.

    Attributes:
        forms: what is called, by name; the published formulation first where it can be run.
        forward: our way to the result, whose products are counted.
        passes: how many times these products a form needs: a backward pass needs them twice more.
    """

    forms: dict[str, Work]
    forward: Work
    passes: int = 1


def classification(head: str, channels: int, side: int, patch: int, batch: int, *, published: bool = True) -> Case:
    """Inference of the published network at base size."""
    network = _network(head, channels, side, patch).eval()
    image = torch.randn(batch, channels, side, side)
    forms: dict[str, Work] = {}
    if published:
        plain = PublishedClassification(network, SIZES[SIZE].depth).eval()
        forms[PUBLISHED] = partial(plain, image)
    forms[OURS] = partial(network, image)
    if torch.float32 in machine.PACKED:
        forms[PACKED] = partial(packed(network), image)
    if machine.HALF:
        half = copy.deepcopy(network).bfloat16()
        forms |= {BF16: partial(half, image.bfloat16()), PACKED_BF16: partial(packed(half), image.bfloat16())}
    return Case({name: _inferred(form) for name, form in forms.items()}, partial(network, image))


def training(batch: int) -> Case:
    """A training step of patch classification; the published one computes blocks anew in the backward pass."""
    network = _steady(_network("patch", 30, 33, 2)).train()
    plain = PublishedClassification(network, SIZES[SIZE].depth).train()
    image, truth = torch.randn(batch, 30, 33, 33), torch.randint(0, 17, (batch,))

    def loss(form: nn.Module) -> Tensor:
        return cross_entropy(form(image).float(), truth)

    return _trained(plain, network, partial(loss, plain), partial(loss, network))


def masking(kind: str, batch: int) -> Case:
    """A step of masked autoencoding."""
    config = {"spatial": SpatialMaskingConfig, "spectral": SpectralMaskingConfig}[kind]
    network = _steady(MaskedAutoencoder(config(encoder=masking_encoder(SIZE), positions="none"))).train()
    image, noise = torch.randn(batch, 100, 64, 64), torch.rand(batch, 64 if kind == "spatial" else 100)
    ours = lambda: network(image, noise).loss(network.target(image))  # noqa: E731
    return _trained(network, network, lambda: masked_loss(network, image, noise), ours)


def layer(kind: str, tokens: int) -> Case:
    """One attention layer at base size on a square picture of tokens, and its two large products alone."""
    side = round(tokens**0.5)
    size = SIZES[SIZE]
    inputs = torch.randn(1, tokens, size.dim)
    if kind == "sampled":
        attention: FullAttention | SparseSamplingAttention = SparseSamplingAttention(size.dim, size.heads)
        _spread(attention)
        plain: Work = lambda: sample_attention(attention, inputs, (side, side))  # noqa: E731
    else:
        attention = FullAttention(size.dim, size.heads)
        plain = lambda: full_attention(attention, inputs)  # noqa: E731
    forms: dict[str, Work] = {PUBLISHED: plain, OURS: lambda: attention(inputs, Grid(side, side))}
    products = lambda: attention.qkv(inputs)[..., : size.dim] + attention.projection(inputs)  # noqa: E731
    forms[PRODUCTS] = products
    return Case({name: _inferred(form) for name, form in forms.items()}, products)


CASES: dict[str, Callable[[], Case]] = {
    "patch classification, 33 px, patch 2, batch 4": partial(classification, "patch", 30, 33, 2, 4),
    "patch classification, 33 px, patch 2, batch 16": partial(classification, "patch", 30, 33, 2, 16),
    "dense segmentation, 128 px, patch 8": partial(classification, "dense", 20, 128, 8, 1),
    "dense segmentation, 128 px, patch 2": partial(classification, "dense", 20, 128, 2, 1),
    "dense segmentation, 256 px, patch 2": partial(classification, "dense", 20, 256, 2, 1, published=False),
    "training step, patch classification, batch 4": partial(training, 4),
    "masked autoencoder, spatial, batch 32": partial(masking, "spatial", 32),
    "masked autoencoder, spectral, batch 32": partial(masking, "spectral", 32),
}

LAYERS: dict[str, Callable[[], Case]] = {
    f"{kind} attention, {tokens} tokens": partial(layer, kind, tokens)
    for kind in ("sampled", "full")
    for tokens in (64, 256, 1024, 2304, 4096)
}


def _network(head: str, channels: int, side: int, patch: int) -> ClassificationNetwork:
    """The published network of that shape whose sampled places lie some two tokens off."""
    config = published_config(
        SIZES[SIZE],
        head=head,  # type: ignore[arg-type]
        channels=channels,
        image=(side, side),
        patch=patch,
        num_classes=17,
    )
    network = ClassificationNetwork(config)
    _spread(network)
    return network


def _spread(network: nn.Module) -> None:
    """Offsets of some two tokens: near zero every place would be the token itself."""
    for module in network.modules():
        if isinstance(module, SparseSamplingAttention):
            nn.init.normal_(module.offsets.bias, std=2.0)


def _steady(network: Network) -> Network:
    """The network without anything that is drawn, so that both forms compute the same."""
    for module in network.modules():
        if isinstance(module, DropPath):
            module.rate = 0.0
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return network


def _inferred(form: Work) -> Work:
    """A form under inference mode."""

    def call() -> Tensor:
        with torch.inference_mode():
            return form()

    return call


def _trained(plain: nn.Module, network: nn.Module, published: Work, ours: Work) -> Case:
    """Steps with the optimiser of either side; bfloat16 by autocast, weights in single precision."""
    optimizers = {
        PUBLISHED: torch.optim.AdamW(plain.parameters(), lr=1e-6),
        OURS: torch.optim.AdamW(network.parameters(), lr=1e-6, fused=True),
    }

    def step(loss: Work, optimizer: str, half: bool) -> Tensor:
        optimizers[optimizer].zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        optimizers[optimizer].step()
        gc.collect()
        return value.detach()

    forms = {PUBLISHED: partial(step, published, PUBLISHED, False), OURS: partial(step, ours, OURS, False)}
    if machine.HALF:
        forms[BF16] = partial(step, ours, OURS, True)
    return Case(forms, ours, passes=3)

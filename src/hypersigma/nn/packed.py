"""Networks for use alone, whose blocks hold their weights in the order in which the processor multiplies them.

Bringing a matrix into that order takes a share of every product; for weights that do not change, once is enough. The
products are those of oneDNN, which PyTorch carries; where it has none of them, networks stay as they are.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from hypersigma.nn.attention import Attention
from hypersigma.nn.block import Mlp

Network = TypeVar("Network", bound=nn.Module)


class PackedLinear(nn.Module):
    """A linear layer for inference on a processor, with an exact GELU behind it where `gelu`."""

    def __init__(self, layer: nn.Linear, *, gelu: bool = False) -> None:
        super().__init__()
        self.activation = "gelu" if gelu else "none"
        # A plain attribute: a packed weight can be neither trained nor saved.
        self.weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach())
        self.bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (..., D) mapped."""
        # The last argument tells how GELU is computed: exactly.
        return torch.ops.mkldnn._linear_pointwise(  # type: ignore[no-any-return]
            tokens, self.weight, self.bias, self.activation, [], "none"
        )


def packed(network: Network) -> Network:
    """A twin of a network on a processor with packed blocks, to be called under `torch.inference_mode` alone.

    What is not packed it shares with the network, which stays as it is. Networks elsewhere, of other numbers than
    float32 and bfloat16, or without blocks are their own twins.
    """
    weight = next((module.qkv.weight for module in network.modules() if isinstance(module, Attention)), None)
    return _twin(network) if weight is not None and _can_pack(weight) else network


def _can_pack(weight: Tensor) -> bool:
    """Whether there are products of such packed weights here."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if weight.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return weight.dtype == torch.float32


def _twin(module: Network) -> Network:
    """The module with packed layers in its attentions and perceptrons."""
    twin = copy.copy(module)
    twin._modules = {name: child if child is None else _twin(child) for name, child in module._modules.items()}
    if isinstance(module, Attention | Mlp):
        layers = {name: child for name, child in module.named_children() if isinstance(child, nn.Linear)}
        for name, layer in layers.items():
            setattr(twin, name, PackedLinear(layer, gelu=name == "expand"))
        if isinstance(module, Mlp):
            twin.activation = nn.Identity()
    return twin

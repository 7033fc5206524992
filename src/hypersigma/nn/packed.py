"""Networks for use alone, whose blocks hold their weights in the order in which the processor multiplies them.

Bringing a matrix into that order takes a share of every product; for weights that do not change, once is enough. The
products are those of oneDNN, which PyTorch carries; where it has none or slower ones, networks stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from hypersigma.nn.attention import Attention
from hypersigma.nn.block import Mlp

Network = TypeVar("Network", bound=nn.Module)


class PackedLinear(nn.Module):
    """A linear layer for inference on a processor, with an exact GELU behind it where `gelu`.

    It is saved under the names and with the numbers of the layer that it was made of.
    """

    def __init__(self, layer: nn.Linear, *, gelu: bool = False) -> None:
        super().__init__()
        self.activation = "gelu" if gelu else "none"
        # A plain attribute: a packed weight can be neither trained nor moved.
        self.weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach())
        self.bias = None if layer.bias is None else layer.bias.detach()

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (..., D) mapped.

        Raises:
            RuntimeError: gradients are asked for.
        """
        if torch.is_grad_enabled():
            raise RuntimeError("packed weights give no gradients: call torch.inference_mode() before, or unpacked()")
        # The last argument tells how GELU is computed: exactly.
        return torch.ops.mkldnn._linear_pointwise(  # type: ignore[no-any-return]
            tokens, self.weight, self.bias, self.activation, [], "none"
        )

    def unpacked(self) -> nn.Linear:
        """The layer that it was made of, without the GELU."""
        weight = self.weight.to_dense()
        outputs, inputs = weight.shape
        layer = nn.Linear(inputs, outputs, bias=self.bias is not None, device="meta")
        layer.weight = nn.Parameter(weight)
        if self.bias is not None:
            layer.bias = nn.Parameter(self.bias)
        return layer

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        destination |= self.unpacked().state_dict(prefix=prefix, keep_vars=keep_vars)


def packed(network: Network) -> Network:
    """A twin of a network on a processor with packed blocks, to be called under `torch.inference_mode` alone.

    What is not packed it shares with the network, which stays as it is and may be dropped: `unpacked` brings it back.
    Networks that would not be quicker so, and those without blocks, are their own twins.
    """
    weight = next((module.qkv.weight for module in network.modules() if isinstance(module, Attention)), None)
    return _twin(network, nn.Linear, _pack, {}) if weight is not None and pays(weight) else network


def unpacked(network: Network) -> Network:
    """A twin of a packed network with weights as they were before, to be trained, moved or exported."""
    return _twin(network, PackedLinear, _unpack, {})


def pays(weight: Tensor) -> bool:
    """Whether products of such weights, packed, are the quickest here: float32 and bfloat16, on some processors."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    if weight.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    # Without these instructions networks were slower with packed weights, by 4 to 13 percent (measured).
    return weight.dtype == torch.float32 and torch.backends.cpu.get_cpu_capability() == "AVX512"


def _twin(
    module: Network,
    kind: type[nn.Module],
    change: Callable[[nn.Module, str, Any], None],
    twins: dict[nn.Module, Any],
) -> Network:
    """The module with its layers of a kind changed in its attentions and perceptrons.

    `twins` are those that were made before: what occurs twice is one in the twin as well.
    """
    if module in twins:
        return twins[module]  # type: ignore[no-any-return]
    twin = twins[module] = copy.copy(module)
    twin._modules = {
        name: child if child is None else _twin(child, kind, change, twins) for name, child in module._modules.items()
    }
    if isinstance(module, Attention | Mlp):
        for name, layer in module.named_children():
            if isinstance(layer, kind):
                change(twin, name, layer)
    return twin


def _pack(owner: nn.Module, name: str, layer: nn.Linear) -> None:
    gelu = name == "expand"
    setattr(owner, name, PackedLinear(layer, gelu=gelu))
    if gelu:
        owner.activation = nn.Identity()


def _unpack(owner: nn.Module, name: str, layer: PackedLinear) -> None:
    setattr(owner, name, layer.unpacked())
    if layer.activation == "gelu":
        owner.activation = nn.GELU()

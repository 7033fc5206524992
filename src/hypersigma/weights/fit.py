"""Weights put into a network, resized where another size can be met, with a receipt."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from hypersigma.errors import WeightsError
from hypersigma.nn.positions import Positions
from hypersigma.nn.resize import resize_patch, resize_positions
from hypersigma.weights.receipt import Receipt


def fit(module: nn.Module, state: Mapping[str, Tensor], receipt: Receipt | None = None) -> Receipt:
    """Fill a network with the tensors of its names, and note what became of each.

    Embeddings and position tables are resized to another patch, tile or grid. An embedding for other bands, and
    tensors the network has no place for, are left out.

    Raises:
        WeightsError: a tensor belongs to a network of another width.
    """
    receipt = Receipt() if receipt is None else receipt
    places = dict(module.state_dict())
    for name, tensor in state.items():
        place = places.pop(name, None)
        if place is None:
            receipt.add(name, "dropped", "this network has no place for it")
        elif place.numel() == tensor.numel() and place.squeeze().shape[:1] == tensor.squeeze().shape[:1]:
            # The same numbers in another shape: a flat spectral map, a 1 x 1 convolution for a linear layer.
            _fill(place, tensor)
            receipt.add(name, "used")
        else:
            _fit_other_shape(module, name, tensor, receipt)
    for name in places:
        receipt.add(name, "new", "the file has no weights for it")
    return receipt


def _fit_other_shape(module: nn.Module, name: str, tensor: Tensor, receipt: Receipt) -> None:
    """Resize a tensor into its place, or say why it is left out."""
    place = module.get_parameter(name)
    shapes = f"{_shape(tensor)} to {_shape(place)}"
    if name.endswith("positions.table") and place.shape[-1] == tensor.shape[-1]:
        if len(shape := _positions_shape(module, name)) == 1:
            old, new = (tensor.shape[1], 1), (shape[0], 1)
        else:
            old, new = _grid(tensor.shape[1]), (shape[0], shape[1])
        _fill(place, resize_positions(tensor, old, new))
        receipt.add(name, "resized", f"bicubic, {shapes}")
        return
    if name.endswith("embed.weight") and place.shape[0] == tensor.shape[0]:
        # Published spectral maps are flat: one linear layer over the pixels of a square tile.
        if tensor.dim() == 2:
            tensor = tensor.unflatten(1, _grid(tensor.shape[1]))  # type: ignore[no-untyped-call]
        if tensor.shape[:-2] == place.shape[:-2]:
            _fill(place, resize_patch(tensor, place.shape[-2], place.shape[-1]))
            receipt.add(name, "resized", f"pseudo-inverse, {shapes}")
        else:
            receipt.add(name, "dropped", f"made for {tensor.shape[1]} bands, this network takes {place.shape[1]}")
        return
    raise WeightsError(
        f"'{name}' is {_shape(tensor)} in the weights and {_shape(place)} in the network: "
        f"they are of different sizes; build the network in the size of the weights"
    )


def _positions_shape(module: nn.Module, name: str) -> tuple[int, ...]:
    """The line or grid that a table of positions is made for."""
    positions = module.get_submodule(name.rpartition(".")[0])
    assert isinstance(positions, Positions)
    return positions.shape


def _fill(place: Tensor, tensor: Tensor) -> None:
    with torch.no_grad():
        place.copy_(tensor.reshape(place.shape))


def _grid(tokens: int) -> tuple[int, int]:
    """Rows and columns of a square grid of that many tokens.

    Raises:
        WeightsError: the number is not a square.
    """
    side = math.isqrt(tokens)
    if side * side != tokens:
        raise WeightsError(f"a table of {tokens} places is not a square grid and cannot be resized")
    return side, side


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"

"""Operations of our networks that ONNX lacks, put together from those that it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from onnxscript import opset18

op: Any = opset18  # its types do not tell constants from tensors
_INT64 = 7  # the type's number in ONNX


def _searchsorted(line: Any, values: Any, **options: Any) -> Any:
    """How many numbers of an ascending line (N,) lie below each value."""
    below = op.Less(line, op.Unsqueeze(values, [-1]))
    return op.ReduceSum(op.Cast(below, to=_INT64), [-1], keepdims=0)


def _embedding_bag(
    table: Any, rows: Any, offsets: Any, scaled: bool, mode: int, sparse: bool, weights: Any, *rest: Any
) -> tuple[Any, Any, Any, Any]:
    """Weighted sums (bags, d) of rows of a table (N, d), for bags of one size; what else there is serves gradients."""
    read = op.Mul(op.Gather(table, rows), op.Unsqueeze(weights, [1]))
    bags = op.Concat(op.Shape(offsets), op.Constant(value_ints=[-1]), op.Shape(table, start=1), axis=0)
    return op.ReduceSum(op.Reshape(read, bags), [1], keepdims=0), offsets, offsets, offsets


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.aten.searchsorted.Tensor: _searchsorted,
    torch.ops.aten.embedding_bag.padding_idx: _embedding_bag,
}

"""Sparse sampling attention on a picture as one operator of PyTorch, computed by Triton kernels on a CUDA card.

Neighbours, interpolated keys and interpolated values are never held; queries, keys and values are read where the
projection put them; sums are held in float32 (float64 for float64). Results are those of `mixed_samples`.
"""

# Annotations stay as they are, not strings: PyTorch reads the operators' schemas off them.

import logging
from functools import cache
from typing import Any

import torch
from torch import Tensor

from hypersigma.nn.layout import Grid

logger = logging.getLogger(__name__)

# Numbers of a block of tokens, four for each of a program's 128 threads: twice as many would take so many registers
# in the backward kernel (145 a thread, against 80) that too few threads share a core to hide the reading.
BLOCK = 512


def has_kernel(device: torch.device) -> bool:
    """Whether the kernels serve tensors of a device now.

    They need a CUDA device, Triton, and what Triton needs: a card that it supports and a C compiler. Where
    deterministic algorithms are asked for they stand back, since atomic additions come in no fixed order.
    """
    return device.type == "cuda" and not torch.are_deterministic_algorithms_enabled() and _works_on(device)


@cache
def _works_on(device: torch.device) -> bool:
    """Whether a first small call succeeds; where Triton is there but fails, the log says why."""
    one = torch.zeros(1, 1, 1, 1, device=device)
    try:
        sampled_on_grid(one, one, one, torch.zeros(1, 1, 1, 1, 2, device=device), Grid(1, 1))
    except ImportError:
        return False
    except Exception as error:  # whatever compilers and drivers raise
        logger.warning("%s: sparse sampling attention runs without its Triton kernels: %s", device, error)
        return False
    return True


def sampled_on_grid(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, grid: Grid) -> Tensor:
    """Mixed values (B, heads, N, head_dim) from unscaled queries, keys and values of that shape, in any strides.

    The result is the same in every run. The gradients of keys and values are sums by atomic additions, whose order,
    and with it the last digits, may differ from run to run; gradients of gradients are not provided. Offsets
    (B, heads, N, points, 2) are places (x, y) relative to each token, in token units.

    Raises:
        ValueError: there are not as many tokens as the grid has cells.
        ImportError: there is no Triton.
    """
    if query.shape[2] != grid.rows * grid.cols:
        raise ValueError(f"{query.shape[2]} tokens do not fill a grid of {grid.rows} x {grid.cols}")
    mixed, _ = _sample(query, key, value, offsets, grid.rows, grid.cols)
    return mixed  # type: ignore[no-any-return]


@torch.library.custom_op("hypersigma::sample_on_grid", mutates_args=())
def _sample(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, rows: int, cols: int) -> tuple[Tensor, Tensor]:
    """Mixed values (B, heads, N, head_dim), and logarithms of the sums under the softmax (B, N, heads)."""
    from hypersigma.nn.attention import triton_kernels

    mixed, log_sums = _room(query)
    _launch(triton_kernels.mix, (query, key, value), offsets, (mixed, log_sums), (rows, cols))
    return mixed.transpose(1, 2), log_sums


@_sample.register_fake
def _(query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, rows: int, cols: int) -> tuple[Tensor, Tensor]:
    mixed, log_sums = _room(query)
    return mixed.transpose(1, 2), log_sums


@torch.library.custom_op("hypersigma::sample_on_grid_backward", mutates_args=())
def _sample_backward(
    grad_mixed: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    offsets: Tensor,
    mixed: Tensor,
    log_sums: Tensor,
    rows: int,
    cols: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of queries, keys and values (B, heads, N, head_dim) and of offsets, in their shapes."""
    from hypersigma.nn.attention import triton_kernels

    room = _gradient_room(query, offsets, log_sums)
    known = (_by_token(mixed), log_sums, _by_token(grad_mixed))
    _launch(triton_kernels.mix_backward, (query, key, value), offsets, (*known, *room), (rows, cols))
    return _by_head(room, query)


@_sample_backward.register_fake
def _(
    grad_mixed: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    offsets: Tensor,
    mixed: Tensor,
    log_sums: Tensor,
    rows: int,
    cols: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return _by_head(_gradient_room(query, offsets, log_sums), query)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    """What the backward pass needs."""
    *tensors, ctx.rows, ctx.cols = inputs
    ctx.save_for_backward(*tensors, *output)


def _differentiate(ctx: Any, grad_mixed: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    """Gradients of all that `_sample` takes."""
    return *_sample_backward(grad_mixed, *ctx.saved_tensors, ctx.rows, ctx.cols), None, None


_sample.register_autograd(_differentiate, setup_context=_keep)


def _by_token(tensor: Tensor) -> Tensor:
    """A tensor (B, heads, N, ...) as (B, N, heads, ...) without gaps: no copy of what a linear layer made."""
    return tensor.transpose(1, 2).contiguous()


def _room(query: Tensor) -> tuple[Tensor, Tensor]:
    """Memory for mixed values (B, N, heads, head_dim) and for logarithms of sums (B, N, heads)."""
    shape = query.transpose(1, 2).shape
    number = torch.float64 if query.dtype == torch.float64 else torch.float32
    return query.new_empty(shape), query.new_empty(shape[:3], dtype=number)


def _gradient_room(query: Tensor, offsets: Tensor, log_sums: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Memory for the gradients (B, N, heads, ...); zeros where they are added to."""
    shape = query.transpose(1, 2).shape
    grad_key, grad_value = log_sums.new_zeros(shape), log_sums.new_zeros(shape)
    return query.new_empty(shape), grad_key, grad_value, offsets.new_empty(offsets.transpose(1, 2).shape)


def _by_head(gradients: tuple[Tensor, ...], query: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients (B, heads, N, ...) in the types of what they belong to."""
    grad_query, grad_key, grad_value, grad_offsets = (part.transpose(1, 2) for part in gradients)
    return grad_query, grad_key.to(query.dtype), grad_value.to(query.dtype), grad_offsets


def _launch(
    kernel: Any, vectors: tuple[Tensor, ...], offsets: Tensor, rest: tuple[Tensor, ...], grid: tuple[int, int]
) -> None:
    """Run a kernel over all images, heads and blocks of tokens."""
    if vectors[0].stride(-1) != 1 or len({vector.stride() for vector in vectors}) > 1:
        vectors = tuple(vector.contiguous() for vector in vectors)
    batch, heads, tokens, head_dim = vectors[0].shape
    width = 1 << (head_dim - 1).bit_length()
    block = max(BLOCK // width, 1)
    programs = batch * heads * -(-tokens // block)
    with torch.cuda.device_of(vectors[0]):  # type: ignore[no-untyped-call]
        kernel[(programs,)](
            *vectors,
            _by_token(offsets),
            *rest,
            *grid,
            heads,
            *vectors[0].stride()[:3],
            POINTS=offsets.shape[-2],
            HEAD_DIM=head_dim,
            TOKENS=block,
            WIDTH=width,
            enable_fp_fusion=True,
        )

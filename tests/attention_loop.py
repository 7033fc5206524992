"""Sparse sampling attention in loops, written from the formula, in float64: what its quick forms are held against."""

import math

import torch

from hypersigma.nn.attention import SparseSamplingAttention


def attention(axes=2, heads=2, dim=9, points=3, **options):
    """A sparse sampling attention in float64 whose offsets are spread over some tokens."""
    torch.manual_seed(0)
    built = SparseSamplingAttention(dim, heads, points=points, axes=axes, **options).double()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_(std=0.5)
        built.offsets.bias.normal_(std=1.5)
    return built


def bilinear(vectors, rows, cols, x, y):
    """Value at column x, row y of vectors (rows * cols, d), zero outside."""
    total = torch.zeros_like(vectors[0])
    left, top = math.floor(x), math.floor(y)
    for row, col in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        if 0 <= row < rows and 0 <= col < cols:
            total = total + (1 - abs(x - col)) * (1 - abs(y - row)) * vectors[row * cols + col]
    return total


def by_loop(built, tokens, rows, cols):
    """The published formula, a token and head at a time."""
    batch, count, _ = tokens.shape
    query, key, value = built.qkv(tokens).view(batch, count, 3, built.heads, built.head_dim).unbind(2)
    outputs = []
    for sample in range(batch):
        offsets = built.offsets(query[sample].reshape(count, -1)).view(count, built.heads, built.points, 2)
        for token in range(count):
            row, col = divmod(token, cols)
            for head in range(built.heads):
                places = [(col + float(x), row + float(y)) for x, y in offsets[token, head]]
                keys = torch.stack([bilinear(key[sample, :, head], rows, cols, *place) for place in places])
                values = torch.stack([bilinear(value[sample, :, head], rows, cols, *place) for place in places])
                weights = (keys @ query[sample, token, head] / math.sqrt(built.head_dim)).softmax(0)
                outputs.append(weights @ values)
    return built.projection(torch.stack(outputs).view(batch, count, -1))

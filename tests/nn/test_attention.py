"""Attention against loops written from the formula, in float64, and its two forms against each other."""

import pytest
import torch

from hypersigma.nn.attention import FullAttention, SparseSamplingAttention
from hypersigma.nn.attention import sparse_sampling as module
from hypersigma.nn.attention.base import Attention
from hypersigma.nn.layout import Grid, Line
from tests.attention_loop import attention, by_loop


@pytest.mark.parametrize(("rows", "cols"), [(3, 4), (1, 5), (2, 2)])
def test_sparse_sampling_is_the_published_formula(rows, cols):
    built = attention()
    tokens = torch.randn(2, rows * cols, 9, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(built(tokens, Grid(rows, cols)), by_loop(built, tokens, rows, cols))


LAYOUTS = {
    "picture": (2, Grid(3, 4)),
    "line": (1, Line(torch.arange(12))),
    "gaps": (1, Line(torch.tensor([0, 1, 2, 5, 6, 7, 8, 20, 21, 30, 31, 32]))),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_both_forms_agree_with_their_gradients(name, monkeypatch):
    axes, layout = LAYOUTS[name]
    built = attention(axes)
    tokens = torch.randn(2, 12, 9, dtype=torch.float64, requires_grad=True)
    results = []
    for limit in (module.DENSE_TOKENS, 0):
        monkeypatch.setattr(module, "DENSE_TOKENS", limit)
        output = built(tokens, layout)
        results.append([output, *torch.autograd.grad(output.sin().sum(), [tokens, *built.parameters()])])
    for dense, gathered in zip(*results, strict=True):
        torch.testing.assert_close(dense, gathered)


@pytest.mark.parametrize("name", LAYOUTS)
def test_gradients_are_those_of_finite_differences(name):
    axes, layout = LAYOUTS[name]
    built = attention(axes, dim=4)
    tokens = torch.randn(1, 12, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: built(x, layout), (tokens,), eps=1e-7, atol=1e-4)


def test_a_token_without_neighbours_gets_its_own_value():
    built = attention(axes=1, heads=1, dim=4)
    with torch.no_grad():
        built.offsets.weight.zero_()
        built.offsets.bias.fill_(5.0)
    tokens = torch.randn(1, 2, 4, dtype=torch.float64)
    expected = built.projection(built.qkv(tokens)[..., 8:])
    torch.testing.assert_close(built(tokens, Line(torch.tensor([0, 40]))), expected)


def test_full_attention_is_softmax_over_all():
    built = FullAttention(9, 2).double()
    tokens = torch.randn(2, 5, 9, dtype=torch.float64)
    query, key, value = built.qkv(tokens).view(2, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
    mixed = (query @ key.mT / 2.0).softmax(-1) @ value
    torch.testing.assert_close(built(tokens, Grid(1, 5)), built.projection(mixed.transpose(1, 2).flatten(2)))


def test_a_ring_of_eight_points_is_the_eight_neighbours():
    offsets = SparseSamplingAttention(8, 5).offsets
    assert not offsets.weight.any()
    heads = offsets.bias.view(5, 8, 2).round(decimals=4)
    neighbours = {(x, y) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)} - {(0.0, 0.0)}
    assert {tuple(point) for point in (heads[0] + 0.0).tolist()} == neighbours
    assert heads.abs().amax((1, 2)).tolist() == [1, 2, 3, 4, 1]


def test_a_ring_on_the_band_axis_goes_both_ways():
    offsets = SparseSamplingAttention(8, 2, points=4, axes=1).offsets
    assert offsets.bias.view(2, 4).tolist() == [[-1, 1, -2, 2], [-2, 2, -4, 4]]


def test_the_published_start_is_near_zero():
    offsets = SparseSamplingAttention(64, 2, start="near_zero").offsets
    assert not offsets.bias.any()
    assert 0.015 < float(offsets.weight.detach().std()) < 0.025


def test_the_base_has_no_middle():
    with pytest.raises(NotImplementedError):
        Attention(4, 1)(torch.zeros(1, 2, 4), Grid(1, 2))

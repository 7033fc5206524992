"""Places between tokens as mixtures of tokens, against written-out interpolation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import grid_sample

from hypersigma.nn.layout import Grid, Line

quick = settings(max_examples=20, deadline=None)


def mixed(samples, values):
    """Values (N,) at the sampled places."""
    return (values[samples.tokens] * samples.weight).sum(-1)


@quick
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_a_grid_samples_as_grid_sample_does(rows, cols, seed):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(rows * cols, generator=generator, dtype=torch.float64)
    offsets = 3 * torch.randn(1, 1, rows * cols, 4, 2, generator=generator, dtype=torch.float64)
    row, col = torch.meshgrid(torch.arange(rows).double(), torch.arange(cols).double(), indexing="ij")
    centre = torch.stack([(col + 0.5) / cols, (row + 0.5) / rows], -1).view(1, rows * cols, 1, 2)
    places = 2 * (centre + offsets[0] / torch.tensor([cols, rows])) - 1
    expected = grid_sample(
        values.view(1, 1, rows, cols), places, mode="bilinear", padding_mode="zeros", align_corners=False
    )
    samples = Grid(rows, cols).sample(offsets)
    assert samples.missing is None
    torch.testing.assert_close(mixed(samples, values)[0, 0], expected[0, 0])


def at_place(index, values, place):
    """The value between the nearest present tokens on either side, or None if none is within 1.5 steps."""
    if min(abs(place - i) for i in index) > 1.5:
        return None
    return float(np.interp(place, index, values))


@quick
@given(st.sets(st.integers(0, 30), min_size=1, max_size=12), st.integers(0, 1000))
def test_a_line_interpolates_between_present_tokens(present, seed):
    index = sorted(present)
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(len(index), generator=generator, dtype=torch.float64)
    offsets = 4 * torch.randn(1, 1, len(index), 5, 1, generator=generator, dtype=torch.float64)
    samples = Line(torch.tensor(index)).sample(offsets)
    found = mixed(samples, values)[0, 0]
    for token, start in enumerate(index):
        expected = [at_place(index, values.numpy(), start + float(o)) for o in offsets[0, 0, token, :, 0]]
        if all(value is None for value in expected):
            expected[0] = float(values[token])
        for point, value in enumerate(expected):
            assert bool(samples.missing[0, 0, token, point]) == (value is None)
            if value is not None:
                assert float(found[token, point]) == pytest.approx(value, abs=1e-9)


def test_a_token_that_sees_nothing_looks_at_itself():
    samples = Line(torch.tensor([0, 50])).sample(torch.full((1, 1, 2, 3, 1), 10.0))
    assert samples.missing.tolist() == [[[[False, True, True]] * 2]]
    assert mixed(samples, torch.tensor([3.0, 7.0]))[0, 0, :, 0].tolist() == [3.0, 7.0]


def test_weights_of_a_place_inside_a_grid_sum_to_one():
    samples = Grid(5, 5).sample(torch.full((1, 1, 25, 1, 2), math.pi / 10))
    assert samples.weight.sum(-1)[0, 0, 12].item() == pytest.approx(1.0)

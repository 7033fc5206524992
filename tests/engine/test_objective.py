"""Where random draws come from: from what they are for, and never from global state."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hypersigma.engine.objective import Draws
from tests.fakes.pretraining import build, toy


@given(st.sampled_from([1, 2, 3, 4, 6, 12]), st.integers(0, 2**31), st.integers(0, 10**6))
def test_parts_side_by_side_are_the_whole(num_parts: int, seed: int, step: int) -> None:
    whole = Draws(seed, step, 0, 12).uniform("noise", 3)
    size = 12 // num_parts
    parts = [Draws(seed, step, part * size, size).uniform("noise", 3) for part in range(num_parts)]
    assert torch.equal(torch.cat(parts), whole)


def test_purposes_samples_steps_and_seeds_differ() -> None:
    kinds = [Draws(0, 0, 0, 2), Draws(0, 1, 0, 2), Draws(1, 0, 0, 2), Draws(0, 0, 2, 2)]
    numbers = torch.cat([draws.uniform(purpose, 1) for draws in kinds for purpose in ("one", "two")])
    assert len(numbers.unique()) == 16


def test_what_is_shared_is_the_same_in_every_part() -> None:
    first, second = (torch.rand(3, generator=Draws(0, 5, first, 4).shared("patch")) for first in (0, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, torch.rand(3, generator=Draws(0, 6, 0, 4).shared("patch")))


def test_global_random_numbers_play_no_part() -> None:
    objective, batch = build(), toy().batches(0, 0, 1)
    losses = []
    for state in (1, 2):
        torch.manual_seed(state)
        losses.append(objective(batch, Draws(0, 0, 0, 4))["spatial"].total)
    assert torch.equal(*losses)


def test_counts_are_those_of_the_forward_pass() -> None:
    objective, batch, draws = build(), toy().batches(0, 0, 1), Draws(0, 0, 0, 4)
    # The objective's own count, and the one it would inherit.
    for counts in (objective.counts(batch, draws), super(type(objective), objective).counts(batch, draws)):
        assert {name: float(count) for name, count in counts.items()} == {"spatial": 48.0, "spectral": 20.0}


def test_the_loss_is_that_of_the_autoencoder() -> None:
    objective, batch, draws = build(torch.float64), toy(dtype=torch.float64).batches(0, 0, 1), Draws(0, 0, 0, 4)
    found = objective(batch, draws)["spatial"]
    network = objective.networks["spatial"]
    reconstruction = network(batch.image, draws.uniform("hide from the spatial encoder", 16))
    expected = reconstruction.loss(network.target(batch.image)).detach()
    assert float(found.total.detach() / found.number) == pytest.approx(float(expected), rel=1e-12)

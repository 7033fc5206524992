"""The optimiser: which parameter is in which group, and how the average follows."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from hypersigma.engine.optim import Average, parameter_groups, set_rate
from tests.fakes.pretraining import build


def shares(layer_decay: float) -> dict[str, float]:
    groups = parameter_groups(build(), weight_decay=0.1, layer_decay=layer_decay)
    return {name: group["share"] for group in groups for name in group["names"]}


@pytest.mark.parametrize("kind", ["spatial", "spectral"])
@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("embed.weight", 0),
        ("encoder.blocks.0.attention.qkv.weight", 1),
        ("encoder.blocks.1.mlp_norm.bias", 2),
        ("norm.weight", 3),
        ("decoder_embed.weight", 3),
        ("decoder.blocks.0.attention.qkv.weight", 3),
        ("mask_token", 3),
    ],
)
def test_the_share_falls_with_the_distance_from_the_end(kind: str, name: str, level: int) -> None:
    # The encoders have two blocks, so what stands behind them is at level 3.
    assert shares(0.5)[f"networks.{kind}.{name}"] == 0.5 ** (3 - level)


def test_without_layer_decay_all_share_alike() -> None:
    groups = parameter_groups(build(), weight_decay=0.1)
    assert [(group["weight_decay"], group["share"]) for group in groups] == [(0.1, 1.0), (0.0, 1.0)]
    decayed, others = groups
    assert all(parameter.ndim > 1 for parameter in decayed["params"])
    assert "networks.spatial.mask_token" in others["names"]
    assert "networks.spectral.embed.bias" in others["names"]


def test_every_trained_parameter_is_in_one_group() -> None:
    network = build()
    network.networks["spatial"].mask_token.requires_grad_(False)
    groups = parameter_groups(network, weight_decay=0.1, layer_decay=0.7)
    names = [name for group in groups for name in group["names"]]
    trained = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert sorted(names) == sorted(trained)
    assert sum(len(group["params"]) for group in groups) == len(trained)


def test_positions_of_the_encoder_are_in_front_of_its_blocks() -> None:
    class Learned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.positions = nn.ParameterDict({"table": torch.zeros(1, 4, 2)})
            self.encoder = nn.ModuleDict({"blocks": nn.ModuleList(nn.Linear(2, 2) for _ in range(3))})
            self.decoder_positions = nn.ParameterDict({"table": torch.zeros(1, 4, 2)})

    groups = parameter_groups(Learned(), weight_decay=0.1, layer_decay=0.5)
    found = {name: (group["share"], group["weight_decay"]) for group in groups for name in group["names"]}
    assert found["positions.table"] == (0.5**4, 0.0)
    assert found["decoder_positions.table"] == (1.0, 0.0)


def test_a_rate_is_shared_out() -> None:
    optimizer = torch.optim.AdamW(parameter_groups(build(), weight_decay=0.1, layer_decay=0.5))
    set_rate(optimizer, 0.8)
    assert {group["lr"] for group in optimizer.param_groups} == {0.8 * 0.5**distance for distance in range(4)}


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30), st.floats(0.1, 0.999))
def test_the_average_is_a_mean_of_the_weights_it_saw(values: list[float], decay: float) -> None:
    weight = torch.zeros(1, dtype=torch.float64)
    average = Average({"w": weight}, decay)
    expected = 0.0
    for step, value in enumerate(values):
        weight.fill_(value)
        average.follow({"w": weight}, step)
        kept = min(decay, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * value
    assert float(average.weights["w"]) == pytest.approx(expected, abs=1e-9)

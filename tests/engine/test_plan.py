"""What a pre-training is said to need, against what it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from hypersigma.engine.masking import build_objective
from hypersigma.engine.masking_settings import UNCHANGED, DecoderSettings, MaskingSettings
from hypersigma.engine.objective import Draws
from hypersigma.engine.plan import num_encoder_parameters, plan, recipe
from hypersigma.engine.recipe import ExecutionConfig, OptimisationConfig, PretrainConfig
from hypersigma.engine.views import Images
from hypersigma.errors import ConfigError
from hypersigma.nn.attention import full

TINY = PretrainConfig(
    encoders="spectral",
    masking=MaskingSettings(
        tile=16, grids=(2,), spectral_tiles=(16,), decoder=DecoderSettings(dim=512, depth=8, heads=16)
    ),
    augmentation=UNCHANGED,
    optimisation=OptimisationConfig(batch_size=4, steps=10),
    execution=ExecutionConfig(sharding="ddp"),
)


def test_two_huge_encoders_are_a_billion() -> None:
    assert num_encoder_parameters(PretrainConfig(size="huge")) == pytest.approx(1.29e9, rel=3e-3)


def test_parameters_are_those_of_the_network() -> None:
    network = build_objective(TINY)
    found = plan(TINY, 1, 1e12)
    assert found.num_parameters == sum(weight.numel() for weight in network.parameters())
    assert found.parameters == found.gradients == found.average == found.moments // 2 == 4 * found.num_parameters
    encoders = {kind: num_encoder_parameters(replace(TINY, encoders=kind)) for kind in ("spatial", "spectral", "both")}
    assert encoders["spatial"] + encoders["spectral"] == encoders["both"]
    assert encoders["spectral"] == found.num_encoder_parameters


def test_activations_are_near_those_that_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # A plan is for devices with fused attention; processors hold the scores of few tokens, since that is quicker there.
    monkeypatch.setattr(full, "_GRADIENT_TOKENS", 0)
    network = build_objective(TINY)
    kept = {weight.untyped_storage().data_ptr(): 0 for weight in network.parameters()}
    alive = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.setdefault(tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes())
        alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(Images(torch.rand(1, 100, 16, 16)), Draws(0, 0, 0, 1))
    found = plan(TINY, 1, 1e12)
    assert found.activations / 4 == pytest.approx(sum(kept.values()), rel=0.02)
    assert found.activations_checkpointed < 0.5 * found.activations


def test_shares_and_time() -> None:
    alone = plan(replace(TINY, execution=ExecutionConfig(sharding="none")), 1, 1e12)
    shared = plan(replace(TINY, execution=ExecutionConfig(sharding="fsdp")), 4, 1e12)
    copied = plan(TINY, 4, 1e12)
    assert alone.weights == copied.weights == pytest.approx(4 * shared.weights, rel=1e-6)
    assert alone.activations == 4 * shared.activations
    assert alone.seconds == pytest.approx(4 * copied.seconds) == pytest.approx(alone.step_flops * 10 / 1e12)
    anew = plan(replace(TINY, execution=ExecutionConfig(checkpointing=True)), 1, 1e12)
    assert anew.step_flops / alone.step_flops == pytest.approx(4 / 3)
    # Two products and sums for each weight of the blocks and each token that it sees is most of it.
    forward = alone.step_flops / 3 / 4
    # The encoder sees 25 of 100 bands, the decoder sees all.
    expected = 2 * (25 * 12 * 12 * 192**2 + 100 * 8 * 12 * 512**2)
    assert forward == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize(("config", "devices"), [(TINY, 0), (recipe("tiny", 1, 8), 2), (TINY, 3)])
def test_what_cannot_be_laid_out_is_refused(config: PretrainConfig, devices: int) -> None:
    with pytest.raises(ConfigError, match="devices|multiple"):
        plan(config, devices, 1e12)


def test_precision_halves_activations() -> None:
    low = replace(TINY, optimisation=replace(TINY.optimisation, precision="bf16"))
    assert plan(low, 1, 1e12).activations == pytest.approx(plan(TINY, 1, 1e12).activations / 2, rel=0.1)

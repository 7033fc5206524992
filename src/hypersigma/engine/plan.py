"""What a pre-training needs, told before it begins: parameters, memory of a device, time.

The network of the recipe is built without numbers (on the meta device) and run once on shapes alone: parameters,
kept activations and products are counted on it, not estimated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from hypersigma.engine.distributed import blocks
from hypersigma.engine.masking import build_objective
from hypersigma.engine.masking_settings import UNCHANGED
from hypersigma.engine.objective import Draws
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.engine.views import Images
from hypersigma.errors import ConfigError
from hypersigma.nn.backbone import CANONICAL_BANDS, Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig

_FLOAT32 = 4  # bytes
_FORWARDS = {False: 3, True: 4}  # a backward pass costs two forward ones; recomputing costs one more


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a pre-training needs.

    Attributes:
        num_encoder_parameters: of the encoders as they are fine-tuned, with sparse sampling.
        num_parameters: of what is pre-trained: encoders with full attention, and decoders.
        parameters, gradients, moments, average: bytes of a device.
        activations, activations_checkpointed: bytes of a device, all kept or only what enters the blocks.
        step_flops: of a step on all devices, products counted twice (multiply and add).
        seconds: of the whole run at the stated rate.
    """

    num_encoder_parameters: int
    num_parameters: int
    parameters: int
    gradients: int
    moments: int
    average: int
    activations: int
    activations_checkpointed: int
    step_flops: int
    seconds: float

    @property
    def weights(self) -> int:
        """Bytes of a device that the weights and what belongs to them take."""
        return self.parameters + self.gradients + self.moments + self.average


@dataclass
class _Kept:
    """Activations of one sample, in bytes."""

    total: int = 0
    in_blocks: int = 0
    largest_block: int = 0
    into_blocks: int = 0

    @property
    def checkpointed(self) -> int:
        """What is held at once when blocks are computed anew: the way into each, and the inside of one."""
        return self.total - self.in_blocks + self.into_blocks + self.largest_block


def plan(config: PretrainConfig, num_devices: int, rate: float) -> Plan:
    """What a recipe needs on a number of devices that each do `rate` products and sums a second.

    Raises:
        ConfigError: the recipe and the number of devices do not go together.
    """
    if num_devices < 1 or rate <= 0:
        raise ConfigError(f"the number of devices ({num_devices}) and the rate ({rate}) must be above 0")
    sharding = config.execution.sharding
    if sharding == "none" and num_devices > 1:
        raise ConfigError(f"{num_devices} devices need execution.sharding ddp or fsdp, not none")
    part_size = config.part_size(num_devices)
    with torch.device("meta"):
        objective = build_objective(_heaviest(config))
    num_parameters = _num_parameters(objective)
    held = -(-num_parameters // (num_devices if sharding == "fsdp" else 1))
    kept, flops = _one_sample(objective, config)
    how = config.optimisation
    step_flops = flops * how.batch_size * _FORWARDS[config.execution.checkpointing]
    return Plan(
        num_encoder_parameters=num_encoder_parameters(config),
        num_parameters=num_parameters,
        parameters=held * _FLOAT32,
        gradients=held * _FLOAT32,
        moments=2 * held * _FLOAT32,
        average=held * _FLOAT32 if how.average else 0,
        activations=kept.total * part_size,
        activations_checkpointed=kept.checkpointed * part_size,
        step_flops=step_flops,
        seconds=step_flops * how.steps / (rate * num_devices),
    )


def _heaviest(config: PretrainConfig) -> PretrainConfig:
    """A recipe all of whose steps are like its heaviest: most tokens, all bands."""
    masking = config.masking
    patch, grid = max(
        ((patch, max(grids)) for patch, grids in masking.views.items()), key=lambda view: (view[1], view[0])
    )
    heaviest = replace(masking, patches=(patch,), grids=(grid,), spectral_tiles=(max(masking.tiles),))
    return replace(config, masking=heaviest, augmentation=UNCHANGED)


def num_encoder_parameters(config: PretrainConfig) -> int:
    """Parameters of a recipe's encoders as the backbone has them, sparse sampling included."""
    encoder, tile = EncoderConfig.of_size(config.size), (config.masking.tile, config.masking.tile)
    with torch.device("meta"):
        spatial = SpatialConfig(encoder=encoder, patch=config.masking.patch)
        backbone = Backbone(BackboneConfig(spatial=spatial, spectral=SpectralConfig(encoder=encoder, tile=tile)))
    parts: dict[str, nn.Module | None] = {"spatial": backbone.spatial, "spectral": backbone.spectral}
    chosen = parts.get(config.encoders) or backbone
    return _num_parameters(chosen)


def _num_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


class _Fused(TorchFunctionMode):
    """Attention as devices do it, without keeping its scores; on shapes alone PyTorch would keep them."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function is scaled_dot_product_attention:
            return torch.ops.aten._scaled_dot_product_flash_attention(*args)[0]
        return function(*args, **(kwargs or {}))


def _one_sample(objective: Any, config: PretrainConfig) -> tuple[_Kept, int]:
    """Activations of a sample, and the products and sums of its way forward."""
    side = config.masking.tile
    low = config.optimisation.precision == "bf16"
    objective = objective.to(torch.bfloat16 if low else torch.float32)
    batch = Images(torch.empty(1, CANONICAL_BANDS, side, side, device="meta", dtype=torch.bfloat16 if low else None))
    kept = _Kept()
    # By storage, since a layer keeps a view of its weight; held, so that no other gets a storage's address.
    seen: dict[int, Tensor] = {weight.untyped_storage()._cdata: weight for weight in objective.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()._cdata
        if storage not in seen:
            seen[storage] = tensor
            kept.total += tensor.untyped_storage().nbytes()
        return tensor

    before = 0

    def enter(block: nn.Module, inputs: tuple[Any, ...]) -> None:
        nonlocal before
        kept.into_blocks += inputs[0].numel() * inputs[0].element_size()
        before = kept.total

    def leave(block: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        kept.in_blocks += kept.total - before
        kept.largest_block = max(kept.largest_block, kept.total - before)

    for block, _ in blocks(objective):
        block.register_forward_pre_hook(enter)
        block.register_forward_hook(leave)
    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(keep, lambda tensor: tensor), _Fused():
        # The graph must live until everything is counted.
        losses = objective(batch, Draws(0, 0, 0, 1))
    del losses
    return kept, counter.get_total_flops()


def recipe(size: str, num_devices: int, batch_size: int, **changes: Any) -> PretrainConfig:
    """The default recipe of a size, laid out for so many devices."""
    config = PretrainConfig(size=size)
    return replace(
        config,
        optimisation=replace(config.optimisation, batch_size=batch_size, **changes),
        execution=replace(config.execution, sharding="fsdp" if num_devices > 1 else "none", checkpointing=True),
    )

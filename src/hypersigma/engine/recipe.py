"""What a pre-training run is: the recipe that `hypersigma pretrain` reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from hypersigma.config import unstructure
from hypersigma.engine.masking_settings import AugmentationSettings, MaskingSettings
from hypersigma.errors import ConfigError
from hypersigma.nn.sizes import named_size

Encoders = Literal["spatial", "spectral", "both"]


@dataclass(frozen=True, kw_only=True)
class OptimisationConfig:
    """How the weights are found.

    Attributes:
        steps: optimiser steps.
        batch_size: samples of a step, over all devices and parts.
        learning_rate: at its highest.
        weight_decay: of matrices; vectors are not decayed.
        beta: how slowly the second moment forgets.
        warmup: steps of linear rise.
        clip: largest norm of the gradient, or 0 for none.
        layer_decay: factor of the learning rate from one block to the one before it; 1 for none.
        average: decay of the running average of the weights, or 0 for none.
        precision: "float32", or "bf16" for products in bfloat16 and weights in float32.
    """

    steps: int = 20_000
    batch_size: int = 64
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    beta: float = 0.95
    warmup: int = 1_000
    clip: float = 1.0
    layer_decay: float = 1.0
    average: float = 0.999
    precision: Literal["float32", "bf16"] = "float32"

    def __post_init__(self) -> None:
        if min(self.steps, self.batch_size) < 1 or self.warmup < 0:
            raise ConfigError(
                f"steps ({self.steps}) and batch_size ({self.batch_size}) must be at least 1, "
                f"warmup ({self.warmup}) at least 0"
            )
        if self.learning_rate <= 0 or self.weight_decay < 0 or self.clip < 0:
            raise ConfigError("learning_rate must be above 0, weight_decay and clip at least 0")
        if not 0 < self.layer_decay <= 1:
            raise ConfigError(f"layer_decay must be above 0 and at most 1, not {self.layer_decay}")
        if not (0 <= self.average < 1 and 0 < self.beta < 1):
            raise ConfigError(f"average ({self.average}) and beta ({self.beta}) must lie between 0 and 1")


@dataclass(frozen=True, kw_only=True)
class ExecutionConfig:
    """How the work is laid out on devices; the weights that come out are the same but for rounding.

    Attributes:
        sharding: "ddp", every device holds all weights; "fsdp", each holds a share; "none", one device.
        checkpointing: compute every block anew in the backward pass instead of keeping its activations.
        accumulation: parts in which a device takes its samples of a step, one after the other.
    """

    sharding: Literal["none", "ddp", "fsdp"] = "ddp"
    checkpointing: bool = False
    accumulation: int = 1

    def __post_init__(self) -> None:
        if self.accumulation < 1:
            raise ConfigError(f"accumulation must be at least 1, not {self.accumulation}")


@dataclass(frozen=True, kw_only=True)
class RecordsConfig:
    """What is written on the way.

    Attributes:
        save_every: steps between checkpoints.
        keep: checkpoints that are kept.
        log_every: steps between lines of the log; the first step has one, too.
        picture_every: steps between pictures of reconstructions, or 0 for none.
    """

    save_every: int = 500
    keep: int = 2
    log_every: int = 20
    picture_every: int = 1_000

    def __post_init__(self) -> None:
        if min(self.save_every, self.keep, self.log_every) < 1 or self.picture_every < 0:
            raise ConfigError("save_every, keep and log_every must be at least 1, picture_every at least 0")


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """A pre-training run.

    Attributes:
        size: of the encoders: tiny, small, base, large or huge.
        encoders: which are trained; "both" in one run, side by side.
        masking: what is hidden from them.
        augmentation: how images are changed before they see them.
        data: where the images come from: `sources`, a list of sources with their keys and weights, or the keys of one.
        optimisation: how the weights are found.
        execution: how the work is laid out on devices.
        records: what is written on the way.
    """

    size: str = "tiny"
    encoders: Encoders = "both"
    masking: MaskingSettings = field(default_factory=MaskingSettings)
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    data: dict[str, Any] = field(default_factory=dict)
    optimisation: OptimisationConfig = field(default_factory=OptimisationConfig)
    execution: ExecutionConfig = field(default_factory=ExecutionConfig)
    records: RecordsConfig = field(default_factory=RecordsConfig)

    def __post_init__(self) -> None:
        named_size(self.size)
        if self.masking.joint and self.encoders != "both":
            raise ConfigError(f"masking.joint needs encoders: both, not {self.encoders}")

    def ruling(self, seed: int) -> dict[str, Any]:
        """The settings that rule the weights, as plain data: where and how often to write is free to change."""
        plain = unstructure(self) | {"seed": seed}
        return {key: value for key, value in plain.items() if key not in ("execution", "records")}

    def part_size(self, num_processes: int) -> int:
        """Samples that a device takes at once.

        Raises:
            ConfigError: the samples of a step do not divide by the number of parts.
        """
        num_parts = num_processes * self.execution.accumulation
        if self.optimisation.batch_size % num_parts:
            raise ConfigError(
                f"batch_size ({self.optimisation.batch_size}) is no multiple of {num_parts}: {num_processes} "
                f"processes x accumulation {self.execution.accumulation}; change one of them"
            )
        return self.optimisation.batch_size // num_parts

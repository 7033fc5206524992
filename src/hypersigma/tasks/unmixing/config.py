"""Every choice of an unmixing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hypersigma.data.unmixing_sample import SMOOTHING
from hypersigma.errors import ConfigError
from hypersigma.tasks._encoder_config import EncoderTaskConfig

_WIDEST = 10.0  # pixels, that spectra may be smoothed over

Comparison = Literal["auto", "shape", "numbers"]
Freedom = Literal["fixed", "refined", "free"]


@dataclass(frozen=True, kw_only=True)
class UnmixingTaskConfig(EncoderTaskConfig):
    """Settings of an unmixing, beside those of `EncoderTaskConfig`; from `architecture` on of mode "trained" alone.

    Attributes:
        mode: "frozen", geometry alone, no network is trained; or "trained", an autoencoder that begins with the
            endmembers of the frozen mode.
        compare: "shape", spectra and endmembers of length one, whatever their brightness; "numbers", as they are; or
            "auto", by what the scene is like: shapes, unless its pixels are convex mixtures. Of a library, shapes.
        endmembers: "fixed", those found or given stay as they are; "refined", they are moved a little towards what
            explains the scene best; or "free", they are moved there.
        sum_to_one: whether abundances have sum one; else they say how bright a pixel is against its endmembers, too. Of
            mode "frozen" alone: a network's always have.
        smoothing: pixels; deviation of the Gaussian over neighbours alike but for noise, before endmembers are sought;
            0 for none.
        shade: whether there is an endmember of zeros beside the others, which takes what shares lack to a sum of one.
            Of mode "frozen" alone.
        bundle: spectra for each endmember that is found, whose abundances are added up: for materials that vary. Of
            mode "frozen" alone.
        architecture: "default"; or "published", the published network.
        sparsity: weight of the mean root of the abundances beside the angle in the loss.
        variation: weight of the roughness of the endmembers.
        loss: "right", or "published" with its faults: an angle that is not clamped, roughness without gradient.
        dropout: share of channels that training leaves out (published: 0.2).
        logit_dropout: the same of the logits of the abundances (published: 0.2).
    """

    compare: Comparison = "auto"
    endmembers: Freedom = "fixed"
    sum_to_one: bool = True
    smoothing: float = SMOOTHING
    shade: bool = False
    bundle: int = 1
    architecture: Literal["default", "published"] = "default"
    sparsity: float = 0.0
    variation: float = 0.0
    loss: Literal["right", "published"] = "right"
    dropout: float = 0.0
    logit_dropout: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shade and (self.mode == "trained" or not self.sum_to_one):
            raise ConfigError(
                "shade takes what shares lack to a sum of one: it goes with sum_to_one=true and mode=frozen alone"
            )
        if not 0 <= self.smoothing <= _WIDEST:
            raise ConfigError(f"smoothing is {self.smoothing} pixels; expected 0 (none) to {_WIDEST:g}")
        if self.bundle < 1 or (self.bundle > 1 and self.mode == "trained"):
            raise ConfigError(f"bundle is {self.bundle}; expected 1 or, with mode=frozen, more spectra an endmember")
        if min(self.sparsity, self.variation) < 0:
            raise ConfigError(f"sparsity ({self.sparsity}) and variation ({self.variation}) must be at least 0")
        if not (0 <= self.dropout < 1 and 0 <= self.logit_dropout < 1):
            raise ConfigError(
                f"dropout ({self.dropout}) and logit_dropout ({self.logit_dropout}) must be at least 0 and below 1"
            )

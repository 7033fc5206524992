"""What a task is: the inner door.

A task says what it is fitted on, which network it is, what is minimised, what comes out of a tile, and how that
becomes layers. Reading, tiling, training and saving are the engine's, the same for every task.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from hypersigma.cube import Cube
from hypersigma.data.diffusion import Bonds
from hypersigma.data.front_end import FrontEnd, FrontEndConfig
from hypersigma.errors import ConfigError
from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend, SpectralLibrary
from hypersigma.tiling import Window
from hypersigma.weights.encoders import Encoders
from hypersigma.weights.pretrained import Kind
from hypersigma.weights.receipt import Receipt


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is trained: AdamW, linear warm-up, half-cosine to zero, clipped gradients.

    Attributes:
        steps: optimiser steps.
        learning_rate: at its highest.
        weight_decay: of matrices; vectors (biases, norms) are not decayed.
        warmup: steps of linear rise.
        clip: largest norm of the gradient, or 0 for none.
        layer_decay: factor of the learning rate from one block of an encoder to the one before it; 1 for none. None for
            0.75 with pre-trained weights, and none without.
    """

    steps: int = 120
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warmup: int = 10
    clip: float = 1.0
    layer_decay: float | None = None

    def __post_init__(self) -> None:
        if self.steps < 1 or self.warmup < 0:
            raise ConfigError(f"steps ({self.steps}) must be at least 1 and warmup ({self.warmup}) at least 0")
        if self.learning_rate <= 0 or self.weight_decay < 0 or self.clip < 0:
            raise ConfigError("learning_rate must be above 0, weight_decay and clip at least 0")
        if self.layer_decay is not None and not 0 < self.layer_decay <= 1:
            raise ConfigError(f"layer_decay must be above 0 and at most 1, not {self.layer_decay}")


class TaskConfig(Protocol):
    """The settings that the engine reads of every task."""

    @property
    def size(self) -> str:
        """Of the encoders."""

    @property
    def front_end(self) -> FrontEndConfig:
        """How bands become channels."""

    @property
    def training(self) -> TrainingConfig:
        """How the network is trained."""

    @property
    def tile(self) -> int:
        """Side of the squares the network sees, in pixels."""

    @property
    def overlap(self) -> int:
        """Pixels that neighbouring tiles share."""


class Batch(NamedTuple):
    """Examples side by side: `image` (B, C, H, W), no data as zero, and what is to be learned from each."""

    image: Tensor
    target: Tensor


class Share(NamedTuple):
    """What one member of an ensemble is fitted on, and what is held out from it."""

    fitted: Any
    held_out: Any


class ChannelReader(Protocol):
    """The channels of one scene."""

    cube: Cube

    def read(self, window: Window) -> NDArray[np.float32]:
        """Channels (C, h, w) of a window, NaN = no data."""

    def bonds(self, window: Window) -> Bonds:
        """How strongly the pixels of a window hold together."""

    def alike(self, spectrum: NDArray[np.float64]) -> NDArray[np.float32]:
        """Channels (C,) of a spectrum (bands,) of the scene's bands."""


class Decision(Protocol):
    """What turns blended quantities into layers, with whatever was settled on held-out labels; a dataclass."""

    @property
    def halo(self) -> int:
        """Pixels around a window that `finish` needs."""

    def finish(
        self, quantities: NDArray[np.float32], channels: ChannelReader, window: Window, labels: NDArray[np.int32]
    ) -> dict[str, NDArray[Any]]:
        """Arrays of a window by layer name; `labels` (h, w) are those learned from, 0 elsewhere."""

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        """Whole-scene arrays with their names, colours and units."""


class Held(NamedTuple):
    """What a member of an ensemble says of a window with labels that were held out from it.

    Attributes:
        quantities: (Q, h, w).
        channels: of the scene; window: in the scene.
        truth: (h, w) held-out labels, 0 elsewhere; labels: (h, w) those the member has learned from.
    """

    quantities: NDArray[np.float32]
    channels: ChannelReader
    window: Window
    truth: NDArray[np.int32]
    labels: NDArray[np.int32]


Sampler = Callable[[np.random.Generator], Batch]


class Learner(nn.Module, ABC):
    """A network that is trained step by step."""

    @abstractmethod
    def loss(self, batch: Any) -> dict[str, Tensor]:
        """Losses of a batch, a NamedTuple of tensors: "loss" is minimised, the rest is logged."""


class Task(Learner):
    """A network for a task.

    Attributes:
        name: registered name.
        Config: frozen dataclass of every choice of the task.
        Decision: frozen dataclass that satisfies the protocol of that name.
        dates: scenes of the same ground that it looks at together.
        margin: pixels around a tile that the network needs to see, reflected at the scene's border.
    """

    name: ClassVar[str]
    Config: ClassVar[type[TaskConfig]]
    Decision: ClassVar[type]
    dates: ClassVar[int] = 1
    margin: int = 0

    @classmethod
    @abstractmethod
    def build(cls, config: Any, front_end: FrontEnd, legend: Legend) -> Task:
        """The network, not trained, for the channels of a front end."""

    @classmethod
    @abstractmethod
    def for_weights(cls, config: Any, weights: Encoders, inputs: Any) -> Any:
        """The settings with which the network can begin with pre-trained encoders: their size, their bands.

        Raises:
            WeightsError: no settings fit these encoders.
            InputError: the scenes lack what the encoders need.
        """

    @classmethod
    @abstractmethod
    def adapted(cls, config: Any, inputs: Any) -> Any:
        """The settings as these inputs allow them: native bands where wavelengths are unknown, smaller tiles ..."""

    @classmethod
    @abstractmethod
    def shares(cls, config: Any, inputs: Any, seed: int) -> list[Share]:
        """What each member of the ensemble is fitted on."""

    @classmethod
    @abstractmethod
    def reach(cls, config: Any) -> int:
        """Pixels around a held-out label that settling the decision may look at."""

    @classmethod
    @abstractmethod
    def settle(cls, config: Any, held: Sequence[Held]) -> Any:
        """The decision after a look at what the members say of labels held out from them."""

    @classmethod
    @abstractmethod
    def takes_weights(cls, config: Any, inputs: Any) -> bool:
        """Whether encoders pre-trained on canonical bands suit settings and scenes."""

    @abstractmethod
    def begin_with(self, weights: Encoders, front_end: FrontEnd, gain: NDArray[np.float64]) -> dict[Kind, Receipt]:
        """Fill the encoders with pre-trained weights: a receipt for each.

        `gain` times a scene's numbers is what the encoders were fed.
        """

    @abstractmethod
    def prepare(self, inputs: Any, readers: Sequence[ChannelReader]) -> None:
        """Settle in closed form what is not trained step by step."""

    def libraries(self, front_end: FrontEnd, legend: Legend) -> tuple[SpectralLibrary, ...]:
        """Spectra that the network has found; none as a rule."""
        return ()

    @abstractmethod
    def sampler(self, inputs: Any, readers: Sequence[ChannelReader]) -> Sampler:
        """What draws a batch of examples with a generator."""

    @abstractmethod
    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """Losses of a batch: "loss" is minimised, the rest is logged."""

    @abstractmethod
    def quantities(self, image: Tensor) -> Tensor:
        """What may be blended between tiles (B, Q, h, w), of images (B, C, h + 2 margin, w + 2 margin)."""

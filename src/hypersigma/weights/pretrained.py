"""A pre-trained encoder: which one, how it was trained, what it was fed, and its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError, WeightsError
from hypersigma.nn.backbone import Backbone
from hypersigma.nn.mae import MaskingConfig, SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.weights.fit import fit
from hypersigma.weights.receipt import Receipt
from hypersigma.weights.store import TENSORS, load_config, load_tensors, save_weights

Kind = Literal["spatial", "spectral"]
CONFIGS: dict[Kind, type[MaskingConfig]] = {"spatial": SpatialMaskingConfig, "spectral": SpectralMaskingConfig}

# What a backbone shares with the autoencoder that trained it; the rest belongs to the decoder.
_SHARED = ("embed.", "positions.", "encoder.")
_BAND_FACING = "embed."
TRAINING_ALONE = ("mask_token", "hidden_token", "decoder", "predict")


@dataclass(frozen=True, kw_only=True)
class History:
    """What a network has seen in pre-training, None where that is not known, as of published weights.

    Attributes:
        images: drawn, those of earlier phases among them.
        patches: distinct ones that they were drawn from.
    """

    images: int | None = None
    patches: int | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A published file: its name in a revision of a repository, and its hash where that is known."""

    repository: str
    revision: str
    file: str
    sha256: str | None = None


@dataclass(frozen=True)
class Card:
    """What weights are of.

    Attributes:
        config: the autoencoder; its type says whether it is the spatial or the spectral one.
        radiometry: what the network was fed, such as "counts / 4000".
        source: the file that they were downloaded as, or None.
        history: what it has seen.
    """

    config: MaskingConfig
    radiometry: str
    source: Source | None = None
    history: History = History()

    @property
    def kind(self) -> Kind:
        """Which of the two encoders this is."""
        return "spatial" if isinstance(self.config, SpatialMaskingConfig) else "spectral"

    @classmethod
    def load(cls, folder: Path) -> Card:
        """The card of the weights in a folder.

        Raises:
            WeightsError: the folder holds none, they are damaged, or of something else than an encoder.
        """
        config = load_config(folder)
        kind: Any = config.get("kind")
        if kind not in CONFIGS:
            raise WeightsError(f"{folder}: expected weights of a pre-trained encoder, found kind: {kind}")
        try:
            network = structure(config.get("network", {}), CONFIGS[kind], where=str(folder))
            source = structure(config["source"], Source, where=str(folder)) if "source" in config else None
            history = structure(config.get("history", {}), History, where=str(folder))
        except ConfigError as error:
            raise WeightsError(f"{folder}: damaged weights: {error}") from error
        return cls(network, str(config.get("radiometry", "unknown")), source, history)


@dataclass(frozen=True)
class Pretrained:
    """Weights of one masked autoencoder: its card and its tensors under our names."""

    card: Card
    state: dict[str, Tensor]

    @property
    def num_parameters(self) -> int:
        """Numbers of the encoder, without the decoder and whatever else serves training alone."""
        return sum(tensor.numel() for name, tensor in self.state.items() if not name.startswith(TRAINING_ALONE))

    def save(self, folder: Path) -> None:
        """Write a folder of weights.

        Raises:
            OutputError: the folder cannot be written to.
        """
        description: dict[str, Any] = {
            "kind": self.card.kind,
            "radiometry": self.card.radiometry,
            "parameters": self.num_parameters,
            "history": unstructure(self.card.history),
            "network": unstructure(self.card.config),
        }
        if self.card.source:
            description["source"] = unstructure(self.card.source)
        save_weights(folder, self.state, description)

    @classmethod
    def load(cls, folder: Path) -> Pretrained:
        """The weights of a folder.

        Raises:
            WeightsError: the folder holds none, they are damaged, or of something else than an encoder.
        """
        return cls(Card.load(folder), load_tensors(folder / TENSORS))

    def into(self, backbone: Backbone, *, embeddings: bool = True) -> Receipt:
        """Fill the encoder of a backbone that these weights are of.

        Without `embeddings` the layer that faces the bands is left as it is: for bands that are not canonical.

        Raises:
            WeightsError: the backbone has no such encoder, or one of another size.
        """
        encoder = backbone.spatial if self.card.kind == "spatial" else backbone.spectral
        if encoder is None:
            raise WeightsError("these are weights of a spectral encoder, and the network has none")
        receipt = Receipt()
        shared = {name: tensor for name, tensor in self.state.items() if name.startswith(_SHARED)}
        for name in [name for name in shared if name.startswith(_BAND_FACING) and not embeddings]:
            receipt.add(name, "dropped", "made for canonical bands, this network takes other channels")
            del shared[name]
        return fit(encoder, shared, receipt)


def find_pretrained(folder: Path, depth: int = 1) -> list[Path]:
    """The folders of pre-trained encoders among a folder and those at most `depth` levels below it, sorted.

    Raises:
        WeightsError: there is no such folder.
    """
    if not folder.is_dir():
        raise WeightsError(f"{folder}: there is no such folder")
    files = [path for level in range(depth + 1) for path in folder.glob("*/" * level + TENSORS)]
    places = sorted(path.parent for path in files if path.is_file())
    return [place for place in places if load_config(place).get("kind") in CONFIGS]

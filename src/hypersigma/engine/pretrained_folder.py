"""What a pre-training leaves: a folder of weights an encoder, the same for shipping, and a model card.

`spatial/` and `spectral/` hold whole autoencoders, from which a run can go on; `shipped/` holds the same encoders in
half precision without what is needed for training alone. Either folder goes to `load_backbone` and `run --weights`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hypersigma.engine.corpus import Corpus
from hypersigma.engine.readout import read_state
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.engine.tracking import LOG
from hypersigma.nn.mae import SpatialMaskingConfig, SpectralMaskingConfig
from hypersigma.weights.pretrained import TRAINING_ALONE, Card, History, Kind, Pretrained, find_pretrained
from hypersigma.writers import replaced_file

RADIOMETRY = "reflectance"
SHIPPED, CARD = "shipped", "README.md"

_LINES_OF_CURVE = 12


@dataclass(frozen=True)
class Export:
    """Writes the weights of a finished run into its folder.

    Attributes:
        networks: the autoencoders by the kind of their encoder.
        config: the recipe.
        seed: of the run.
        data: what it was trained on, a line a source.
        history: the same in numbers.
    """

    networks: Mapping[Kind, SpatialMaskingConfig | SpectralMaskingConfig]
    config: PretrainConfig
    seed: int
    data: Sequence[str]
    history: History = field(init=False)

    def __post_init__(self) -> None:
        # Found out at once: at the end of a long run the store may lie elsewhere.
        object.__setattr__(self, "history", history_of(self.config, self.seed))

    def __call__(self, weights: Mapping[str, Tensor], folder: Path) -> None:
        """Write the encoders and the model card.

        Args:
            weights: of the objective, by their names there.
            folder: of the run, which holds its log.

        Raises:
            OutputError: the folder cannot be written to.
        """
        num_parameters = 0
        for kind, network in self.networks.items():
            own = f"networks.{kind}."
            state = {name.removeprefix(own): weight for name, weight in weights.items() if name.startswith(own)}
            whole = Pretrained(Card(network, RADIOMETRY, history=self.history), state | read_state(weights, kind))
            num_parameters += whole.num_parameters
            whole.save(folder / kind)
            shipped(whole).save(folder / SHIPPED / kind)
        for place in (folder / CARD, folder / SHIPPED / CARD):
            with replaced_file(place) as partial:
                partial.write_text(self._card(folder, num_parameters), encoding="utf-8")

    def _card(self, folder: Path, num_parameters: int) -> str:
        """The model card, in Markdown."""
        masking, how = self.config.masking, self.config.optimisation
        size = sum(path.stat().st_size for path in (folder / SHIPPED).glob("*/*.safetensors"))
        with (folder / "recipe.yaml").open(encoding="utf-8") as file:
            recipe = file.read()
        attention = "full attention" if masking.phase == "masked" else "sparse sampling attention with trained offsets"
        return "\n".join(
            [
                f"# HyperSIGMA {self.config.size}: {' and '.join(self.networks)} encoder",
                "",
                f"Pre-trained by masked autoencoding, {how.steps} steps of {how.batch_size} images, seed {self.seed}; "
                f"{attention}. {num_parameters} parameters; half precision in `{SHIPPED}/`: {size / 1e6:.1f} MB.",
                "",
                "## Data",
                "",
                *(f"- {line}" for line in self.data),
                *_numbers(self.history),
                "",
                "Each store's own card says where its patches come from, and under which terms.",
                "",
                "## Use",
                "",
                "Fed with reflectance on the canonical grid of 100 bands from 400 to 2500 nm; bands that a sensor",
                "lacks are left out or expected from the others. Counts and radiance are divided by a scene's mean",
                "spectrum first. Good for features of scenes from 400 to 2500 nm, frozen or fine-tuned; not for the",
                "thermal infrared, nor for retrieving reflectance. Simulated scenes know the materials of their",
                "libraries, not every landscape.",
                "",
                "## Curve",
                "",
                *_curve(folder / LOG, list(self.networks)),
                "",
                "## Recipe",
                "",
                "```yaml",
                recipe.rstrip(),
                "```",
                "",
            ]
        )


def _numbers(history: History) -> list[str]:
    """What was seen, as a line of the card, none where it is not known."""
    if history.images is None:
        return []
    return [f"- In all {history.images} images, drawn from {history.patches} distinct patches."]


def history_of(config: PretrainConfig, seed: int) -> History:
    """What the encoders of a recipe have seen once it is done, those that they begin with counted in.

    Raises:
        ConfigError: the data section does not fit its sources.
        InputError: a source cannot be read.
        WeightsError: the weights that the run begins with are damaged.
    """
    images = config.optimisation.steps * config.optimisation.batch_size
    patches = Corpus.of(config, seed).num_patches(images)
    folder = config.masking.begin_with
    # A folder that is not there is refused where the weights are read.
    earlier = find_pretrained(Path(folder)) if folder and Path(folder).is_dir() else []
    before = [Card.load(place).history for place in earlier]
    if any(one.images is None or one.patches is None for one in before):
        return History()
    return History(
        images=images + max((one.images or 0 for one in before), default=0),
        # As a rule all phases draw from the same corpus.
        patches=max([patches, *(one.patches or 0 for one in before)]),
    )


def shipped(whole: Pretrained) -> Pretrained:
    """An encoder in half precision, without what is needed for training alone."""
    state = {name: weight for name, weight in whole.state.items() if not name.startswith(TRAINING_ALONE)}
    return Pretrained(whole.card, {name: weight.to(torch.float16) for name, weight in state.items()})


def _curve(log: Path, names: Sequence[str]) -> list[str]:
    """Losses in the course of the run, as a table of means over stretches of the log: steps differ in difficulty."""
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    length = -(-len(lines) // _LINES_OF_CURVE) if lines else 1
    table = ["| step | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    for first in range(0, len(lines), length):
        stretch = lines[first : first + length]
        means = [f"{sum(line[name] for line in stretch) / len(stretch):.4f}" for name in names]
        table.append(f"| {stretch[-1]['step'] + 1:.0f} | " + " | ".join(means) + " |")
    return table

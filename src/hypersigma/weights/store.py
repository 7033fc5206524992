"""Our form of weights: a folder with tensors (safetensors) and a configuration (YAML); no pickles."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hypersigma.config import read_yaml, save_yaml
from hypersigma.errors import ConfigError, WeightsError
from hypersigma.writers._atomic import replaced_file

TENSORS = "weights.safetensors"
CONFIG = "config.yaml"


class Stored(NamedTuple):
    """Tensors by name and the plain data of the configuration."""

    state: dict[str, Tensor]
    config: dict[str, Any]


def save_weights(folder: Path, state: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Write tensors and configuration into a folder; neither file is ever half written.

    Raises:
        OutputError: the folder cannot be written to.
    """
    # The configuration comes last: a folder without one is not taken for weights.
    save_tensors(folder / TENSORS, state)
    with replaced_file(folder / CONFIG) as place:
        save_yaml(dict(config), place)


def save_tensors(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write tensors into one safetensors file.

    Raises:
        OutputError: the file cannot be written.
    """
    with replaced_file(path) as place:
        save_file({name: tensor.detach().cpu().clone().contiguous() for name, tensor in state.items()}, place)


def load_weights(folder: Path) -> Stored:
    """Tensors and configuration of a folder.

    Raises:
        WeightsError: the folder or one of its files is missing or damaged.
    """
    config = load_config(folder)
    return Stored(load_tensors(folder / TENSORS), config)


def load_config(folder: Path) -> dict[str, Any]:
    """The configuration of the weights in a folder.

    Raises:
        WeightsError: the folder or one of its files is missing, or the configuration is damaged.
    """
    for name in (TENSORS, CONFIG):
        if not (folder / name).is_file():
            raise WeightsError(
                f"{folder}: no weights here, {name} is missing; expected a folder that 'hypersigma weights "
                f"download' or 'import' or a fitted model wrote"
            )
    try:
        return read_yaml(folder / CONFIG)
    except ConfigError as error:
        raise WeightsError(f"{folder}: damaged weights: {error}") from error


def load_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: there is no such file, though what stands beside it belongs to it") from error
    except (SafetensorError, OSError) as error:
        raise WeightsError(
            f"{path}: damaged or truncated ({path.stat().st_size} bytes; {error}); fetch or import it again"
        ) from error
    return tensors


def fill(network: nn.Module, state: Mapping[str, Tensor], description: Path) -> None:
    """Put saved numbers into the network that a file describes.

    Raises:
        WeightsError: they belong to another network.
    """
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        # A line a tensor, of which the first tells enough.
        said = " ".join(line.strip() for line in str(error).splitlines()[:2])[:300]
        raise WeightsError(
            f"{description.parent}: the numbers do not fit the network that {description.name} describes ({said}); fit "
            "and save again"
        ) from error

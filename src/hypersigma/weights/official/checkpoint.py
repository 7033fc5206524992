"""Published checkpoint files, read without running anything that is in them."""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from hypersigma.errors import OutputError, WeightsError
from hypersigma.weights.store import load_tensors, save_tensors
from hypersigma.writers._atomic import replaced_file


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a published file, under their published names.

    The weights stand under `state_dict`, under `model`, or alone; a leading `module.` is dropped.

    Raises:
        WeightsError: the file is missing, damaged, or holds no weights.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such file; expected a checkpoint (.pth or .safetensors)")
    content: Mapping[str, Any] = load_tensors(path) if path.suffix == ".safetensors" else _unpickled(path)
    # In the order in which the published loaders look.
    held = [content[key] for key in ("state_dict", "model") if isinstance(content.get(key), Mapping)]
    state: Mapping[str, Any] = held[0] if held else content
    tensors = {str(name).removeprefix("module."): value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        keys = ", ".join(map(str, list(content)[:6])) or "nothing"
        raise WeightsError(f"{path}: expected tensors under 'state_dict' or 'model' or alone, found: {keys}")
    return tensors


def _unpickled(path: Path) -> Mapping[str, Any]:
    """The content of a .pth file; of classes only the one that published files need is allowed."""
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):
            # Mapped where the format allows it: two thirds of a published file are the optimiser's, which nobody reads.
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path}: not loaded, for it is no checkpoint or holds Python objects that could run code; expected "
            f"tensors alone. A whole pickled model must be saved again as its state_dict"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        size = path.stat().st_size
        raise WeightsError(f"{path}: damaged or truncated ({size} bytes: {error}); fetch it again") from error
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path}: expected a checkpoint of named tensors, found {type(content).__name__}")
    return content


def write_checkpoint(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write tensors as the published files hold them: under `model` in a .pth, alone in a .safetensors file.

    Raises:
        OutputError: the suffix is another one, or the file cannot be written.
    """
    if path.suffix == ".safetensors":
        save_tensors(path, state)
    elif path.suffix == ".pth":
        with replaced_file(path) as place:
            torch.save({"model": dict(state)}, place)
    else:
        raise OutputError(f"{path}: expected a name that ends in .pth or .safetensors, found '{path.suffix}'")

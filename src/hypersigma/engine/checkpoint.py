"""Training that was interrupted: in one file (fine-tuning), or in a folder of shards written meanwhile (pre-training).

Nothing here is ever half written, and nothing that is read can run code.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import pickle
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import Metadata, TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save

from hypersigma.engine.distributed import World
from hypersigma.errors import ConfigError, OutputError, WeightsError
from hypersigma.writers import replaced_file

_LOG = logging.getLogger(__name__)


def save_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, curve: list[tuple[int, float]], step: int
) -> None:
    """Write the state after `step` steps.

    Raises:
        OutputError: the file cannot be written.
    """
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "curve": curve, "step": step}
    with replaced_file(path) as place:
        torch.save(state, place)


def load_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, curve: list[tuple[int, float]]
) -> int:
    """Restore a state in place and return its step; 0, and nothing restored, if there is none that fits."""
    if not path.exists():
        return 0
    before = copy.deepcopy(network.state_dict())
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        step, points = int(state["step"]), [(int(at), float(loss)) for at, loss in state["curve"]]
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    except Exception as error:
        # A damaged file of an interrupted run is no reason not to start, from where nothing was restored.
        network.load_state_dict(before)
        _LOG.warning("%s cannot be resumed from (%s): starting anew", path, error)
        return 0
    curve[:] = points
    _LOG.info("resuming %s at step %d", path.stem, step)
    return step


class Checkpoints:
    """The last few states of a pre-training run, a folder each, written while training goes on.

    A state is written under another name and renamed once every process has written its shards, so that a folder
    `step_N` is whole. It may be read by another number of processes than wrote it.

    Args:
        folder: where they lie, the same for all processes.
        recipe: settings that rule the numbers, as plain data; a state of other settings is not gone on from.
        keep: how many states are kept.
    """

    def __init__(self, folder: Path, world: World, recipe: Mapping[str, Any], keep: int) -> None:
        self._folder = folder
        self._world = world
        self._recipe = recipe
        self._keep = keep
        self._pending: Future[None] | None = None
        self._publisher = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        # A group of its own: states are written while the other one carries gradients.
        self._group = dist.new_group(backend="gloo")

    def steps(self) -> list[int]:
        """After which steps there are states, ascending."""
        return sorted(int(path.name.removeprefix("step_")) for path in self._folder.glob("step_*"))

    def save(self, state: dict[str, Tensor], step: int) -> None:
        """Copy a state now, and begin to write it; waits for the one before.

        Raises:
            OutputError: the disk refuses this one or the one before.
        """
        self.wait()
        partial = self._folder / f".step_{step:08d}.partial"
        self._together(lambda: _emptied(partial) if self._world.first else None, partial)
        written = async_save(state, storage_writer=FileSystemWriter(partial), process_group=self._group)
        self._pending = self._publisher.submit(self._publish, written, partial, step)

    def wait(self) -> None:
        """Wait until what was begun is written.

        Raises:
            OutputError: the disk refuses; earlier states are as they were.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            self._together(pending.result, self._folder)

    def close(self) -> None:
        """Let what was begun end, well or not; asks no other process."""
        self._publisher.shutdown(wait=True)

    def load(self, step: int, state: dict[str, Tensor]) -> None:
        """Fill the tensors of a state with those of a step.

        Raises:
            ConfigError: it was written with other settings, which are named.
            WeightsError: it is damaged, carries code, or is of another network.
        """
        place = self._folder / f"step_{step:08d}"
        self._check_recipe(place)
        reader = _Reader(place)
        _check_tensors(reader.read_metadata(), state, place)
        try:
            load(state, storage_reader=reader, process_group=self._group)
        except (CheckpointException, OSError, RuntimeError, pickle.UnpicklingError) as error:
            raise WeightsError(
                f"{place}: damaged ({_reason(error)}); delete it to go on from an earlier one"
            ) from error

    def _check_recipe(self, place: Path) -> None:
        """Refuse a state of other settings."""
        try:
            written = json.loads((place / _FACTS).read_text(encoding="utf-8"))["recipe"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsError(f"{place / _FACTS}: damaged ({error}); delete {place.name} to go on") from error
        differing = _differing(written, json.loads(json.dumps(self._recipe)))
        if differing:
            raise ConfigError(
                f"{place}: was written with other settings: {'; '.join(differing)}; "
                "set them back, or begin anew in another folder, where masking.begin_with takes this one's weights"
            )

    def _publish(self, written: Any, partial: Path, step: int) -> None:
        """Put a state in its place once it is written, and delete those that are too old."""
        try:
            written.result()
            if self._world.first:
                facts = {"step": step, "num_processes": self._world.size, "recipe": self._recipe}
                (partial / _FACTS).write_text(json.dumps(facts, indent=2), encoding="utf-8")
                os.replace(partial, self._folder / f"step_{step:08d}")
                for old in self.steps()[: -self._keep]:
                    shutil.rmtree(self._folder / f"step_{old:08d}", ignore_errors=True)
        finally:
            if self._world.first:
                shutil.rmtree(partial, ignore_errors=True)

    def _together(self, work: Callable[[], None], place: Path) -> None:
        """Do what may fail in one process, so that all stop where one fails."""
        failure: BaseException | None = None
        try:
            work()
        except (CheckpointException, OSError, RuntimeError) as error:
            failure = error
        if self._world.any(failure is not None):
            reason = _reason(failure) if failure else "another process says why"
            raise OutputError(
                f"{place}: the checkpoint cannot be written ({reason}); earlier ones are whole: "
                "make room, and go on with --resume"
            ) from failure


# A checkpoint's own description, beside the shards.
_FACTS = "state.json"

# What the index of a checkpoint is made of. Whole names and no modules: by way of a module one reaches what it imports.
_KNOWN = {
    "torch.distributed.checkpoint.metadata": (
        "BytesStorageMetadata",
        "ChunkStorageMetadata",
        "Metadata",
        "MetadataIndex",
        "StorageMeta",
        "TensorProperties",
        "TensorStorageMetadata",
        "_MEM_FORMAT_ENCODING",
    ),
    "torch.distributed.checkpoint.filesystem": ("_StorageInfo",),
    "torch.serialization": ("_get_layout",),
    "torch": ("Size", "bfloat16", "float16", "float32", "float64", "int64", "bool"),
    "pathlib": ("PosixPath", "WindowsPath"),
}


class _Index(pickle.Unpickler):
    """A reader of a checkpoint's index that knows the classes of an index and no others."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in _KNOWN.get(module, ()):
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is code")
        return super().find_class(module, name)


class _Reader(FileSystemReader):
    """Reads a checkpoint without running anything that lies in it."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        index = Path(self.path) / ".metadata"
        try:
            with index.open("rb") as file:
                metadata = _Index(file).load()
        except Exception as error:
            # Bytes that are no pickle can fail in any way.
            raise WeightsError(f"{index}: refused ({error}); resume from a checkpoint that you trust") from error
        if not isinstance(metadata, Metadata):
            raise WeightsError(f"{index}: found {type(metadata).__name__}, expected the index of a checkpoint")
        return metadata


def _check_tensors(metadata: Metadata, state: Mapping[str, Tensor], place: Path) -> None:
    """Refuse a checkpoint that holds other things than the tensors that are asked for."""
    held = metadata.state_dict_metadata
    shapes = {name: tuple(item.size) for name, item in held.items() if isinstance(item, TensorStorageMetadata)}
    if objects := sorted(held.keys() - shapes.keys()):
        raise WeightsError(f"{place}: '{objects[0]}' is no tensor and may carry code: refused")
    expected = {name: tuple(tensor.shape) for name, tensor in state.items()}
    differing = sorted(name for name in shapes.keys() | expected.keys() if shapes.get(name) != expected.get(name))
    if differing:
        raise WeightsError(
            f"{place}: is of another network: {len(differing)} tensors differ, the first is {differing[0]} "
            f"(found {shapes.get(differing[0])}, expected {expected.get(differing[0])})"
        )


def _differing(written: Any, asked: Any, key: str = "") -> list[str]:
    """What differs between two pieces of plain data, a line for each key."""
    if isinstance(written, Mapping) and isinstance(asked, Mapping):
        names = sorted(written.keys() | asked.keys())
        return [
            line
            for name in names
            for line in _differing(written.get(name), asked.get(name), f"{key}.{name}" if key else name)
        ]
    return [] if written == asked else [f"{key} was {written!r} and is {asked!r}"]


def _emptied(folder: Path) -> None:
    """Make a folder that holds nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _reason(error: BaseException) -> str:
    """What went wrong, without the traces of all processes."""
    if isinstance(error, CheckpointException) and error.failures:
        error = next(iter(error.failures.values()))[0]
    with suppress(IndexError):
        return str(error).strip().splitlines()[0]
    return type(error).__name__

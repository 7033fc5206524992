"""The log of a training: a JSON line every so often, TensorBoard beside it where it is installed, and pictures.

A person reads lines of it too: the first one, and then one whenever the run has grown by half.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from hypersigma.engine.measure import resident_bytes
from hypersigma.errors import OutputError
from hypersigma.writers import replaced_file

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

LOG = "log.jsonl"

_GROWTH = 1.5
_LOG = logging.getLogger(__name__)


class Tracker:
    """What one process writes about a run; use it as a context.

    Args:
        folder: of the run; gets `log.jsonl`, `tensorboard/` and `pictures/`.
        first: step that the run begins at; what an interrupted run said of this and later ones is dropped.
        device: whose memory is told.
    """

    def __init__(self, folder: Path, first: int, device: torch.device) -> None:
        self._folder = folder
        self._device = device
        self._path = folder / LOG
        self._begun = self._since = time.perf_counter()
        self._num_samples = 0
        self._told = 0
        earlier = [line for line in _lines(self._path) if json.loads(line)["step"] < first]
        with replaced_file(self._path) as place:
            place.write_text("".join(f"{line}\n" for line in earlier), encoding="utf-8")
        self._board = _board(folder / "tensorboard", first)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.close()

    def count(self, num_samples: int) -> None:
        """So many samples were trained on since the last call."""
        self._num_samples += num_samples

    def write(self, step: int, figures: Mapping[str, float]) -> dict[str, float]:
        """Write figures of a step, with throughput and memory added, and return all of them.

        Raises:
            OutputError: the disk refuses.
        """
        now = time.perf_counter()
        line = {
            "step": step,
            **figures,
            "samples_per_second": self._num_samples / (now - self._since),
            "memory_mb": memory_bytes(self._device) / 1e6,
            "seconds": now - self._begun,
        }
        self._since, self._num_samples = now, 0
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            if self._board is not None:
                for name, value in line.items():
                    self._board.add_scalar(name, value, step)
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error}); make room, go on with --resume") from error
        if step + 1 >= _GROWTH * self._told:
            self._told = step + 1
            told = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in line.items() if name != "step")
            _LOG.info("step %d: %s", step + 1, told)
        return line

    def picture(self, step: int, picture: Tensor) -> None:
        """Write a picture (3, H, W) of values from 0 to 1 as `pictures/step_N.png`.

        Raises:
            OutputError: the disk refuses.
        """
        from matplotlib.image import imsave

        with replaced_file(self._folder / "pictures" / f"step_{step:08d}.png") as place:
            imsave(place, picture.detach().float().clamp(0, 1).permute(1, 2, 0).cpu().numpy())


def memory_bytes(device: torch.device) -> int:
    """The most memory that a CUDA device has lent so far; on the CPU, what the process holds now."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else resident_bytes()


def _lines(path: Path) -> list[str]:
    """The whole lines of an earlier log; a run that was killed may have left half a line."""
    if not path.exists():
        return []
    *whole, _ = path.read_text(encoding="utf-8").split("\n")
    return whole


def _board(folder: Path, first: int) -> SummaryWriter | None:
    """A writer for TensorBoard, or None where that is not installed."""
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=first)

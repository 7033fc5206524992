"""The arrays of a scene in files that grow strip by strip, and a journal by which a killed prediction goes on."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import OutputError
from hypersigma.writers import replaced_file

_LOG = logging.getLogger(__name__)
_FILE = "journal.json"


class Journal:
    """A store of arrays in a folder: a NumPy file each, and beside them what they are of and how many rows are done.

    Rows that the journal tells of are on the disk, whatever became of the process. What was begun for another scene,
    model or setting is cleared away.
    """

    def __init__(self, folder: Path, identity: Mapping[str, str]) -> None:
        """A journal in a folder, made where it is not there.

        Args:
            folder: where to; nothing else lies in it.
            identity: what decides the arrays, by name.
        """
        self.folder = folder
        self.identity = dict(identity)
        self._names, self.num_rows = self._begun()
        if self.num_rows:
            _LOG.info("%s: resuming after row %d", folder.name, self.num_rows)

    def _begun(self) -> tuple[list[str], int]:
        """Names of arrays and rows done of what can be gone on with."""
        try:
            told = json.loads((self.folder / _FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            told = {}
        names = list(told.get("names", ()))
        if told.get("identity") == self.identity and all(self._path(name).is_file() for name in names):
            return names, int(told["rows"])
        shutil.rmtree(self.folder, ignore_errors=True)
        return [], 0

    def put(self, row: int, strip: Mapping[str, NDArray[Any]], num_rows: int) -> None:
        """Write arrays (..., h, cols) from a row on, then the journal.

        Raises:
            OutputError: the disk refuses.
        """
        try:
            for name, values in strip.items():
                self._write(name, row, values, num_rows)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be written ({error}); make room, what is done stays") from error
        self._names, self.num_rows = list(strip), row + next(iter(strip.values())).shape[-2]
        told = {"identity": self.identity, "names": self._names, "rows": self.num_rows}
        with replaced_file(self.folder / _FILE) as partial:
            partial.write_text(json.dumps(told, indent=2), encoding="utf-8")

    def _write(self, name: str, row: int, values: NDArray[Any], num_rows: int) -> None:
        """Rows of all planes of an array, each at its place in the file."""
        path, shape = self._path(name), (*values.shape[:-2], num_rows, values.shape[-1])
        if row == 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            np.lib.format.open_memmap(path, "w+", values.dtype, shape)
        offset = int(np.load(path, "r").offset)
        bytes_a_row = values.shape[-1] * values.itemsize
        with path.open("r+b") as file:
            for number, plane in enumerate(values.reshape(-1, *values.shape[-2:])):
                file.seek(offset + (number * num_rows + row) * bytes_a_row)
                file.write(np.ascontiguousarray(plane).data)
            file.flush()
            # the journal must never know of rows that a power cut took
            os.fsync(file.fileno())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays, seen through memory maps."""
        return {name: np.load(self._path(name), "r") for name in self._names}

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npy"

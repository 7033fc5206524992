"""Products in HDF5: known by what a file contains, read as one scene, incomplete ones refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.readers._bands import Given
from hypersigma.readers._found import Found
from hypersigma.readers._hdf5_source import is_hdf5, open_hdf5


@dataclass(frozen=True, kw_only=True)
class Hdf5Product:
    """A product in HDF5 whose description is known.

    Attributes:
        name: as a message says it, "an EMIT scene".
        is_mine: whether an open file is one; quick.
        found: what a file of it holds.
    """

    name: str
    is_mine: Callable[[Any], bool]
    found: Callable[[Path, Any], Found]

    def sniff(self, path: Path) -> int:
        """2 for a file of this product, else 0."""
        if not is_hdf5(path):
            return 0
        try:
            with open_hdf5(path) as file:
                return 2 if self.is_mine(file) else 0
        # a damaged file is the business of the reader that knows the container
        except InputError:
            return 0

    def open(self, path: Path, variable: str | None, given: Given | None) -> Cube:
        """The scene of a file as a cube.

        Raises:
            InputError: damaged, incomplete, another product, or one array of it is asked for by name.
        """
        if variable is not None:
            raise InputError(
                f"{path}: {self.name} is read as a whole, found variable '{variable}'; leave it out, or read that "
                "array alone with reader='hdf5'"
            )
        file = open_hdf5(path)
        if not self.is_mine(file):
            raise InputError(f"{path}: not {self.name}: its arrays are missing; open the file without naming a reader")
        try:
            found = self.found(path, file)
        # what h5py says when a group, dataset or attribute is missing
        except KeyError as error:
            raise InputError(f"{path}: {self.name} that lacks a part: {error}; copy the file anew") from error
        return found.cube(given)

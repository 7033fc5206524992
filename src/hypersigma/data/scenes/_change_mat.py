"""Hyperspectral pairs that are passed around as MATLAB files: two dates and a map of codes, of changed and unchanged.

The files are not shipped. Published comparisons train on 500 random pixels of each class, as `random` does, and then
often test on all labelled pixels, those included; here they are left out. `left` and `right` test on other ground.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_labels
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import Pair
from hypersigma.data.scenes import _change
from hypersigma.data.scenes._folder import folder_of
from hypersigma.errors import InputError
from hypersigma.readers import open_cube

PROTOCOLS, TASK = _change.PROTOCOLS, _change.TASK

Load = Callable[..., list[LabelledScene]]
Array = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class MatPair:
    """Where a pair lies and what its codes mean.

    Attributes:
        name: of the scene and of the folder with its files.
        title: the scene in words.
        before, after, truth: file and variable of each.
        changed, unchanged: codes in the truth; 0 is unknown.
        sensor: whose bands the dates have, or None where it is not known which of a sensor's are left.
    """

    name: str
    title: str
    before: Array
    after: Array
    truth: Array
    changed: int
    unchanged: int
    sensor: str | None = None

    def loader(self) -> Load:
        """What the scene's module offers: `load(root=None)`."""

        def load(root: Path | None = None) -> list[LabelledScene]:
            """The pair with its labels; root as of `folder_of`."""
            files = tuple(dict.fromkeys(file for file, _ in (self.before, self.after, self.truth)))
            return [self._read(folder_of(f"the files of {self.title}", self.name, files, root))]

        return load

    def _read(self, folder: Path) -> LabelledScene:
        before, after = (self._date(folder, *array) for array in (self.before, self.after))
        pair = replace(Pair.of(before, after), name=self.name)
        file, variable = self.truth
        codes = read_labels(folder / file, before, variable=variable).labels
        strange = sorted(set(np.unique(codes).tolist()) - {0, self.changed, self.unchanged})
        if strange:
            raise InputError(
                f"{folder / file}: codes {strange} in '{variable}'; expected {self.changed} = changed, "
                f"{self.unchanged} = unchanged and 0 = unknown"
            )
        return _change.labelled(pair, codes == self.changed, codes == self.unchanged)

    def _date(self, folder: Path, file: str, variable: str) -> Cube:
        cube = open_cube(folder / file, variable=variable, sensor=self.sensor)
        return replace(cube, name=f"{self.name}_{variable}")

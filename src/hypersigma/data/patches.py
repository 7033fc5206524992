"""Where patches come from: scenes cut into squares that do not overlap, and folders of crops that were cut before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.manifest import Record, day_in
from hypersigma.data.patch_group import PATCH, Group
from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.tiling import Window

_STRIP_BYTES = 64 << 20
CROP_PREFIXES = ("EO1", "GF5")

Cut = tuple[Record, NDArray[Any] | None]  # what is known before screening; None where the file cannot be read


class Origin(Protocol):
    """Something that patches are taken from, all of one group."""

    @property
    def name(self) -> str:
        """A short name."""

    @property
    def path(self) -> Path:
        """The file or folder."""

    @property
    def group(self) -> Group:
        """What its patches share."""

    def __len__(self) -> int:
        """Number of patches before screening."""

    def part(self, first: int, count: int) -> Origin:
        """Some of its patches, light enough to be sent to another process."""

    def cut(self) -> Iterator[Cut]:
        """The patches one after the other, (bands, 64, 64) as stored in their group."""


@dataclass(frozen=True, eq=False)
class SceneOrigin:
    """A scene, cut row by row into squares of 64 x 64 pixels; what is left at the right and bottom is not used.

    Attributes:
        cube: the scene.
        group: what its patches share.
        first, count: the squares that are taken.
    """

    cube: Cube
    group: Group
    first: int
    count: int

    @classmethod
    def of(cls, cube: Cube) -> SceneOrigin:
        """All squares of a scene.

        Raises:
            InputError: the scene is smaller than a square, or has no valid band.
        """
        bands, rows, cols = cube.shape
        count = (rows // PATCH) * (cols // PATCH)
        if not count:
            raise InputError(f"{cube.name}: {rows} rows x {cols} columns hold no patch of {PATCH} x {PATCH} pixels")
        if not len(cube.used):
            raise InputError(
                f"{cube.name}: none of its {bands} bands is valid ({', '.join(sorted(set(cube.reasons)))})"
            )
        return cls(cube, Group.of(cube), 0, count)

    @property
    def name(self) -> str:
        return self.cube.name

    @property
    def path(self) -> Path:
        return self.cube.path or Path(self.cube.name)

    def __len__(self) -> int:
        return self.count

    def part(self, first: int, count: int) -> SceneOrigin:
        return replace(self, first=self.first + first, count=min(count, self.count - first))

    def cut(self) -> Iterator[Cut]:
        for strip in self._strips():
            try:
                block = self._read(strip)
            except (InputError, OSError):
                block = None
            for col in range(0, strip.width, PATCH):
                record = self._record(strip.row, strip.col + col)
                yield record, None if block is None else self.group.stored(block[:, :, col : col + PATCH])

    def _read(self, window: Window) -> NDArray[Any]:
        cube = self.cube
        return cube.source.read(cube.order[cube.used], window) if self.group.exact else cube.read(window)

    def _strips(self) -> Iterator[Window]:
        """Windows a patch high that hold the squares in order: files give neighbours more quickly than one by one."""
        across = self.cube.shape[2] // PATCH
        at_once = max(1, _STRIP_BYTES // (self.group.num_bands * PATCH * PATCH * 4))
        index, last = self.first, self.first + self.count
        while index < last:
            row, col = divmod(index, across)
            width = min(across - col, last - index, at_once)
            yield Window(row * PATCH, col * PATCH, PATCH, width * PATCH)
            index += width

    def _record(self, row: int, col: int) -> Record:
        crs, bounds = None, None
        if self.cube.georef is not None:
            crs, bounds = self._crs, self.cube.georef.bounds(Window(row, col, PATCH, PATCH))
        return Record(
            group=self._group_name,
            shard=0,
            slot=0,
            scene=self.name,
            path=str(self.path),
            row=row,
            col=col,
            sensor=self.group.sensor,
            bands=self.group.num_bands,
            crs=crs,
            bounds=bounds,
            date=self.cube.acquired[:10] if self.cube.acquired else day_in(self.path.name),
        )

    @cached_property
    def _crs(self) -> str | None:
        # a code is looked up in a database: once a scene, not once a patch
        return None if self.cube.georef is None else self.cube.georef.crs_name

    @cached_property
    def _group_name(self) -> str:
        return self.group.name


@dataclass(frozen=True, eq=False)
class CropOrigin:
    """A folder of crops that were cut before, a file each, whose names begin with the same letters.

    Attributes:
        folder: where they lie.
        prefix: the letters, which tell the sensor.
        files: names of the files.
        group: what they share, taken from the first.
    """

    folder: Path
    prefix: str
    files: tuple[str, ...]
    group: Group

    @property
    def name(self) -> str:
        return f"{self.folder.name} {self.prefix}"

    @property
    def path(self) -> Path:
        return self.folder

    def __len__(self) -> int:
        return len(self.files)

    def part(self, first: int, count: int) -> CropOrigin:
        return replace(self, files=self.files[first : first + count])

    def cut(self) -> Iterator[Cut]:
        group_name = self.group.name
        for file in self.files:
            record = Record(
                group=group_name,
                shard=0,
                slot=0,
                scene=Path(file).stem,
                path=str(self.folder / file),
                row=0,
                col=0,
                sensor=self.group.sensor,
                bands=self.group.num_bands,
                date=day_in(file),
            )
            yield record, self._crop(self.folder / file)

    def _crop(self, path: Path) -> NDArray[Any] | None:
        """The numbers of a crop, or None where the file is damaged or holds something else than the first."""
        try:
            cube = open_cube(path)
            source = cube.source.read(cube.order[cube.used], cube.window)
        except (InputError, OSError):
            return None
        if source.shape != (self.group.num_bands, PATCH, PATCH):
            return None
        with np.errstate(invalid="ignore"):
            stored = self.group.stored(source)
        # a crop saved in another type is as good, if its numbers fit
        return stored if not self.group.exact or np.array_equal(stored, source) else None


def crop_origins(folder: Path) -> list[CropOrigin]:
    """The crops in a folder (and those below), a set for each sensor; none in a folder of something else.

    Raises:
        InputError: the first of a set cannot be read.
    """
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.mat"))
    origins = []
    for prefix in CROP_PREFIXES:
        mine = tuple(file for file in files if Path(file).name.upper().startswith(prefix))
        if mine:
            origins.append(CropOrigin(folder, prefix, mine, _crop_group(open_cube(folder / mine[0]))))
    return origins


def _crop_group(cube: Cube) -> Group:
    """The group of crops like a first one; unscaled numbers are whole ones, whatever type they were saved in."""
    whole = cube.source.dtype.kind == "f" and not np.any(cube.source.read(cube.order, cube.window) % 1)
    return Group.of(cube, "int16" if whole else None)

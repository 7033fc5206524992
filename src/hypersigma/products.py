"""What comes out of a task, whatever the task: raster layers and a report.

Writers, pictures and the viewer know these and nothing of any task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.georef import Georef

Kind = Literal["classes", "score", "abundances", "cube"]
Color = tuple[int, int, int]

NO_CLASS = "no class"  # what value 0 of a class layer is called


@dataclass(frozen=True)
class Legend:
    """Names and colours of the values of a class layer.

    Attributes:
        names: name of class value 1, 2, ...; value 0 is always "no class" (unlabelled or no data).
        colors: (red, green, blue), 0-255, one a name.
    """

    names: tuple[str, ...]
    colors: tuple[Color, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.colors):
            raise ValueError(f"{len(self.names)} class names but {len(self.colors)} colours")


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One raster that comes out.

    Attributes:
        name: short name; the file name without suffix.
        array: (rows, cols) or (bands, rows, cols); may be a memory map.
        kind: how to draw and store it.
        georef: where it lies, or None.
        nodata: the number that means "no data"; by default 0 for classes, NaN for other floating-point
            numbers, none for other integers.
        legend: names and colours, for kind "classes".
        units: of the values, for the rest ("probability", "radians" ...).
        band_names: one a band where there is more than one.
        wavelengths: (bands,) nm, for kind "cube".
        description: one sentence for the report.
    """

    name: str
    array: NDArray[Any]
    kind: Kind
    georef: Georef | None = None
    nodata: float | None = None
    legend: Legend | None = None
    units: str = ""
    band_names: tuple[str, ...] = ()
    wavelengths: NDArray[np.float64] | None = None
    description: str = ""

    def __post_init__(self) -> None:
        if self.array.ndim not in (2, 3):
            raise ValueError(f"layer {self.name}: an array of 2 or 3 axes is needed, found shape {self.array.shape}")
        if self.kind == "classes" and self.array.ndim == 3:
            raise ValueError(f"layer {self.name}: classes need an array (rows, cols), found shape {self.array.shape}")
        bands = self.planes.shape[0]
        if self.band_names and len(self.band_names) != bands:
            raise ValueError(f"layer {self.name}: {len(self.band_names)} band names for {bands} bands")
        if self.wavelengths is not None and len(self.wavelengths) != bands:
            raise ValueError(f"layer {self.name}: {len(self.wavelengths)} wavelengths for {bands} bands")
        # A frozen dataclass can complete itself in no other way.
        if self.nodata is None and self.kind == "classes":
            object.__setattr__(self, "nodata", 0.0)
        elif self.nodata is None and np.issubdtype(self.array.dtype, np.floating):
            object.__setattr__(self, "nodata", float("nan"))

    @property
    def planes(self) -> NDArray[Any]:
        """The array as (bands, rows, cols), a view."""
        return self.array if self.array.ndim == 3 else self.array[None]

    def missing(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Where values of this layer mean "no data": the no-data number, NaN and infinities."""
        absent: NDArray[np.bool_] = ~np.isfinite(values)
        return absent if self.nodata is None else absent | (values == self.nodata)


@dataclass(frozen=True)
class Table:
    """A table of a report: a title, column heads, rows of text or numbers, and a sentence beneath."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A picture of a report: a title, PNG bytes, and a sentence beneath."""

    title: str
    png: bytes
    note: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph of a report under a title."""

    title: str
    body: str


Section = Table | Figure | Text


@dataclass(kw_only=True)
class Report:
    """What was done and what came of it; becomes report.json and report.html.

    Attributes:
        task, scene: registered name of the task, name or path of the scene.
        settings: everything needed to repeat the run, as plain data.
        seed: of every random draw.
        seconds, peak_memory_mb: wall time, and memory above what the process held before the run.
        metrics: short lower-case name -> number (fractions between 0 and 1).
        layers: names of the layers beside the report.
        sections: tables, pictures and paragraphs of report.html, in order.
        notes: sentences a person should read first (bands dropped, pixels masked ...).
    """

    task: str
    scene: str
    settings: Mapping[str, Any]
    seed: int
    seconds: float = 0.0
    peak_memory_mb: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    sections: list[Section] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

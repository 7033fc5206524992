"""What comes out of a task, whatever the task: raster layers, objects, spectra and a report.

Writers, pictures and the viewer know these and nothing of any task. Libraries of spectra also go in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hypersigma.cube import Quantity
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.spectra import resample_library
from hypersigma.tiling import Window

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
        array: (rows, cols) or (bands, rows, cols), stored numbers; may be a memory map.
        kind: how to draw and store it.
        georef: where it lies, or None.
        nodata: the number that means "no data"; by default 0 for classes, NaN for other floating-point
            numbers, none for other integers.
        legend: names and colours, for kind "classes".
        units: of the values, for the rest ("probability", "radians" ...).
        band_names: one a band where there is more than one.
        wavelengths: (bands,) nm, for kind "cube".
        description: one sentence for the report.
        scale, offset: the quantity that `units` names is stored * scale + offset.
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
    scale: float = 1.0
    offset: float = 0.0

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

    def values(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Stored numbers of this layer as the quantity they are, NaN where they mean "no data"."""
        return np.where(self.missing(stored), np.nan, stored.astype(np.float64) * self.scale + self.offset)


Polygon = tuple[NDArray[np.float64], ...]  # rings (points, 2) of (row, col), closed: the outer one, then holes


@dataclass(frozen=True, kw_only=True, eq=False)
class Detection:
    """One object: connected pixels that a detector marked.

    Attributes:
        id: number of the object, from 1 for the highest peak.
        window: the rectangle of pixels that bounds it.
        mask: (window height, window width) its pixels.
        peak: (row, col) of the pixel with the highest score.
        centroid: (row, col) mean position of its pixels, fractional (pixel centres lie at .5).
        peak_score, mean_score: highest and mean score of its pixels.
        spectrum: (bands,) at the peak; of a change the mean difference of its pixels.
        facts: what else is known of it, by short names.
    """

    id: int
    window: Window
    mask: NDArray[np.bool_]
    peak: tuple[int, int]
    centroid: tuple[float, float]
    peak_score: float
    mean_score: float
    spectrum: NDArray[np.float32]
    facts: Mapping[str, str | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.mask.shape != (self.window.height, self.window.width):
            raise ValueError(f"object {self.id}: a mask of shape {self.mask.shape} for {self.window}")

    @property
    def num_pixels(self) -> int:
        """How many pixels it has."""
        return int(np.count_nonzero(self.mask))

    def polygons(self) -> tuple[Polygon, ...]:
        """Outlines along the edges of its pixels, in pixels of the scene; parts that touch at a corner are apart."""
        from rasterio.features import shapes
        from rasterio.transform import Affine

        # of pixels joined at corners only, one outline would cross itself
        place = Affine.translation(self.window.col, self.window.row)
        found = shapes(self.mask.astype(np.uint8), self.mask, connectivity=4, transform=place)
        return tuple(
            tuple(np.array(ring, dtype=np.float64)[:, ::-1] for ring in outline["coordinates"]) for outline, _ in found
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Objects:
    """What a detector found in a scene, as vectors.

    Attributes:
        name: short name; the file name without suffix.
        found: the objects, by descending peak score.
        georef: where the scene lies, or None.
        wavelengths: (bands,) nm of the spectra, or None where unknown.
        num_left_out: objects of lower scores that are not listed.
        notes: what a person should know, such as that some are left out.
    """

    name: str
    found: tuple[Detection, ...]
    georef: Georef | None = None
    wavelengths: NDArray[np.float64] | None = None
    num_left_out: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bands = {len(item.spectrum) for item in self.found}
        bands |= set() if self.wavelengths is None else {len(self.wavelengths)}
        if len(bands) > 1:
            raise ValueError(
                f"objects {self.name}: spectra and wavelengths of {sorted(bands)} bands, not of one number"
            )

    def __len__(self) -> int:
        return len(self.found)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SpectralLibrary:
    """Spectra of materials on one list of bands.

    Attributes:
        names: one a spectrum.
        wavelengths: (bands,) band centres in nm, ascending.
        spectra: (spectra, bands) float64; NaN where a spectrum lacks a band.
        fwhm: (bands,) full widths at half maximum in nm, or None where unknown.
        quantity: what the numbers are.
        groups: a word one a spectrum that like materials share; empty where nobody sorted them.
        name: short name of the library.
        numbered: whether bands are counted 1, 2, ... in place of wavelengths that nobody knows.
        notes: what a reader found or decided that a person should know.
    """

    names: tuple[str, ...]
    wavelengths: NDArray[np.float64]
    spectra: NDArray[np.float64]
    fwhm: NDArray[np.float64] | None = None
    quantity: Quantity = "unknown"
    groups: tuple[str, ...] = ()
    name: str = "library"
    numbered: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.wavelengths))
        if self.spectra.shape != shape:
            raise InputError(
                f"{self.name}: spectra of shape {self.spectra.shape} for {shape[0]} names and {shape[1]} wavelengths; "
                "an array (names, wavelengths) is needed"
            )
        if not shape[0] or not shape[1]:
            raise InputError(f"{self.name}: {shape[0]} spectra of {shape[1]} bands; at least one of each is needed")
        if not bool(np.all(np.diff(self.wavelengths) >= 0)):
            raise InputError(f"{self.name}: wavelengths do not ascend; sort the bands before making a library")
        for label, value, count in (("band widths", self.fwhm, shape[1]), ("groups", self.groups or None, shape[0])):
            if value is not None and len(value) != count:
                raise InputError(f"{self.name}: {len(value)} {label}; {count} are needed")

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        first, last = self.wavelengths[0], self.wavelengths[-1]
        bands = f"{len(self.wavelengths)} bands, {first:.0f}-{last:.0f} nm"
        return f"<SpectralLibrary {self.name}: {len(self)} spectra, {bands}, {self.quantity}>"

    def select(self, indices: ArrayLike) -> SpectralLibrary:
        """The library of some spectra, by index or by a mask."""
        chosen = np.arange(len(self))[np.asarray(indices)]
        return replace(
            self,
            names=tuple(self.names[index] for index in chosen),
            spectra=self.spectra[chosen],
            groups=tuple(self.groups[index] for index in chosen) if self.groups else (),
        )

    def resampled(self, wavelengths: ArrayLike, fwhm: ArrayLike | None = None) -> SpectralLibrary:
        """The library as a sensor with these bands (nm, ascending) sees it; NaN where it does not cover a band."""
        centres = np.asarray(wavelengths, dtype=np.float64)
        widths = None if fwhm is None else np.asarray(fwhm, dtype=np.float64)
        spectra = resample_library(self.spectra, self.wavelengths, centres, fwhm=self.fwhm, target_fwhm=widths)
        return replace(self, wavelengths=centres, spectra=spectra, fwhm=widths)


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

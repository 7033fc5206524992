"""The Cube: a lazily read hyperspectral scene with its bands, units, no-data and georeference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError, MissingExtraError
from hypersigma.georef import Georef, LookupTable
from hypersigma.mapped import release
from hypersigma.tiling import Window

if TYPE_CHECKING:
    import xarray

Quantity = Literal["reflectance", "radiance", "counts", "unknown"]


def all_finite(values: NDArray[np.float32]) -> bool:
    """Whether all numbers of a contiguous array are finite, found in one quick pass; False where that is in doubt."""
    flat = values.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        # what is not finite makes the sum of squares so; so does overflow, and a slower look then tells
        return bool(np.isfinite(np.dot(flat, flat)))


class Source(Protocol):
    """Where the numbers lie: reads any block of bands, rows and columns, touching only its bytes."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns as stored."""

    @property
    def dtype(self) -> np.dtype:
        """Type of the stored numbers."""

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        """The stored numbers of some bands (indices into the stored order) in a window: (n, h, w)."""


@dataclass(frozen=True)
class ArraySource:
    """A source that is an array in memory (or a memory map), (bands, rows, cols)."""

    array: NDArray[Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        bands, rows, cols = self.array.shape
        return bands, rows, cols

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    def read(self, bands: NDArray[np.intp], window: Window) -> NDArray[Any]:
        rows, cols = window.slices
        block: NDArray[Any] = self.array[:, rows, cols][bands]
        return block

    def forget(self) -> None:
        """Give back the memory of what was read of a memory map."""
        release(self.array)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Cube:
    """A hyperspectral scene, read lazily, bands in ascending wavelength.

    Attributes:
        source: where the stored numbers lie.
        order: (bands,) stored index of each band of the cube.
        wavelengths: (bands,) band centres in nm, ascending, or None where unknown.
        fwhm: (bands,) full widths at half maximum in nm, or None where unknown.
        valid: (bands,) False for bands that must not be used.
        reasons: one short text a band: why it is not valid, "" where it is.
        quantity: what the numbers are after scaling.
        scale, offset: quantity = stored * scale + offset; numbers or one a band (cube order).
        nodata: stored number that means "no data"; NaN and infinities always do.
        georef: where the scene lies, or None.
        sensor: the sensor's name where known or guessed.
        name: a short name of the scene; path: the file it came from.
        acquired: when it was taken, by ISO 8601 in UTC, "2022-08-08T10:32:42", or its date alone, or None.
        notes: what a reader found or decided that a person should know.
    """

    source: Source
    order: NDArray[np.intp]
    valid: NDArray[np.bool_]
    reasons: tuple[str, ...]
    wavelengths: NDArray[np.float64] | None = None
    fwhm: NDArray[np.float64] | None = None
    quantity: Quantity = "unknown"
    scale: float | NDArray[np.float64] = 1.0
    offset: float | NDArray[np.float64] = 0.0
    nodata: float | None = None
    georef: Georef | None = None
    sensor: str | None = None
    name: str = "scene"
    path: Path | None = None
    acquired: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        bands = len(self.order)
        for label in ("wavelengths", "fwhm", "valid", "reasons"):
            value = getattr(self, label)
            if value is not None and len(value) != bands:
                raise InputError(f"{self.name}: {len(value)} {label} for {bands} bands; one a band is needed")
        if self.wavelengths is not None and bool(np.any(np.diff(self.wavelengths) < 0)):
            raise InputError(f"{self.name}: wavelengths are not ascending; sort bands before making a Cube")

    @classmethod
    def from_array(
        cls,
        array: NDArray[Any],
        wavelengths: Sequence[float] | NDArray[np.float64] | None = None,
        fwhm: Sequence[float] | NDArray[np.float64] | None = None,
        *,
        quantity: Quantity = "unknown",
        nodata: float | None = None,
        georef: Georef | None = None,
        name: str = "array",
    ) -> Cube:
        """A cube over an array (bands, rows, cols); wavelengths in nm in any order.

        Raises:
            InputError: the array does not have three axes, or a list does not match its bands.
        """
        if array.ndim != 3:
            raise InputError(f"{name}: an array (bands, rows, cols) is needed, found shape {array.shape}")
        bands = array.shape[0]
        order = np.arange(bands)
        centres = widths = None
        if wavelengths is not None:
            centres = np.asarray(wavelengths, dtype=np.float64)
            if centres.shape != (bands,):
                raise InputError(f"{name}: {centres.size} wavelengths for {bands} bands; one a band is needed")
            order = np.argsort(centres, kind="stable")
            centres = centres[order]
        if fwhm is not None:
            widths = np.asarray(fwhm, dtype=np.float64)[order]
        return cls(
            source=ArraySource(array),
            order=order,
            wavelengths=centres,
            fwhm=widths,
            valid=np.ones(bands, dtype=bool),
            reasons=("",) * bands,
            quantity=quantity,
            nodata=nodata,
            georef=georef,
            name=name,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns."""
        _, rows, cols = self.source.shape
        return len(self.order), rows, cols

    @property
    def window(self) -> Window:
        """The whole scene as a window."""
        _, rows, cols = self.shape
        return Window(0, 0, rows, cols)

    @property
    def used(self) -> NDArray[np.intp]:
        """Indices of the valid bands."""
        return np.flatnonzero(self.valid)

    def __repr__(self) -> str:
        bands, rows, cols = self.shape
        waves = self.wavelengths
        parts = [f"{bands} bands ({len(self.used)} used) x {rows} rows x {cols} columns"]
        parts += [] if waves is None or not len(waves) else [f"{waves[0]:.0f}-{waves[-1]:.0f} nm"]
        parts += [self.quantity, *([] if self.sensor is None else [self.sensor])]
        return f"<Cube {self.name}: {', '.join(parts)}>"

    def read(
        self, window: Window | None = None, bands: Sequence[int] | NDArray[np.intp] | None = None
    ) -> NDArray[np.float32]:
        """Scaled numbers of a window, NaN where there is no data.

        Args:
            window: pixels to read, the whole scene by default.
            bands: indices into the cube's bands, the valid ones by default.

        Returns:
            (bands, height, width) float32 in the cube's quantity.

        Raises:
            InputError: the window does not lie inside the scene, or the file cannot be read there.
        """
        chosen = self.used if bands is None else np.asarray(bands, dtype=np.intp)
        window = self.window if window is None else window
        self._require_inside(window)
        # only these bands of this window are touched
        stored = self.source.read(self.order[chosen], window)
        # numbers beyond float32 become infinite, which is no data
        with np.errstate(over="ignore", invalid="ignore"):
            # what the source has copied already need not be copied again
            values: NDArray[np.float32] = np.asarray(stored).astype(np.float32, copy=not stored.flags.owndata)
        missing = self._missing(stored, values)
        for term, neutral, apply in ((self.scale, 1.0, np.multiply), (self.offset, 0.0, np.add)):
            factor = np.asarray(term, dtype=np.float32)
            if np.any(factor != neutral):
                apply(values, factor if factor.ndim == 0 else factor[chosen, None, None], out=values)
        # most windows miss nothing, and a masked assignment costs a pass
        if missing is not None and missing.any():
            values[missing] = np.nan
        return values

    def forget(self) -> None:
        """Give back the memory of what was read, where the file is seen through a memory map."""
        # sources that hold nothing have no such method
        forget = getattr(self.source, "forget", None)
        if forget is not None:
            forget()

    def _missing(self, stored: NDArray[Any], values: NDArray[np.float32]) -> NDArray[np.bool_] | None:
        """Where stored numbers are no data or not finite; None where they cannot be, which spares a pass."""
        whole = stored.dtype.kind in "iu" or all_finite(values)
        missing: NDArray[np.bool_] | None = None if whole else ~np.isfinite(values)
        if self.nodata is not None:
            # single precision holds short numbers exactly, and the copy is quicker to walk than a file
            exact = stored.dtype.itemsize <= 2 or stored.dtype.name == "float32"
            marked = (values if exact else stored) == self.nodata
            missing = marked if missing is None else missing | marked
        return missing

    def _require_inside(self, window: Window) -> None:
        _, rows, cols = self.shape
        row, col, height, width = window
        if min(row, col, height, width) < 0 or row + height > rows or col + width > cols:
            raise InputError(f"{self.name}: {window} does not lie inside the scene of {rows} rows x {cols} columns")

    def dropped(self, bands: NDArray[np.bool_], reason: str) -> Cube:
        """This cube with some bands (bool, one a band) marked not valid for a reason; earlier reasons stay."""
        newly = bands & self.valid
        if not newly.any():
            return self
        reasons = tuple(reason if new else old for new, old in zip(newly, self.reasons, strict=True))
        return replace(self, valid=self.valid & ~bands, reasons=reasons)

    def noted(self, *notes: str) -> Cube:
        """This cube with further notes for a person."""
        return replace(self, notes=self.notes + notes)

    def to_xarray(self) -> xarray.DataArray:
        """The whole scene as an xarray.DataArray (band, y, x), read into memory; all bands, `valid` a coordinate.

        A lookup table has no place in it: a scene in sensor geometry comes without its georeference.

        Raises:
            MissingExtraError: xarray is not installed.
        """
        xr = _xarray()
        bands, rows, cols = self.shape
        coordinates: dict[str, Any] = {"valid": ("band", self.valid)}
        for key, values in (("wavelength", self.wavelengths), ("fwhm", self.fwhm)):
            if values is not None:
                coordinates[key] = ("band", values, {"units": "nm"})
        georef = None if isinstance(self.georef, LookupTable) else self.georef
        if georef is not None and georef.transform[1] == georef.transform[3] == 0.0:
            coordinates["y"] = [georef.xy(row + 0.5, 0.5)[1] for row in range(rows)]
            coordinates["x"] = [georef.xy(0.5, col + 0.5)[0] for col in range(cols)]
        told = {"quantity": self.quantity, "sensor": self.sensor, "acquired": self.acquired}
        attributes: dict[str, Any] = {key: value or "" for key, value in told.items()}
        if georef is not None:
            attributes |= {"transform": list(georef.transform), "crs_wkt": georef.crs or ""}
        pixels = self.read(bands=np.arange(bands))
        array: xarray.DataArray = xr.DataArray(pixels, coordinates, ("band", "y", "x"), self.name, attributes)
        return array

    @classmethod
    def from_xarray(cls, array: xarray.DataArray) -> Cube:
        """A cube over an xarray.DataArray (band, y, x), as `to_xarray` writes it.

        Raises:
            InputError: the array does not have three axes.
        """
        known = {key: np.asarray(array.coords[key]) for key in ("wavelength", "fwhm", "valid") if key in array.coords}
        transform = array.attrs.get("transform")
        cube = cls.from_array(
            array.values,
            known.get("wavelength"),
            known.get("fwhm"),
            quantity=array.attrs.get("quantity", "unknown"),
            georef=None if transform is None else Georef(tuple(transform), array.attrs.get("crs_wkt") or None),
            name=str(array.name or "array"),
        )
        valid = known.get("valid")
        if valid is not None:
            cube = cube.dropped(~valid[cube.order].astype(bool), "marked bad in the array")
        sensor, acquired = (array.attrs.get(key) or None for key in ("sensor", "acquired"))
        return replace(cube, sensor=sensor, acquired=acquired)


def _xarray() -> Any:
    try:
        import xarray
    except ImportError as error:
        raise MissingExtraError("xarray", "geo", "turning a scene into an xarray.DataArray") from error
    return xarray

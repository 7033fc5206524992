"""What a reader found in a file, in stored order, and the cube that it makes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube, Quantity, Source
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.readers._bands import BandTable, Given, arrange
from hypersigma.readers._sensors import guess_sensor
from hypersigma.readers._times import moment


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """A file's pixels and what it says of them.

    Attributes:
        source, path: where the numbers lie.
        table: the bands.
        quantity, scale, offset: meaning of the numbers; scale and offset may be one a band, in stored order.
        nodata, georef: as in a cube.
        sensor: the sensor's name as the file gives it, "" where it does not.
        name: the scene's, "" for that of the file.
        acquired: a text that tells when the scene was acquired, "" where none does.
        notes: what a person should know.
    """

    source: Source
    path: Path
    table: BandTable = field(default_factory=BandTable)
    quantity: Quantity = "unknown"
    scale: float | NDArray[np.float64] = 1.0
    offset: float | NDArray[np.float64] = 0.0
    nodata: float | None = None
    georef: Georef | None = None
    sensor: str = ""
    name: str = ""
    acquired: str = ""
    notes: tuple[str, ...] = ()

    def cube(self, given: Given | None) -> Cube:
        """The cube, its bands arranged by the file's own table or by a given one.

        Raises:
            InputError: a band table that does not fit, or numbers that are not real.
        """
        dtype, num_bands = self.source.dtype, self.source.shape[0]
        if dtype.kind not in "iufb":
            raise InputError(f"{self.path}: numbers of type {dtype.name} cannot be a scene; expected real numbers")
        # what a person says wins, and spares the file's own list the checks
        table = self.table if given is None else replace(given(num_bands), reasons=self.table.reasons)
        bands = arrange(table, num_bands, str(self.path))
        scale, offset = (
            term if np.ndim(term) == 0 else np.asarray(term)[bands.order] for term in (self.scale, self.offset)
        )
        return Cube(
            source=self.source,
            order=bands.order,
            valid=bands.valid,
            reasons=bands.reasons,
            wavelengths=bands.wavelengths,
            fwhm=bands.fwhm,
            quantity=self.quantity,
            scale=scale,
            offset=offset,
            # NaN never is data, marked or not
            nodata=None if self.nodata is None or np.isnan(self.nodata) else self.nodata,
            georef=self.georef,
            sensor=guess_sensor(self.sensor, bands.wavelengths, self.path.name),
            name=self.name or self.path.stem,
            path=self.path,
            acquired=moment(self.acquired),
            notes=(*self.notes, *bands.notes),
        )


def told_quantity(text: str, dtype: np.dtype, scaled: bool) -> Quantity:
    """The quantity that a file's words tell, or what its type of numbers leaves possible.

    Whole numbers called reflectance without a scale are counts: nobody knows what 1 is.
    """
    words = text.lower()
    if "radiance" in words and "irradiance" not in words and (scaled or dtype.kind == "f"):
        return "radiance"
    if scaled and "reflectance" in words:
        return "reflectance"
    # floating-point numbers may be anything, and guessing wrong would be worse than asking
    return "counts" if dtype.kind in "iu" and not scaled else "unknown"

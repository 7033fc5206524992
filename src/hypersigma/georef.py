"""Where a raster lies on the Earth: a coordinate reference system and an affine transform."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hypersigma.tiling import Window


@dataclass(frozen=True)
class Georef:
    """An affine georeference.

    Attributes:
        transform: (a, b, c, d, e, f) with x = a col + b row + c and y = d col + e row + f, where
            (row, col) = (0, 0) is the outer corner of the first pixel. Rotation is b, d != 0.
        crs: coordinate reference system as WKT, or None where the file names none.
    """

    transform: tuple[float, float, float, float, float, float]
    crs: str | None = None

    def xy(self, row: float, col: float) -> tuple[float, float]:
        """Coordinates of a point given in pixels (pixel centres lie at .5)."""
        a, b, c, d, e, f = self.transform
        return a * col + b * row + c, d * col + e * row + f

    def row_col(self, x: float, y: float) -> tuple[float, float]:
        """Pixel position (row, col), fractional, of a point given in coordinates."""
        a, b, c, d, e, f = self.transform
        determinant = a * e - b * d
        col = (e * (x - c) - b * (y - f)) / determinant
        row = (a * (y - f) - d * (x - c)) / determinant
        return row, col

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in units of the coordinates, whatever the rotation."""
        a, b, _, d, e, _ = self.transform
        return math.hypot(a, d), math.hypot(b, e)

    @property
    def crs_name(self) -> str:
        """A short name of the coordinate reference system: "EPSG:32633", else its own name, else "none"."""
        if self.crs is None:
            return "none"
        from rasterio.crs import CRS

        code = CRS.from_wkt(self.crs).to_epsg()
        return self.crs.split('"')[1] if code is None else f"EPSG:{code}"

    def windowed(self, window: Window) -> Georef:
        """The georeference of a window of this raster."""
        a, b, _, d, e, _ = self.transform
        x, y = self.xy(window.row, window.col)
        return Georef((a, b, x, d, e, y), self.crs)

    def same_grid(self, other: Georef, tolerance: float = 1e-3) -> bool:
        """Whether another raster of the same size has the same pixels, to a fraction of a pixel."""
        step = max(abs(self.transform[0]) + abs(self.transform[1]), 1e-300)
        pairs = zip(self.transform, other.transform, strict=True)
        return all(abs(mine - theirs) <= tolerance * step for mine, theirs in pairs)

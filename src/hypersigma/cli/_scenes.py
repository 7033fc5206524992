"""How verbs open scenes: what a file does not say itself can be said by flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import Group, Parameter

if TYPE_CHECKING:
    from hypersigma.cube import Cube


@Parameter(name="*", group=Group("Scene", sort_key=50))
@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """What a scene's file may leave open.

    Attributes:
        variable: Which array of a container (MATLAB, HDF5, netCDF) is the scene; for GF-5 vnir or full.
        wavelengths: Band centres FIRST:LAST in nm, evenly spaced, where the file has none.
        sensor: A sensor's name, for its band centres, where the file has none.
    """

    variable: str | None = None
    wavelengths: str | None = None
    sensor: str | None = None

    def open(self, path: Path) -> Cube:
        """The scene in a file."""
        # readers bring NumPy and GDAL along; help must not wait for them
        from hypersigma.readers import open_cube

        return open_cube(path, variable=self.variable, wavelengths=self.wavelengths, sensor=self.sensor)


PLAIN = SceneOptions()

"""What the writers write the readers read: cubes of numbers come back with wavelengths and place."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.crs import CRS

from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.readers import open_cube
from hypersigma.writers import envi, geotiff, netcdf
from tests.fakes.envi import ramp

CENTRES = np.array([450.5, 550.0, 650.25, 850.0])
SLANTED = Georef((25.98, 15.0, 300000.0, 15.0, -25.98, 5800000.0), CRS.from_epsg(32633).to_wkt())
UPRIGHT = Georef((30.0, 0.0, 300000.0, 0.0, -20.0, 5800000.0), CRS.from_epsg(32633).to_wkt())


@pytest.mark.parametrize(
    ("writer", "suffix", "georef"),
    [
        (envi, ".img", UPRIGHT),
        (envi, ".img", SLANTED),
        (geotiff, ".tif", UPRIGHT),
        (geotiff, ".tif", SLANTED),
        (netcdf, ".nc", UPRIGHT),
    ],
)
def test_there_and_back(tmp_path, writer, suffix, georef):
    array = ramp(4, 20, 30, "f4")
    array[:, 3, 4] = np.nan
    layer = Layer(name="restored", array=array, kind="cube", georef=georef, wavelengths=CENTRES)
    cube = open_cube(writer.write(layer, tmp_path / f"restored{suffix}"))
    np.testing.assert_array_equal(cube.read(), array)
    np.testing.assert_allclose(cube.wavelengths, CENTRES, atol=1e-3)
    np.testing.assert_allclose(cube.georef.transform, georef.transform, rtol=0, atol=1e-3)
    assert cube.georef.crs_name == "EPSG:32633"

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import spectral.io.envi

from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.readers import open_cube
from hypersigma.writers import envi
from tests.layers import LEGEND, NORTH_UP, class_layer, cube_layer, rotated, scaled_layer, score_layer


def test_spectral_python_reads_cubes_and_wavelengths(tmp_path: Path) -> None:
    layer = cube_layer()
    envi.write(layer, tmp_path / "denoised.img")
    image = spectral.io.envi.open(tmp_path / "denoised.hdr", tmp_path / "denoised.img")
    assert np.array_equal(np.moveaxis(image.load(dtype=np.float32), -1, 0), layer.array, equal_nan=True)
    assert image.bands.centers == list(layer.wavelengths)
    assert image.bands.band_unit == "Nanometers"


def test_spectral_python_reads_classes(tmp_path: Path) -> None:
    layer = class_layer()
    envi.write(layer, tmp_path / "map.hdr")
    image = spectral.io.envi.open(tmp_path / "map.hdr", tmp_path / "map.img")
    assert np.array_equal(image.read_band(0), layer.array)
    assert image.metadata["class names"] == ["no class", "Corn; no till", "Grass & <trees>", "Water"]
    assert [int(part) for part in image.metadata["class lookup"][6:9]] == list(LEGEND.colors[1])


def test_gdal_reads_numbers_palette_and_place(tmp_path: Path) -> None:
    layer = class_layer()
    with rasterio.open(envi.write(layer, tmp_path / "map.img")) as dataset:
        assert np.array_equal(dataset.read(1), layer.array)
        assert dataset.nodata == 0
        assert dataset.colormap(1)[3][:3] == (0, 114, 178)
        assert tuple(dataset.transform)[:6] == NORTH_UP.transform
        assert dataset.crs.to_epsg() == 32633


@pytest.mark.parametrize("degrees", [-150.0, -20.0, 0.0, 35.5, 90.0])
def test_gdal_reads_rotation(tmp_path: Path, degrees: float) -> None:
    georef = rotated(degrees, size=3.1)
    with rasterio.open(envi.write(score_layer(georef=georef), tmp_path / "x.img")) as dataset:
        assert tuple(dataset.transform)[:6] == pytest.approx(georef.transform, abs=1e-6)


@pytest.mark.parametrize(("crs", "epsg"), [("EPSG:4326", 4326), ("EPSG:32719", 32719), ("EPSG:3035", 3035)])
def test_gdal_reads_other_systems(tmp_path: Path, crs: str, epsg: int) -> None:
    georef = Georef((0.5, 0.0, 10.0, 0.0, -0.5, 50.0), crs)
    with rasterio.open(envi.write(score_layer(georef=georef), tmp_path / "x.img")) as dataset:
        assert dataset.crs.to_epsg(confidence_threshold=20) == epsg


def test_a_place_without_system_or_none_at_all(tmp_path: Path) -> None:
    with rasterio.open(envi.write(score_layer(georef=Georef(NORTH_UP.transform)), tmp_path / "x.img")) as dataset:
        assert tuple(dataset.transform)[:6] == NORTH_UP.transform
    envi.write(score_layer(georef=None), tmp_path / "y.img")
    assert "map info" not in (tmp_path / "y.hdr").read_text()


def test_a_shear_is_refused_with_advice(tmp_path: Path) -> None:
    sheared = Georef((30.0, 10.0, 0.0, 0.0, -30.0, 0.0))
    with pytest.raises(InputError, match="write a GeoTIFF instead"):
        envi.write(score_layer(georef=sheared), tmp_path / "x.img")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64", "uint16", "uint32", ">i2"])
def test_every_type_comes_back(tmp_path: Path, dtype: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    with rasterio.open(envi.write(Layer(name="x", array=values, kind="score"), tmp_path / "x.img")) as dataset:
        assert np.array_equal(dataset.read(1), values)


@pytest.mark.parametrize("units", ["reflectance", "radiance"])
def test_whole_numbers_keep_their_scale(tmp_path: Path, units: str) -> None:
    layer = scaled_layer(units=units)
    cube = open_cube(envi.write(layer, tmp_path / "cube.img"))
    assert cube.source.dtype == np.int16
    np.testing.assert_allclose(cube.read(), layer.values(layer.array), rtol=1e-6)
    assert cube.quantity == units

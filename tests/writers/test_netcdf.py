from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hypersigma.errors import MissingExtraError
from hypersigma.georef import Georef
from hypersigma.writers import netcdf
from tests.layers import abundance_layer, class_layer, cube_layer, rotated, scaled_layer, score_layer

xarray = pytest.importorskip("xarray")


def test_cubes_keep_numbers_wavelengths_and_coordinates(tmp_path: Path) -> None:
    layer = cube_layer(rows=300, cols=270)
    with xarray.open_dataset(netcdf.write(layer, tmp_path / "x.nc"), engine="h5netcdf") as dataset:
        cube = dataset["denoised"]
        assert cube.dims == ("wavelength", "y", "x")
        assert np.array_equal(cube.values, layer.array, equal_nan=True)
        assert dataset["wavelength"].values.tolist() == list(layer.wavelengths)
        assert dataset["wavelength"].attrs["units"] == "nm"
        assert dataset["x"].values[0] == 380015.0
        assert dataset["y"].values[0] == 5809985.0
        assert cube.attrs["units"] == "reflectance"
        assert 'AUTHORITY["EPSG","32633"]' in dataset["spatial_ref"].attrs["crs_wkt"]


def test_whole_numbers_keep_their_scale(tmp_path: Path) -> None:
    layer = scaled_layer()
    with xarray.open_dataset(netcdf.write(layer, tmp_path / "x.nc"), engine="h5netcdf") as dataset:
        np.testing.assert_allclose(dataset["denoised"].values, layer.values(layer.array), rtol=1e-6)


def test_classes_keep_their_meanings(tmp_path: Path) -> None:
    layer = class_layer()
    with xarray.open_dataset(
        netcdf.write(layer, tmp_path / "x.nc"), engine="h5netcdf", mask_and_scale=False
    ) as dataset:
        assert np.array_equal(dataset["map"].values, layer.array)
        assert dataset["map"].attrs["flag_values"].tolist() == [0, 1, 2, 3]
        assert dataset["map"].attrs["flag_meanings"] == "no_class Corn,_no_till Grass_&_<trees> Water"


def test_bands_are_named_and_rotated_scenes_have_no_axes(tmp_path: Path) -> None:
    layer = abundance_layer(georef=rotated(20.0))
    with xarray.open_dataset(netcdf.write(layer, tmp_path / "x.nc"), engine="h5netcdf") as dataset:
        assert dataset["band"].values.tolist() == ["material 0", "material 1", "material 2"]
        assert "x" not in dataset.coords
        terms = [float(term) for term in dataset["spatial_ref"].attrs["GeoTransform"].split()]
        assert terms == pytest.approx(rasterio_order(rotated(20.0)))


def rasterio_order(georef: Georef) -> list[float]:
    a, b, c, d, e, f = georef.transform
    return [c, a, b, f, d, e]


def test_degrees_are_called_so(tmp_path: Path) -> None:
    layer = score_layer(georef=Georef((0.1, 0.0, 10.0, 0.0, -0.1, 50.0), "EPSG:4326"))
    with xarray.open_dataset(netcdf.write(layer, tmp_path / "x.nc"), engine="h5netcdf") as dataset:
        assert dataset["x"].attrs["units"] == "degrees_east"
        assert dataset["y"].attrs["units"] == "degrees_north"


def test_a_layer_named_like_an_axis_gets_out_of_its_way(tmp_path: Path) -> None:
    layer = score_layer()
    object.__setattr__(layer, "name", "x")
    with xarray.open_dataset(netcdf.write(layer, tmp_path / "x.nc"), engine="h5netcdf") as dataset:
        assert dataset["x_layer"].shape == (40, 50)


def test_without_the_extra_the_message_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    with pytest.raises(MissingExtraError, match=r"hypersigma\[geo\]"):
        netcdf.write(score_layer(georef=None), tmp_path / "x.nc")

"""Every file of the real data that holds a scene opens, and each trap of its README is handled."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import scipy.io

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.tiling import Window
from tests.shared import data_path

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

# a pattern of files, their bands, rows and columns (None: differing), wavelengths in nm or None, valid bands
SCENES = [
    ("indian_pines/Indian_pines_corrected.mat", (200, 145, 145), None, 200),
    ("enmap_potsdam/images/*.tif", (224, 32, 32), (418.24, 2445.53), 207),
    ("berlin_urban_gradient/HyMap02*.hdr", (111, 100, 67), (455.4, 2446.5), 111),
    ("berlin_urban_gradient/EnMAP01*.bsq", (111, 30, 20), (455.4, 2446.5), 111),
    ("berlin_urban_gradient/EnMAP02*.bsq", (244, 30, 20), (424.0, 2446.0), 233),
    ("berlin_urban_gradient/LandCov_Layer_Level2*.bsq", (6, 30, 20), None, 6),
    ("berlin_urban_gradient/gzip_envi/EnMAP*.bsq", (177, 80, 60), (460.0, 2409.0), 177),
    ("berlin_urban_gradient/gzip_envi/High*.hdr", (4, 660, 494), (484.3, 804.6), 4),
    ("dlr_hysu/HySpex/full_hs/Full.*", (135, 86, 123), (417.4, 902.79), 135),
    ("dlr_hysu/HySpex/*_targets_hs/*.tif", None, (417.4, 902.79), 135),
    ("dlr_hysu/3K_RGB/*.tiff", (3, 427, 488), None, 3),
    ("samson/Samson.mat", (156, 95, 95), None, 156),
    ("jasper_ridge/*.mat", (198, 100, 100), None, 198),
    ("abu/*.mat", None, None, None),
    ("san_diego/*.mat", (189, 100, 100), None, 189),
    ("hydice_urban/*.mat", (162, 80, 100), None, 162),
    ("muufl_gulfport/an_hsi_*.mat", None, (367.7, 1043.4), 72),
    ("oscd/*/imgs_*/*.tif", None, None, 1),
    ("taizhou/*TM", (6, 400, 400), (482.5, 2220.0), 6),
    ("cave/*.mat", (31, 256, 256), None, 31),
    ("pavia_university_sub/*.mat", (103, 50, 50), None, 103),
    ("neon_aop/*.tif", None, None, None),
    ("neon_aop/crowns/*.tif", None, None, 369),
    ("emit_l1b_crop/test_data", (285, 25, 22), (381.005585, 2492.923828), 285),
    ("aviris_ng_crops/*.img", (432, 10, 10), (346.299578, 2505.036368), 373),
    ("aviris_vi_demo/*.mat", (224, 90, 90), (365.91, 2496.22), 217),
    ("netcdf_vnir/*.nc", (186, 6, 6), (410.088681, 1001.39), 186),
    ("gamsberg/cubus_gamsberg_subset", (189, 25, 10), (426.82, 2324.91), 189),
    ("plantcv_corn_kernel/*.raw", (580, 31, 43), (366.551, 1048.421), 580),
]


@pytest.mark.parametrize(("pattern", "shape", "span", "num_valid"), SCENES, ids=[scene[0] for scene in SCENES])
def test_every_scene_opens(pattern, shape, span, num_valid):
    paths = sorted(data_path().glob(pattern))
    assert paths
    for path in paths[:: max(1, len(paths) // 12)]:
        cube = open_cube(path)
        assert shape in (None, cube.shape)
        assert num_valid in (None, len(cube.used))
        if span is None:
            assert cube.wavelengths is None
        else:
            np.testing.assert_allclose(cube.wavelengths[[0, -1]], span, atol=0.6)
            assert np.all(np.diff(cube.wavelengths[cube.valid]) > 0)
        window = Window(cube.shape[1] // 2, cube.shape[2] // 2, 2, 3)
        np.testing.assert_array_equal(cube.read(window), cube.read()[:, window.slices[0], window.slices[1]])


def test_muufl_unmixing_asks_which_array():
    path = data_path("muufl_unmixing/muffle_dataset_130_90.mat")
    with pytest.raises(InputError, match="Y 90 x 90 x 64"):
        open_cube(path)
    assert open_cube(path, variable="Y").shape == (64, 90, 90)


@pytest.mark.parametrize(
    "name",
    [
        "spectral_libraries/s06av95a_envi.hdr",
        "spectral_libraries/USGS_1995_Library.mat",
        "dlr_hysu/spectral_libraries/SVC_data/DLR_HySU_SVC.hdr",
        "label_maps_only/PaviaU_gt.mat",
        "label_maps_only/GTChina1.mat",
        "taizhou/change.bmp",
    ],
)
def test_files_that_hold_no_scene_are_refused(name):
    with pytest.raises(InputError):
        open_cube(data_path(name))


@pytest.mark.parametrize(
    "name",
    [
        "berlin_urban_gradient/gzip_envi/EnMAP_BerlinUrbanGradient.bsq",
        "berlin_urban_gradient/HyMap02_Berlin_Urban_Gradient_2009.bsq",
        "aviris_ng_crops/ang20140912t192359_corr_v1c_img_2580-2590_540-550.img",
        "plantcv_corn_kernel/corn-kernel-hyperspectral.raw",
        "dlr_hysu/HySpex/full_hs/Full.tif",
        "enmap_potsdam/images/enmap_potsdam_tile_128_0.tif",
        "neon_aop/OSBS_example_426bands.tif",
    ],
)
def test_pixels_and_place_as_gdal_reads_them(name):
    cube = open_cube(data_path(name))
    with rasterio.open(cube.path) as dataset:
        stored = cube.source.read(np.arange(cube.shape[0]), cube.window)
        np.testing.assert_array_equal(stored, dataset.read())
        if cube.georef is not None:
            np.testing.assert_allclose(cube.georef.transform, tuple(dataset.transform)[:6], rtol=0, atol=1e-6)
            wkt = cube.georef.crs
            assert (wkt is None and dataset.crs is None) or rasterio.crs.CRS.from_wkt(wkt) == dataset.crs


def test_pixels_as_spectral_python_reads_them():
    spectral = pytest.importorskip("spectral")
    path = data_path("emit_l1b_crop/test_data")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = np.asarray(spectral.open_image(f"{path}.hdr").load())
    ours = open_cube(path).read()
    np.testing.assert_array_equal(np.isnan(ours[0]), image[..., 0] == -9999)
    seen = np.isfinite(ours[0])
    assert int(seen.sum()) == 266
    np.testing.assert_array_equal(ours[:, seen], np.moveaxis(image, -1, 0)[:, seen])


def test_samson_pixels_run_down_columns():
    path = data_path("samson/Samson.mat")
    matrix = scipy.io.loadmat(path)["Y"]
    expected = matrix.T.reshape(95, 95, 156, order="F").astype(np.float32)
    np.testing.assert_array_equal(open_cube(path).read(), np.moveaxis(expected, -1, 0))


def test_enmap_overlap_and_empty_bands():
    cube = open_cube(data_path("enmap_potsdam/images/enmap_potsdam_tile_128_0.tif"))
    assert cube.quantity == "reflectance"
    assert cube.sensor.startswith("EnMAP")
    reasons = {reason: cube.reasons.count(reason) for reason in set(cube.reasons) - {""}}
    assert reasons == {"marked bad in the file": 6, "overlap of two detectors, cut at 948 nm": 11}


def test_neon_has_a_place_but_no_system():
    georef = open_cube(data_path("neon_aop/OSBS_example_426bands.tif")).georef
    assert georef.crs is None
    assert georef.pixel_size == (1.0, 1.0)


def test_places_and_paths_are_real():
    assert isinstance(open_cube(data_path("taizhou/2000TM.HDR")).path, Path)

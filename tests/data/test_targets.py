"""A target lands on the scene's bands, pixels and numbers from wherever it comes; what does not fit is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from scipy.io import savemat

from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.target_files import read_target
from hypersigma.data.target_scale import robust_gain
from hypersigma.data.targets import Target
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.readers import open_cube
from hypersigma.writers import geotiff
from tests.fakes.libraries import GRID, smooth_library, smooth_spectra, write_library
from tests.shared import data_path

BANDS, ROWS, COLS = 8, 6, 7
WAVES = np.linspace(450.0, 900.0, BANDS)
GEOREF = Georef((30.0, 0.0, 366000.0, 0.0, -30.0, 5810000.0), CRS.from_epsg(32633).to_wkt())
NAMES = ("grass", "soil", "Red Brick")


def numbers(factor: float = 1.0) -> np.ndarray:
    """Pixels of a scene (bands, rows, cols), each another mixture of smooth spectra."""
    shares = np.random.default_rng(0).dirichlet(np.ones(3), (ROWS, COLS))
    return (factor * np.einsum("rcn,nb->brc", shares, smooth_spectra(3, WAVES))).astype(np.float32)


def scene(factor: float = 1.0, wavelengths: np.ndarray | None = WAVES, **fields: object) -> Cube:
    return Cube.from_array(numbers(factor), wavelengths, **({"name": "field", "georef": GEOREF} | fields))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """An ENVI library of three spectra from 350 to 2550 nm, in reflectance."""
    return write_library(tmp_path, smooth_spectra(3, GRID).astype("f4"), GRID, NAMES)


def table(path: Path, waves: np.ndarray, values: np.ndarray, head: str = "nm,paint\n") -> Path:
    lines = (f"{wave},{value}" for wave, value in zip(waves, values, strict=True))
    path.write_text(head + "\n".join(lines), encoding="utf-8")
    return path


# libraries


@pytest.mark.parametrize("form", ["name after #", "name beside", "another case", "the data file"])
def test_a_spectrum_of_an_envi_library(library: Path, form: str) -> None:
    given_as = {
        "name after #": (f"{library}#Red Brick", None),
        "name beside": (library, "Red Brick"),
        "another case": (str(library), " red brick"),
        "the data file": (library.with_suffix(".sli"), "Red Brick"),
    }[form]
    found = read_target(scene(quantity="reflectance"), given_as[0], spectrum=given_as[1])
    assert (found.names, found.notes, found.pixels) == (("Red Brick",), (), None)
    assert found.spectra.dtype == np.float64
    np.testing.assert_allclose(found.spectrum, smooth_spectra(3, WAVES)[2], atol=5e-3)


def test_spectra_that_do_not_exist(library: Path) -> None:
    with pytest.raises(InputError, match="no spectrum 'grsas'; did you mean 'grass'"):
        read_target(scene(), f"{library}#grsas")
    # a beginning that one name alone has is enough, one that several share is not
    assert read_target(scene(), f"{library}#gras").names == ("grass",)
    with pytest.raises(InputError, match="holds 40 spectra with 'material' in their name.*'material 0'"):
        read_target(scene(), smooth_library(40), spectrum="material")
    with pytest.raises(InputError, match="lab holds 3 spectra .*'soil'.*FILE#NAME"):
        read_target(scene(), library)
    with pytest.raises(InputError, match=r"it holds 40, such as 'material 0'.*\.\.\."):
        read_target(scene(), smooth_library(40), spectrum="xyz")


def test_a_library_of_one_needs_no_name(tmp_path: Path) -> None:
    values = smooth_spectra(1, GRID)[0]
    for head in ("nm,paint\n", ""):
        found = read_target(scene(quantity="reflectance"), table(tmp_path / "paint.csv", GRID, values, head))
        assert found.names == ("paint",)
        np.testing.assert_allclose(found.spectrum, smooth_spectra(1, WAVES)[0], atol=5e-3)


def test_spectra_of_one_name_are_taken_together() -> None:
    twice = smooth_library(3, names=("grass", "soil", "grass"))
    found = read_target(scene(quantity="reflectance"), twice, spectrum="grass")
    assert found.names == ("grass", "grass")
    np.testing.assert_allclose(found.spectrum, found.spectra.mean(axis=0))


def test_bands_that_a_spectrum_does_not_cover() -> None:
    short = smooth_library(1, np.arange(400.0, 701.0, 5.0))
    found = read_target(scene(quantity="reflectance"), short)
    np.testing.assert_array_equal(np.isfinite(found.spectrum), WAVES < 705)
    assert "reaches over 400-700 nm" in found.notes[-1]
    assert "450-900 nm: it covers 4 of 8; the others are left out" in found.notes[-1]
    far = smooth_library(1, np.arange(1000.0, 1301.0, 5.0))
    with pytest.raises(InputError, match=r"1000-1300 nm.*450-900 nm: it covers 0 of 8; at least half"):
        read_target(scene(), far)


def test_coverage_is_of_the_bands_in_use() -> None:
    cube = scene(quantity="reflectance").dropped(WAVES > 705, "noise")
    found = read_target(cube, smooth_library(1, np.arange(400.0, 701.0, 5.0)))
    assert found.notes == ()
    assert np.isnan(found.spectrum[4:]).all()


def test_a_scene_without_wavelengths() -> None:
    cube = scene(wavelengths=None, quantity="reflectance")
    library = smooth_library(1, WAVES)
    found = read_target(cube, library)
    np.testing.assert_array_equal(found.spectra, library.spectra)
    assert "one by one" in found.notes[0]
    bands = np.zeros(BANDS, dtype=bool)
    bands[[0, 3]] = True
    used = cube.dropped(bands, "noise")
    found = read_target(used, smooth_library(1, WAVES[~bands]))
    np.testing.assert_array_equal(np.isnan(found.spectrum), bands)
    with pytest.raises(InputError, match="has 221 bands, field 8 and no wavelengths.*--wavelengths FIRST:LAST"):
        read_target(cube, smooth_library(1))


def test_a_spectrum_that_is_flat_where_the_scene_looks() -> None:
    values = np.where(GRID > 1000, smooth_spectra(1, GRID), 0.25)
    with pytest.raises(InputError, match="holds the one number 0.25 throughout in the bands of field"):
        read_target(scene(), smooth_library(1, spectra=values))


# numbers of another size


def test_reflectance_in_a_scene_of_counts_takes_a_gain() -> None:
    library = smooth_library(3)
    # no power of ten makes these counts a likely reflectance
    found = read_target(scene(5.0, quantity="counts"), library, spectrum="material 1")
    assert "(reflectance) and the scene's (counts)" in found.notes[0]
    assert "closest to the scene's mean spectrum" in found.notes[0]
    plain = read_target(scene(quantity="reflectance"), library, spectrum="material 1").spectrum
    gain = found.spectrum / plain
    np.testing.assert_allclose(gain, gain[0])
    assert 2.5 < gain[0] < 10

    dark = smooth_library(3)
    dark.spectra[1] *= 0.1
    for each, factor in ((library, 1.0), (dark, 0.1)):
        found = read_target(scene(1e4, quantity="counts"), each, spectrum="material 1")
        assert "times 10000, as counts of reflectance are scaled as a rule" in found.notes[0]
        # a dark target stays dark
        np.testing.assert_allclose(found.spectrum, 1e4 * factor * plain, rtol=1e-6)


def test_a_library_in_the_counts_of_the_scene_keeps_its_numbers(tmp_path: Path) -> None:
    values = 1e4 * smooth_spectra(1, GRID)[0]
    path = table(tmp_path / "paint.csv", GRID, values)
    found = read_target(scene(1e4, quantity="counts"), path)
    assert "times 10000, as the numbers stand in its file" in found.notes[-1]
    np.testing.assert_allclose(found.spectrum, 1e4 * smooth_spectra(1, WAVES)[0], rtol=0.02)
    found = read_target(scene(quantity="reflectance"), path)
    np.testing.assert_allclose(found.spectrum, smooth_spectra(1, WAVES)[0], rtol=0.02)


def test_stored_numbers_take_the_scale_of_the_scene() -> None:
    cube = replace(scene(1e4, quantity="reflectance"), scale=1e-4)
    stored = 1e4 * smooth_spectra(1, WAVES)[0]
    found = read_target(cube, stored)
    np.testing.assert_allclose(found.spectrum, stored * 1e-4)
    assert "scale of the scene's stored numbers" in found.notes[0]


def test_numbers_of_one_size_stay() -> None:
    bright = 5 * smooth_spectra(1, WAVES)[0]
    found = read_target(scene(quantity="reflectance"), bright)
    np.testing.assert_array_equal(found.spectrum, bright)
    assert found.notes == ()


def test_no_gain_turns_a_spectrum_round() -> None:
    with pytest.raises(InputError, match="no gain brings one to the other"):
        read_target(scene(), -1e4 * smooth_spectra(1, WAVES)[0])


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-4, 1e4), st.integers(0, 10**6))
def test_a_gain_is_found_in_spite_of_bands_that_do_not_fit(gain: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    spectrum = generator.uniform(0.1, 1.0, 60)
    goal = gain * spectrum * generator.normal(1.0, 0.01, 60)
    goal[generator.choice(60, 9, replace=False)] *= 20
    assert robust_gain(spectrum, goal) == pytest.approx(gain, rel=0.05)


# pixels of the scene

PIXELS = [(0, 2), (0, 5), (4, 1)]


def mask_of(pixels: list[tuple[int, int]] = PIXELS) -> np.ndarray:
    mask = np.zeros((ROWS, COLS), dtype=bool)
    mask[tuple(np.transpose(pixels))] = True
    return mask


def square(row: float, col: float, size: float = 1.0) -> dict:
    """A polygon without attributes around pixels of the scene."""
    corners = [(row, col), (row, col + size), (row + size, col + size), (row + size, col), (row, col)]
    ring = [GEOREF.xy(*corner) for corner in corners]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}


def geojson(path: Path, features: list[dict]) -> Path:
    crs = {"type": "name", "properties": {"name": "EPSG:32633"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, "crs": crs}), encoding="utf-8")
    return path


def roi(folder: Path, form: str) -> object:
    """The three pixels in a form that a target may have."""
    if form == "raster":
        layer = Layer(name="roi", array=3 * mask_of().astype(np.uint8), kind="score", georef=GEOREF)
        return geotiff.write(layer, folder / "roi.tif")
    if form == "matrix":
        savemat(folder / "roi.mat", {"other": mask_of()[:2], "roi": mask_of().astype(np.uint8)})
        return folder / "roi.mat"
    if form == "polygons":
        return geojson(folder / "roi.geojson", [square(row, col) for row, col in PIXELS])
    return {
        "text": " 0,2; 0,5;4 ,1",
        "pairs": PIXELS,
        "argwhere": np.argwhere(mask_of()),
        "mask": mask_of(),
        "mask as lists": mask_of().tolist(),
        "several": ["0,2", "0,5;4,1"],
    }[form]


FORMS = ["raster", "matrix", "polygons", "text", "pairs", "argwhere", "mask", "mask as lists", "several"]


@pytest.mark.parametrize("form", FORMS)
def test_pixels_of_the_scene(tmp_path: Path, form: str) -> None:
    drop = np.arange(BANDS) == 2
    found = read_target(scene().dropped(drop, "noise"), roi(tmp_path, form))
    np.testing.assert_array_equal(found.pixels, mask_of())
    expected = np.array([numbers()[:, row, col] for row, col in PIXELS], dtype=np.float64)
    expected[:, 2] = np.nan
    np.testing.assert_array_equal(found.spectra, expected)
    assert found.names == ("pixel (0, 2)", "pixel (0, 5)", "pixel (4, 1)")
    np.testing.assert_allclose(found.spectrum, expected.mean(axis=0))


@settings(max_examples=20, deadline=None)
@given(st.sets(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLS - 1)), min_size=1))
def test_pixels_as_text_and_as_mask_are_the_same(pixels: set[tuple[int, int]]) -> None:
    text = ";".join(f"{row},{col}" for row, col in pixels)
    one, other = read_target(scene(), text), read_target(scene(), mask_of(sorted(pixels)))
    np.testing.assert_array_equal(one.spectra, other.spectra)
    np.testing.assert_array_equal(one.pixels, other.pixels)


def test_pixels_without_data() -> None:
    cube = scene(nodata=-1.0)
    cube.source.array[:, 0, 2] = -1.0
    cube.source.array[:, 0, 5] = 0.0
    found = read_target(cube, PIXELS)
    assert found.names == ("pixel (4, 1)",)
    np.testing.assert_array_equal(found.pixels, mask_of([(4, 1)]))
    assert found.notes == ("2 of 3 target pixels hold no numbers and are left out",)
    with pytest.raises(InputError, match=r"1 target pixels, such as \(0, 2\), hold no numbers; choose pixels"):
        read_target(cube, "0,2")
    with pytest.raises(InputError, match="hold zeros alone"):
        read_target(cube, "0,5")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("6,0", r"pixel \(6, 0\) lies outside the scene field of 6 rows x 7 columns; rows and columns are counted"),
        ([(0, -1)], r"\(0, -1\) lies outside"),
        (np.zeros((ROWS, COLS), dtype=bool), "marks no pixel of field"),
        (np.ones((2, 2), dtype=bool), r"mask has shape \(2, 2\), the scene field 6 rows x 7 columns"),
        (np.zeros(BANDS), "the target holds zeros alone"),
        (np.full(BANDS, 0.3), "the one number 0.3 throughout"),
        (np.full(BANDS, np.nan), "the target holds no numbers"),
        (np.ones(5), r"shape \(5,\); field has 8 bands \(8 used\), 6 rows and 7 columns"),
        (np.ones((1, 1, BANDS)), r"shape \(1, 1, 8\)"),
        ([], "0 numbers; a target is a spectral library"),
        ([[1.0], [1.0, 2.0]], "rows differ in length"),
        ({"a": 1}, "the target is a dict"),
    ],
)
def test_what_is_no_target_of_the_scene(target: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_target(scene(), target)


def test_files_that_are_no_target(tmp_path: Path, library: Path) -> None:
    with pytest.raises(InputError, match=r"lab.sly: there is no such file; did you mean lab.sli\?; a target is"):
        read_target(scene(), tmp_path / "lab.sly")
    with pytest.raises(InputError, match="there is no such file"):
        read_target(scene(), f"{tmp_path / 'none.sli'}#grass")
    raster = roi(tmp_path, "raster")
    with pytest.raises(InputError, match="no spectral library, so it holds no spectrum 'grass'"):
        read_target(scene(), f"{raster}#grass")
    away = geojson(tmp_path / "away.geojson", [square(100, 100)])
    with pytest.raises(InputError, match="no label lies inside the scene field"):
        read_target(scene(), away)
    with pytest.raises(InputError, match="no feature has a geometry"):
        read_target(scene(), geojson(tmp_path / "bare.geojson", [{"type": "Feature", "geometry": None}]))
    with pytest.raises(InputError, match="has no georeference"):
        read_target(scene(georef=None), away)
    other = Cube.from_array(numbers()[:, :3], WAVES, name="other", georef=GEOREF)
    with pytest.raises(InputError, match="labels lie on another grid than the scene other"):
        read_target(other, raster)
    nothing = Layer(name="roi", array=np.zeros((ROWS, COLS), np.uint8), kind="score", georef=GEOREF)
    with pytest.raises(InputError, match="no pixel is labelled"):
        read_target(scene(), geotiff.write(nothing, tmp_path / "nothing.tif"))


# arrays, and several at once


def test_arrays_over_all_bands_or_the_used_ones() -> None:
    values = smooth_spectra(2, WAVES)
    drop = np.arange(BANDS) == 3
    cube = scene().dropped(drop, "noise")
    for given_as in (values, values[:, ~drop], values.tolist()):
        found = read_target(cube, given_as, names=("a", "b"))
        np.testing.assert_array_equal(found.spectra, np.where(drop, np.nan, values))
        assert (found.names, found.pixels) == (("a", "b"), None)
    found = read_target(cube, np.stack([np.zeros(BANDS), values[0]]))
    assert found.names == ("spectrum 2",)
    assert "1 of 2 target spectra hold zeros alone" in found.notes[0]
    with pytest.raises(InputError, match="1 names for 2 target spectra"):
        read_target(cube, values, names=("a",))


def test_several_sources_together(library: Path) -> None:
    found = read_target(scene(quantity="reflectance"), [f"{library}#soil", "4,1", library], spectrum="grass")
    assert found.names == ("grass", "pixel (4, 1)", "grass")
    np.testing.assert_array_equal(found.pixels, mask_of([(4, 1)]))


def test_a_target_checks_itself() -> None:
    with pytest.raises(InputError, match=r"shape \(3,\); an array \(n, bands\)"):
        Target(np.ones(3))
    holes = Target(np.array([[1.0, np.nan, np.nan], [3.0, 4.0, np.nan]]))
    np.testing.assert_array_equal(holes.spectrum, [2.0, 4.0, np.nan])


# real files


def test_a_real_library_on_a_real_scene() -> None:
    cube = open_cube(data_path("gamsberg/cubus_gamsberg_subset"))
    path = data_path("gamsberg/gamsberg_field_library")
    with pytest.raises(InputError, match="holds 27 spectra"):
        read_target(cube, path)
    usgs = data_path("spectral_libraries/s06av95a_envi.sli")
    with pytest.raises(InputError, match="holds 19 spectra with 'kaolinit' in their name"):
        read_target(cube, usgs, spectrum="kaolinit")
    found = read_target(cube, path, spectrum=read_library(path).names[0])
    assert np.isfinite(found.spectrum[cube.used]).all()


def test_a_real_target_lies_in_its_own_mask() -> None:
    cube = open_cube(data_path("dlr_hysu/HySpex/full_hs/Full.tif"))
    path = data_path("dlr_hysu/spectral_libraries/HySpex_library/DLR_HySU_HS_library_ASCII.txt")
    found = read_target(cube, f"{path}#red metal sheets")
    assert np.isfinite(found.spectrum).all()
    pixels = cube.read().reshape(cube.shape[0], -1)
    cosine = found.spectrum @ pixels / np.linalg.norm(pixels, axis=0) / np.linalg.norm(found.spectrum)
    masks = data_path("dlr_hysu/HySpex/all_targets_hs/TargetsROIs/masks.mat")
    with pytest.raises(InputError, match="variable 'materials' is"):
        read_target(cube, masks, variable="materials")
    inside = read_target(cube, masks, variable="targetsROI").pixels
    assert inside.ravel()[np.argmax(cosine)]

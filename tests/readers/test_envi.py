"""ENVI: every interleave, type, byte order and offset; each trap met in real files; bad input."""

from __future__ import annotations

import math
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.errors import InputError
from hypersigma.readers import open_cube
from hypersigma.readers.envi import read_header, sniff
from hypersigma.tiling import Window
from tests.fakes.envi import TYPE_CODES, braces, ramp, write_envi
from tests.fakes.geotiff import write_tiff

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

UTM = "{UTM, 1, 1, 383851.5, 5819308.25, 30, 20, 33, North, WGS-84, units=Meters}"


@settings(max_examples=60, deadline=None)
@given(
    interleave=st.sampled_from(["bsq", "bil", "bip"]),
    dtype=st.sampled_from(sorted(TYPE_CODES)),
    big_endian=st.booleans(),
    offset=st.integers(0, 70),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 7)),
    data=st.data(),
)
def test_round_trip(interleave, dtype, big_endian, offset, shape, data):
    """Any window and any bands of any kind of file come back as they were written."""
    array = np.random.default_rng(3).integers(0, 200, shape).astype(dtype)
    bands, rows, cols = shape
    row, col = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, cols - 1))
    window = Window(row, col, data.draw(st.integers(1, rows - row)), data.draw(st.integers(1, cols - col)))
    chosen = data.draw(st.lists(st.integers(0, bands - 1), min_size=1, max_size=5))
    with tempfile.TemporaryDirectory() as folder:
        header = write_envi(Path(folder), array, interleave=interleave, big_endian=big_endian, offset=offset)
        cube = open_cube(header)
        assert cube.shape == shape
        assert cube.source.dtype == array.dtype.newbyteorder("<>"[big_endian])
        expected = array[chosen][:, *window.slices]
        np.testing.assert_array_equal(cube.source.read(np.array(chosen), window), expected)
        np.testing.assert_array_equal(cube.read(window, chosen), expected.astype(np.float32))


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
def test_agrees_with_independent_readers(tmp_path, interleave):
    spectral = pytest.importorskip("spectral")
    array = ramp(7, 9, 8, "u2")
    header = write_envi(tmp_path, array, interleave=interleave, big_endian=True, offset=16)
    ours = open_cube(header).read()
    image = spectral.open_image(str(header))
    np.testing.assert_array_equal(ours, np.moveaxis(np.asarray(image.load()), -1, 0))
    with rasterio.open(tmp_path / "scene.img") as dataset:
        np.testing.assert_array_equal(ours, dataset.read())


@pytest.mark.parametrize(
    ("data_name", "header_name"),
    [
        ("scene.img", "scene.hdr"),
        ("scene.img", "scene.img.hdr"),
        ("scene", "scene.hdr"),
        ("scene", "scene.HDR"),
        ("scene.bsq", "scene.hdr"),
        ("Scene.RAW", "scene.hdr"),
        ("scene.v2.dat", "scene.v2.hdr"),
        ("scene.refl_corrected", "scene.hdr"),
    ],
)
def test_header_and_data_find_each_other(tmp_path, data_name, header_name):
    array = ramp()
    write_envi(tmp_path, array, data_name=data_name, header_name=header_name)
    for name in (data_name, header_name):
        cube = open_cube(tmp_path / name)
        assert cube.path == tmp_path / data_name
        np.testing.assert_array_equal(cube.read(), array)


def test_data_of_the_right_size_is_preferred(tmp_path):
    header = write_envi(tmp_path, ramp(), data_name="scene.raw")
    (tmp_path / "scene.img").write_bytes(b"another thing")
    (tmp_path / "scene.txt").write_text("notes")
    assert open_cube(header).path == tmp_path / "scene.raw"


def test_wavelengths_in_nm_with_widths_and_bad_bands(tmp_path):
    header = write_envi(
        tmp_path,
        ramp(),
        wavelength=braces([450, 550, 650, 850]),
        wavelength_units="Nanometers",
        fwhm=braces([10, 11, 12, 13]),
        bbl=braces([1, 1, 0, 1]),
    )
    cube = open_cube(header)
    assert cube.wavelengths.tolist() == [450, 550, 650, 850]
    assert cube.fwhm.tolist() == [10, 11, 12, 13]
    assert cube.used.tolist() == [0, 1, 3]
    assert cube.reasons[2] == "marked bad in the file"


@pytest.mark.parametrize("unit", ["Micrometers", "um", "Unknown", None])
def test_micrometres_stated_or_told_by_the_values(tmp_path, unit):
    fields = {} if unit is None else {"wavelength_units": unit}
    header = write_envi(
        tmp_path, ramp(), wavelength=braces([0.45, 0.55, 0.65, 0.85]), fwhm=braces([0.01] * 4), **fields
    )
    cube = open_cube(header)
    assert cube.wavelengths.tolist() == [450, 550, 650, 850]
    np.testing.assert_allclose(cube.fwhm, 10)


@pytest.mark.parametrize(
    "form", ["band {0} ({1:.6f} Micrometers)", "Resize (Band {0}:clipped_2013317) ({2:.6f})", "{2:.1f} nm", "{2}"]
)
def test_wavelengths_only_in_band_names(tmp_path, form):
    names = [form.format(index, nm / 1000, nm) for index, nm in enumerate([450.5, 550.5, 650.5, 850.5], 1)]
    cube = open_cube(write_envi(tmp_path, ramp(), band_names=braces(names)))
    np.testing.assert_allclose(cube.wavelengths, [450.5, 550.5, 650.5, 850.5])


def test_band_names_without_wavelengths(tmp_path):
    cube = open_cube(write_envi(tmp_path, ramp(), band_names="{roof, pavement, tree, soil}"))
    assert cube.wavelengths is None
    assert any("--wavelengths" in note for note in cube.notes)


def test_index_is_no_wavelength(tmp_path):
    cube = open_cube(write_envi(tmp_path, ramp(), wavelength=braces([1, 2, 3, 4]), wavelength_units="Index"))
    assert cube.wavelengths is None


def test_comments_and_missing_byte_order(tmp_path):
    header = write_envi(tmp_path, ramp(), interleave="bil", without=["byte order", "header offset", "file type"])
    text = header.read_text().replace("ENVI\n", "ENVI\n; made by a program = 1\n;another\n")
    header.write_text(text + "wavelength = {\n450,\n; a comment inside\n550,\n650,\n850}\n")
    cube = open_cube(header)
    np.testing.assert_array_equal(cube.read(), ramp())
    assert cube.wavelengths.tolist() == [450, 550, 650, 850]
    assert any("byte order" in note for note in cube.notes)


def test_no_data_and_reflectance_scale(tmp_path):
    array = ramp()
    array[1, 2, 3] = -99
    header = write_envi(tmp_path, array, data_ignore_value="-99", reflectance_scale_factor="10000.0")
    cube = open_cube(header)
    assert cube.quantity == "reflectance"
    values = cube.read()
    assert np.isnan(values[1, 2, 3])
    assert np.isnan(values).sum() == 1
    np.testing.assert_allclose(values[0], array[0] / 10000, rtol=1e-6)


@pytest.mark.parametrize(
    ("fields", "quantity", "scale"),
    [
        ({"z_plot_titles": "{wavelength, reflectance [* 10000]}"}, "reflectance", 1e-4),
        ({"z_plot_titles": "{wavelength, reflectance [%*100]}"}, "reflectance", 1e-4),
        ({"reflectance_scale_factor": "1.0"}, "counts", 1.0),
        ({}, "counts", 1.0),
    ],
)
def test_quantity_from_the_header(tmp_path, fields, quantity, scale):
    cube = open_cube(write_envi(tmp_path, ramp(), **fields))
    assert (cube.quantity, cube.scale) == (quantity, scale)


def test_gains_and_offsets_follow_their_bands(tmp_path):
    header = write_envi(
        tmp_path,
        ramp(),
        wavelength=braces([850, 650, 550, 450]),
        data_gain_values=braces([1, 2, 3, 4]),
        data_offset_values=braces([0, 10, 20, 30]),
    )
    cube = open_cube(header)
    assert cube.quantity == "radiance"
    np.testing.assert_allclose(cube.read()[0], ramp()[3] * 4 + 30)
    np.testing.assert_allclose(cube.read(bands=[2])[0], ramp()[1] * 2 + 10)


@pytest.mark.parametrize(
    "info",
    [
        UTM,
        "{UTM, 1.5, 1.5, 383851.5, 5819308.25, 30, 30, 33, South, WGS-84}",
        "{UTM, 1, 1, 277811.628, 4483607.425, 3.1, 3.1, 13, North, WGS-84, units=Meters, rotation=53.0}",
        "{UTM, 3, 2, 277811.628, 4483607.425, 3.1, 3.1, 13, North, WGS-84, units=Meters}",
        "{Geographic Lat/Lon, 1, 1, 13.1, 52.5, 0.0003, 0.0002, WGS-84, units=Degrees}",
    ],
)
def test_map_info_as_gdal_reads_it(tmp_path, info):
    cube = open_cube(write_envi(tmp_path, ramp(), map_info=info))
    with rasterio.open(tmp_path / "scene.img") as dataset:
        np.testing.assert_allclose(cube.georef.transform, tuple(dataset.transform)[:6], rtol=0, atol=1e-6)
        assert rasterio.crs.CRS.from_wkt(cube.georef.crs) == dataset.crs


def test_rotation_turns_the_grid_and_keeps_pixel_size(tmp_path):
    info = UTM.replace("units=Meters", "units=Meters, rotation=30")
    georef = open_cube(write_envi(tmp_path, ramp(), map_info=info)).georef
    assert georef.pixel_size == pytest.approx((30, 20))
    x, y = georef.xy(0, 1)
    assert (x - 383851.5, y - 5819308.25) == pytest.approx((30 * math.cos(math.pi / 6), 30 * math.sin(math.pi / 6)))


def test_rotation_is_about_the_reference_point(tmp_path):
    info = "{UTM, 3, 2, 277811.5, 4483607.5, 3, 3, 13, North, WGS-84, units=Meters, rotation=-20.5}"
    georef = open_cube(write_envi(tmp_path, ramp(), map_info=info)).georef
    assert georef.xy(1, 2) == pytest.approx((277811.5, 4483607.5))


def test_coordinate_system_string_of_other_projections(tmp_path):
    lambert = rasterio.crs.CRS.from_epsg(3035)
    info = "{Lambert, 1, 1, 4321000, 3210000, 30, 30, ETRS89, units=Meters}"
    text = "{" + lambert.to_wkt(version="WKT1_ESRI") + "}"
    georef = open_cube(write_envi(tmp_path, ramp(), map_info=info, coordinate_system_string=text)).georef
    assert "LAEA" in georef.crs
    assert georef.crs_name in ("EPSG:3035", "ETRS89-extended / LAEA Europe", "ETRS_1989_LAEA")


def test_coordinates_without_a_system(tmp_path):
    info = "{Arbitrary, 1, 1, 10, 20, 1, 1, 0, North}"
    georef = open_cube(write_envi(tmp_path, ramp(), map_info=info, coordinate_system_string="{nonsense}")).georef
    assert georef.crs is None
    assert georef.transform == pytest.approx((1, 0, 10, 0, -1, 20))


@pytest.mark.parametrize("info", ["{UTM, 1, 1}", "{UTM, one, 1, 1, 1, 1, 1}"])
def test_broken_map_info_is_refused(tmp_path, info):
    with pytest.raises(InputError, match="map info"):
        open_cube(write_envi(tmp_path, ramp(), map_info=info))


@pytest.mark.parametrize("interleave", ["bsq", "bip"])
def test_gzip_compressed(tmp_path, interleave):
    array = ramp()
    header = write_envi(tmp_path, array, interleave=interleave, offset=8, compress=True, data_name="scene.bsq")
    cube = pickle.loads(pickle.dumps(open_cube(header)))
    np.testing.assert_array_equal(cube.read(Window(1, 2, 3, 4)), array[:, 1:4, 2:6])


def test_gzip_cut_short(tmp_path):
    header = write_envi(tmp_path, ramp(), compress=True)
    data = tmp_path / "scene.img"
    data.write_bytes(data.read_bytes()[:-30])
    with pytest.raises(InputError, match="cut short"):
        open_cube(header).read()


def test_gzip_of_too_few_bytes(tmp_path):
    header = write_envi(tmp_path, ramp(4), compress=True)
    header.write_text(header.read_text().replace("bands = 4", "bands = 5"))
    with pytest.raises(InputError, match="300 bytes expected.*240 found"):
        open_cube(header).read()


def test_header_beside_a_tiff(tmp_path):
    """`file type = TIFF`: the pixels are in the .tif, the description in the .hdr, whichever is given."""
    array = ramp(4, 5, 6)
    write_tiff(tmp_path / "scene.tif", array)
    (tmp_path / "scene.hdr").write_text(
        "ENVI\nsamples = 6\nlines = 5\nbands = 4\nfile type = TIFF\ndata type = 2\ninterleave = tif\n"
        "data ignore value = 7\nreflectance scale factor = 10000\nwavelength = {0.45, 0.55, 0.65, 0.85}\n"
    )
    for name in ("scene.hdr", "scene.tif"):
        cube = open_cube(tmp_path / name)
        assert cube.wavelengths.tolist() == [450, 550, 650, 850]
        assert cube.quantity == "reflectance"
        values = cube.read()
        assert np.isnan(values[0, 1, 1])
        np.testing.assert_allclose(values[1], array[1] / 10000, rtol=1e-6)


def test_header_of_another_tiff(tmp_path):
    write_tiff(tmp_path / "scene.tif", ramp(4, 5, 6))
    header = tmp_path / "scene.hdr"
    header.write_text("ENVI\nsamples = 6\nlines = 9\nbands = 4\nfile type = TIFF\ndata type = 2\n")
    with pytest.raises(InputError, match="do not belong together"):
        open_cube(header)
    (tmp_path / "scene.tif").unlink()
    with pytest.raises(InputError, match="a header without its data; expected a TIFF"):
        open_cube(header)


def test_class_names_and_lookup(tmp_path):
    header = write_envi(
        tmp_path,
        ramp(1, dtype="u1"),
        classes="3",
        class_names="{Unclassified, water, bare soil}",
        class_lookup=braces([0, 0, 0, 0, 0, 255, 128, 64, 0]),
        without=["interleave"],
    )
    found = read_header(header)
    assert found.words("class names") == ["Unclassified", "water", "bare soil"]
    assert found.numbers("class lookup")[3:6] == [0, 0, 255]
    assert open_cube(header).shape == (1, 5, 6)


def test_truncated_data_names_expected_and_found_bytes(tmp_path):
    header = write_envi(tmp_path, ramp(4, 5, 6), offset=10)
    data = tmp_path / "scene.img"
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"truncated: 250 bytes expected .* 249 found"):
        open_cube(header)


def test_longer_data_are_noted(tmp_path):
    header = write_envi(tmp_path, ramp())
    with (tmp_path / "scene.img").open("ab") as file:
        file.write(b"tail")
    assert any("4 bytes more" in note for note in open_cube(header).notes)


def test_header_without_data_and_data_without_header(tmp_path):
    header = write_envi(tmp_path, ramp())
    (tmp_path / "scene.img").rename(tmp_path / "other.img")
    with pytest.raises(InputError, match="a header without its data; expected 240 bytes"):
        open_cube(header)
    with pytest.raises(InputError, match="data without its header; expected other.img.hdr or other.hdr"):
        open_cube(tmp_path / "other.img")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("data type = 2", "data type = 6", "complex"),
        ("data type = 2", "data type = 7", "not one of ENVI's"),
        ("data type = 2", "data type = two", "'two' in 'data type' is not a number"),
        ("lines = 5", "lines = 5.5", "not a whole number"),
        ("lines = 5", "lines = 0", "must be at least 1"),
        ("lines = 5\n", "", "has no 'lines'"),
        ("interleave = bsq\n", "", "interleave is 'nothing'"),
        ("byte order = 0", "byte order = 2", "byte order 2"),
        ("file type = ENVI Standard", "file type = ENVI Spectral Library", "a spectral library"),
        ("byte order = 0", "major frame offsets = {4, 0}", "frame offsets"),
        ("byte order = 0", "wavelength = {450, 550\nfwhm = 3", "never closed"),
        ("byte order = 0", "wavelength = {450, 550, 650}", "3 wavelengths for 4 bands"),
        ("byte order = 0", "wavelength = {450, nm, 650, 850}", "'nm' in 'wavelength' is not a number"),
        ("byte order = 0", "wavelength = {450, 550, 650, 850}\nwavelength units = parsecs", "not a unit of wavelength"),
    ],
)
def test_bad_headers_say_what_is_wrong(tmp_path, old, new, message):
    header = write_envi(tmp_path, ramp())
    header.write_text(header.read_text().replace(old, new))
    with pytest.raises(InputError, match=message):
        open_cube(header)


def test_header_in_latin_1_with_a_byte_order_mark(tmp_path):
    header = write_envi(tmp_path, ramp())
    header.write_bytes(b"\xef\xbb\xbf" + header.read_bytes() + b"description = {caf\xe9}\n")
    assert open_cube(header).shape == (4, 5, 6)
    assert read_header(header).text("description") == "café"


def test_files_that_are_not_envi(tmp_path):
    (tmp_path / "a.hdr").write_text("BYTEORDER I\nNROWS 3\n")
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "b.img").write_bytes(b"EHFA_HEADER_TAG and so on")
    assert [sniff(tmp_path / name) for name in ("a.hdr", "a.txt", "b.img")] == [0, 0, 0]
    with pytest.raises(InputError, match="without its header"):
        read_header(tmp_path / "a.txt")


def test_a_window_touches_only_its_bytes(tmp_path):
    """Pages outside of the window need not exist: a sparse file of 4 GB opens at once."""
    header = write_envi(tmp_path, ramp(1, 1, 1, "u1"))
    text = header.read_text().replace("samples = 1", "samples = 20000").replace("lines = 1", "lines = 20000")
    header.write_text(text.replace("bands = 1", "bands = 10"))
    with (tmp_path / "scene.img").open("r+b") as file:
        file.truncate(20000 * 20000 * 10)
        file.seek(20000 * 20000 * 9 + 20000 * 30 + 40)
        file.write(b"\x2a")
    values = open_cube(header).read(Window(30, 40, 2, 3))
    assert values.shape == (10, 2, 3)
    assert values[9, 0, 0] == 42
    assert values.sum() == 42

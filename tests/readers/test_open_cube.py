"""One door for all formats: the surest reader, wavelengths from a person, files that are none."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import hypersigma
from hypersigma.errors import ConfigError, InputError
from hypersigma.readers import open_cube
from hypersigma.readers._sensors import guess_sensor
from hypersigma.registry import load, names
from hypersigma.spectra import sensor_bands, sensor_names
from tests.fakes.envi import braces, ramp, write_envi
from tests.fakes.geotiff import write_tiff


def test_every_reader_keeps_the_contract(tmp_path):
    (tmp_path / "text.txt").write_text("no scene")
    (tmp_path / "empty").write_bytes(b"")
    for name in names("hypersigma.readers"):
        reader = load("hypersigma.readers", name)
        assert reader.sniff(tmp_path / "text.txt") == 0
        assert reader.sniff(tmp_path / "empty") == 0
        # those of products that are folders say what they look for, and do not find it here
        assert not hasattr(reader, "FOLDER") or (reader.PRODUCT and reader.sniff(tmp_path) == 0)
        assert callable(reader.open)


def test_public_name(tmp_path):
    header = write_envi(tmp_path, ramp())
    assert hypersigma.open_cube(str(header)).shape == (4, 5, 6)


def test_missing_folder_and_unknown_files(tmp_path):
    header = write_envi(tmp_path, ramp())
    with pytest.raises(InputError, match=r"there is no such file; did you mean scene.hdr\?"):
        open_cube(tmp_path / "scne.hdr")
    with pytest.raises(InputError, match="there is no such file$"):
        open_cube(tmp_path / "nowhere" / "file.tif")
    with pytest.raises(
        InputError, match="is a folder of no product.*DESIS.*EnMAP.*GF-5.*Hyperion.*Landsat.*Sentinel-2.*add a reader"
    ):
        open_cube(tmp_path)
    with pytest.raises(InputError, match="is a folder; the reader 'envi' takes one file"):
        open_cube(tmp_path, reader="envi")
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(
        InputError, match=r"not a scene in a known format \(5 bytes, suffix '.txt'\); can be read: ENVI"
    ):
        open_cube(tmp_path / "notes.txt")
    products = "AVIRIS-NG.*DESIS.*EMIT.*EnMAP.*GF-5.*Hyperion.*Landsat.*NEON.*PRISMA.*Sentinel-2"
    with pytest.raises(InputError, match=f"of products {products}.*; add a reader"):
        open_cube(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match="did you mean 'envi'"):
        open_cube(header, reader="envy")
    assert open_cube(header, reader="envi").shape == (4, 5, 6)


@pytest.mark.parametrize("given", ["450:850", [450, 550, 650, 850], np.array([0.45, 0.55, 0.65, 0.85])])
def test_wavelengths_from_a_person(tmp_path, given):
    cube = open_cube(write_tiff(tmp_path / "s.tif", ramp()), wavelengths=given)
    assert cube.wavelengths[[0, -1]].tolist() == [450, 850]
    assert "band centres: as given" in cube.notes
    assert not any("no wavelengths" in note for note in cube.notes)


def test_wavelengths_from_a_person_replace_an_implausible_list(tmp_path):
    header = write_envi(tmp_path, ramp(), wavelength=braces([5, 5, 5, 5]), wavelength_units="Nanometers")
    with pytest.raises(InputError, match="implausible"):
        open_cube(header)
    assert open_cube(header, wavelengths="450:850").wavelengths[0] == 450


@pytest.mark.parametrize("name", sensor_names())
def test_sensors_from_a_person(tmp_path, name):
    centres, _ = sensor_bands(name)
    path = write_tiff(tmp_path / "s.tif", ramp(len(centres), 2, 3, "i4"))
    cube = open_cube(path, sensor=name)
    np.testing.assert_allclose(cube.wavelengths, np.sort(centres))
    assert cube.fwhm is not None
    assert cube.valid.sum() > 0.8 * len(centres)
    with pytest.raises(InputError, match=f"{len(centres)} wavelengths for 1 bands"):
        open_cube(write_tiff(tmp_path / "t.tif", ramp(1)), sensor=name)


def test_wavelengths_that_do_not_fit(tmp_path):
    path = write_tiff(tmp_path / "s.tif", ramp())
    with pytest.raises(InputError, match="3 wavelengths for 4 bands"):
        open_cube(path, wavelengths=[1, 2, 3])
    with pytest.raises(InputError, match="expected FIRST:LAST"):
        open_cube(path, wavelengths="blue:red")
    with pytest.raises(InputError, match="give one of them"):
        open_cube(path, wavelengths="400:900", sensor="enmap")
    with pytest.raises(ConfigError, match="not known"):
        open_cube(path, sensor="no such sensor")


@pytest.mark.parametrize(
    ("stated", "wavelengths", "name", "expected"),
    [
        ("Landsat ETM", None, "x", "Landsat ETM"),
        ("Unknown", np.linspace(381, 2493, 285), "x", "EMIT (guessed from the bands)"),
        ("", None, "ang20140912t192359_corr.img", "AVIRIS-NG (guessed from the file name)"),
        ("", np.linspace(400, 900, 50), "scene.img", None),
    ],
)
def test_sensor_guess(stated, wavelengths, name, expected):
    assert guess_sensor(stated, wavelengths, name) == expected


def test_readers_do_not_import_torch(tmp_path):
    header = write_envi(tmp_path, ramp())
    code = (
        "import sys; from hypersigma.readers import open_cube\n"
        f"open_cube({str(header)!r}).read(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

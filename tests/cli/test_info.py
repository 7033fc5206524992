"""`hypersigma info`: what a person and a program are told of a file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hypersigma import cli
from tests.fakes.envi import braces, ramp, write_envi
from tests.fakes.geotiff import GRID, write_tiff

CENTRES = [450, 550, 650, 850, 900, 1000]


@pytest.fixture
def header(tmp_path):
    array = ramp(6, 40, 50, "i4")
    array[:, 0, :5] = -1
    array[0, 1, :5] = -1
    array[4] = 0
    return write_envi(
        tmp_path,
        array,
        wavelength=braces(CENTRES),
        bbl=braces([1, 1, 0, 0, 1, 1]),
        data_ignore_value="-1",
        sensor_type="HyMap",
        acquisition_time="2009-08-20T10:11:12Z",
        map_info="{UTM, 1, 1, 383851.5, 5819308.25, 30, 30, 33, North, WGS-84}",
    )


def test_for_a_person(header, tmp_path, capsys):
    assert cli.main(["info", str(header), "--quicklook", str(tmp_path / "look.png")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "HyMap",
        "2009-08-20T10:11:12",
        "40 rows x 50 columns x 6 bands",
        "450.0 to 1000.0 nm",
        "3 of 6",
        "bands 3-4 (in 650-850 nm): marked bad in the file",
        "bands 5 (in 900-900 nm): zero in every pixel",
        "EPSG:32633, pixels of 30 x 30",
        "counts, 5 to 1.2e+04, stored as int32",
        "0.2% of pixels, marked -1; in some bands only: 0.2%",
    ):
        assert part in said
    assert (tmp_path / "look.png").stat().st_size > 100


def test_a_picture_of_another_kind_is_refused_at_once(header, tmp_path, capsys):
    assert cli.main(["info", str(header), "--quicklook", str(tmp_path / "look.foo")]) == 2
    said = capsys.readouterr()
    assert "name a file that ends in .png" in said.err
    assert not said.out


def test_for_a_program(header, capsys):
    assert cli.main(["info", str(header), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["bands"], facts["bands_used"], facts["rows"], facts["columns"]) == (6, 3, 40, 50)
    assert facts["bands_dropped"][0] == {"reason": "marked bad in the file", "bands": [3, 4], "wavelengths": [650, 850]}
    assert facts["wavelengths"] == [450, 1000]
    assert facts["crs"] == "EPSG:32633"
    assert facts["acquired"] == "2009-08-20T10:11:12"
    assert facts["nodata_share"] == 5 / 2000


def test_of_a_scene_that_says_little(tmp_path, capsys):
    path = write_tiff(tmp_path / "s.tif", np.tile(ramp(2, 300, 400, "i4"), (2, 1, 1)), transform=GRID)
    assert cli.main(["info", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "no coordinate system, pixels of 30 x 30" in said
    assert "not known" in said
    assert "spread over the scene" in said
    assert cli.main(["info", str(write_tiff(tmp_path / "t.tif", ramp())), "--wavelengths", "450:850"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "450.0 to 850.0 nm" in said
    assert "coordinates │ none" in said


@pytest.mark.parametrize("name", ["missing.tif", "notes.txt"])
def test_mistakes_are_one_line_and_exit_2(tmp_path, capsys, name):
    (tmp_path / "notes.txt").write_text("notes")
    assert cli.main(["info", str(tmp_path / name)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1

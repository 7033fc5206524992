"""Spectral libraries from files: against an independent reader, and each untidiness that real ones have."""

from pathlib import Path

import numpy as np
import pytest
import spectral.io.envi as reference

from hypersigma.data.libraries import read_library
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary
from tests.fakes.envi import ramp, write_envi
from tests.fakes.libraries import smooth_library, smooth_spectra, write_library
from tests.shared import data_path

WAVES = np.array([0.4, 0.5, 0.6, 0.7, 0.8])
NAMES = ("grass", "soil", "brick")
DELETED = -1.23e34


@pytest.fixture
def spectra() -> np.ndarray:
    return smooth_spectra(3, 1e3 * WAVES).astype("f4")


def write_text(folder: Path, text: str, name: str = "lab.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("which", ["lab.hdr", "lab.sli"])
@pytest.mark.parametrize("big_endian", [False, True])
def test_envi_as_another_reader_reads_it(tmp_path: Path, spectra: np.ndarray, which: str, big_endian: bool) -> None:
    header = write_library(
        tmp_path, spectra, WAVES, NAMES, wavelength_units="Micrometers", fwhm="{0.01, 0.01, 0.01, 0.02, 0.02}"
    )
    if big_endian:
        (tmp_path / "lab.sli").write_bytes(spectra.astype(">f4").tobytes())
        header.write_text(header.read_text().replace("byte order = 0", "byte order = 1"))
    library = read_library(tmp_path / which)
    other = reference.open(str(header))
    np.testing.assert_array_equal(library.spectra, other.spectra)
    np.testing.assert_allclose(library.wavelengths, 1e3 * np.array(other.bands.centers))
    np.testing.assert_allclose(library.fwhm, 1e3 * np.array(other.bands.bandwidths))
    assert library.names == tuple(other.names) == NAMES
    assert library.quantity == "reflectance"


def test_deleted_channels_are_missing(tmp_path: Path, spectra: np.ndarray) -> None:
    spectra[0, 1] = DELETED
    spectra[1, 2] = -999.0
    spectra[2] = DELETED
    header = write_library(tmp_path, spectra, WAVES, NAMES, data_ignore_value="-999", bbl="{1, 1, 1, 1, 0}")
    library = read_library(header)
    assert library.names == NAMES[:2]
    np.testing.assert_array_equal(np.isnan(library.spectra), [[0, 1, 0, 0, 1], [0, 0, 1, 0, 1]])
    assert "1 of 3 entries hold no numbers" in library.notes[0]


def test_entries_that_are_no_materials_are_left_out(tmp_path: Path, spectra: np.ndarray) -> None:
    odd = np.stack([WAVES, np.full(5, 0.01), *spectra, 1e3 * WAVES, 0.1 * spectra[0]]).astype("f4")
    names = ("Wavelengths in microns", "Resolution in microns", *NAMES, "channel list", "error bars to preceding")
    library = read_library(write_library(tmp_path, odd, WAVES, names))
    assert library.names == NAMES
    assert "4 of 7 entries" in library.notes[0]
    with pytest.raises(InputError, match="none of its 1 entries is a spectrum of a material"):
        read_library(write_library(tmp_path, odd[:1], WAVES, names[:1]))


@pytest.mark.parametrize(
    ("factor", "field", "said"),
    [
        (1.0, {}, ""),
        (1.0, {"reflectance_scale_factor": "1.0"}, ""),
        (1e4, {"reflectance_scale_factor": "10000"}, ""),
        (1e4, {"reflectance_scale_factor": "1.0"}, "ten thousandths"),
        (1e2, {}, "percent"),
    ],
)
def test_the_scale_is_stated_or_told_by_the_numbers(
    tmp_path: Path, spectra: np.ndarray, factor: float, field: dict[str, str], said: str
) -> None:
    library = read_library(write_library(tmp_path, (factor * spectra).astype("f4"), WAVES, NAMES, **field))
    np.testing.assert_allclose(library.spectra, spectra, rtol=1e-5)
    assert library.quantity == "reflectance"
    assert said in " ".join(library.notes)


def test_numbers_of_no_known_scale(tmp_path: Path, spectra: np.ndarray) -> None:
    header = write_library(tmp_path, (1e6 * spectra).astype("f4"), WAVES, NAMES)
    assert read_library(header).quantity == "unknown"
    np.testing.assert_allclose(read_library(header, scale=1e-6).spectra, spectra, rtol=1e-5)
    with pytest.raises(InputError, match="expected a positive number"):
        read_library(header, scale=0.0)


def test_bands_are_sorted_and_names_with_commas_numbered(tmp_path: Path, spectra: np.ndarray) -> None:
    order = [2, 0, 4, 1, 3]
    names = ("grass, dry", "soil", "brick")
    library = read_library(write_library(tmp_path, spectra[:, order], WAVES[order], names))
    np.testing.assert_array_equal(library.spectra, spectra)
    assert library.names == ("spectrum 1", "spectrum 2", "spectrum 3")


def test_what_is_no_library_is_refused(tmp_path: Path, spectra: np.ndarray) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_library(tmp_path / "absent.sli")
    with pytest.raises(InputError, match=r"file type is 'ENVI Standard'.*is it a scene"):
        read_library(write_envi(tmp_path, ramp()))
    header = write_library(tmp_path, spectra, WAVES[:4], NAMES)
    with pytest.raises(InputError, match="4 wavelengths for 5 bands"):
        read_library(header)
    (tmp_path / "lab.sli").write_bytes(spectra.tobytes()[:-4])
    with pytest.raises(InputError, match="truncated: 60 bytes expected, 56 found"):
        read_library(header)


def test_csv_either_way_up(tmp_path: Path, spectra: np.ndarray) -> None:
    down = [
        f"nm,{','.join(NAMES)}",
        *(f"{wave},{','.join(map(str, row))}" for wave, row in zip(WAVES, spectra.T, strict=True)),
    ]
    along = [f"name,{','.join(map(str, 1e3 * WAVES))}"]
    along += [f"{name},{','.join(map(str, row))}" for name, row in zip(NAMES, spectra, strict=True)]
    for lines in (down, along):
        library = read_library(write_text(tmp_path, "\n".join(lines)))
        np.testing.assert_allclose(library.spectra, spectra, rtol=1e-6)
        np.testing.assert_allclose(library.wavelengths, 1e3 * WAVES)
        assert library.names == NAMES


def test_csv_with_groups_either_way_up(tmp_path: Path) -> None:
    for text in (
        "name,Class,400,500\na,soil,0.1,0.2\nb,grass,0.3,0.4\nempty,grass,,\n",
        "nm,a,b,empty\nclass,soil,grass,grass\n400,0.1,0.3,\n500,0.2,0.4,\n",
    ):
        library = read_library(write_text(tmp_path, text))
        assert (library.names, library.groups) == (("a", "b"), ("soil", "grass"))
        np.testing.assert_allclose(library.spectra, [[0.1, 0.2], [0.3, 0.4]])
    with pytest.raises(InputError, match="1 of 2 spectra have no group"):
        read_library(write_text(tmp_path, "name,group,400,500\na,soil,0.1,0.2\nb,,0.3,0.4\n"))


@pytest.mark.parametrize("text", ["nm,material\n400,0.1\n500,0.2\n", "name,400,500\nmaterial,0.1,0.2\n"])
def test_a_spectrum_may_bear_the_name_of_a_head(text: str, tmp_path: Path) -> None:
    library = read_library(write_text(tmp_path, text))
    assert (library.names, library.groups) == (("material",), ())


def test_csv_with_empty_cells(tmp_path: Path) -> None:
    library = read_library(write_text(tmp_path, "wavelength,a,b\n400,0.1,\n500,0.2,0.4\n"))
    np.testing.assert_array_equal(library.spectra, [[0.1, 0.2], [np.nan, 0.4]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,kind\na,soil\nb,grass\n", r"no wavelengths in the first line \('kind' ...\) or column \('a' ...\)"),
        ("400,500,600\na,1\n", "row 2 has 2 cells, the first one 3"),
        ("", "0 lines"),
    ],
)
def test_csv_that_holds_no_spectra(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_library(write_text(tmp_path, text))


def test_a_plot_saved_as_text(tmp_path: Path) -> None:
    text = "ENVI ASCII Plot File [today]\nColumn 1: Wavelength\nColumn 2: Red Fabric~~4\n  0.40 100.0\n  0.50 300.0\n"
    library = read_library(write_text(tmp_path, text, "plot.txt"))
    assert library.names == ("Red Fabric",)
    np.testing.assert_allclose(library.wavelengths, [400.0, 500.0])
    np.testing.assert_allclose(library.spectra, [[0.01, 0.03]])
    with pytest.raises(InputError, match="its first line is not 'ENVI ASCII Plot File"):
        read_library(write_text(tmp_path, "hello", "plot.txt"))


def test_a_library_resampled_keeps_lines_and_says_what_is_missing() -> None:
    library = smooth_library(2, spectra=np.stack([np.full(221, 0.3), np.linspace(0.1, 0.5, 221)]))
    seen = library.resampled([300.0, 600.0, 1000.0], [10.0, 10.0, 40.0])
    np.testing.assert_allclose(seen.spectra[0], [np.nan, 0.3, 0.3])
    np.testing.assert_allclose(seen.spectra[1, 1:], np.interp([600.0, 1000.0], library.wavelengths, library.spectra[1]))
    assert library.select([1]).names == ("material 1",)
    assert library.select(np.array([True, False])).names == ("material 0",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"names": ("a",)}, r"spectra of shape \(2, 3\) for 1 names and 3 wavelengths"),
        ({"wavelengths": np.array([2.0, 1.0, 3.0])}, "wavelengths do not ascend"),
        ({"fwhm": np.ones(2)}, "2 band widths; 3 are needed"),
        ({"groups": ("a",)}, "1 groups; 2 are needed"),
        ({"names": (), "spectra": np.ones((0, 3))}, "0 spectra of 3 bands"),
    ],
)
def test_a_library_checks_itself(fields: dict[str, object], said: str) -> None:
    good = {"names": ("a", "b"), "wavelengths": np.array([1.0, 2.0, 3.0]), "spectra": np.ones((2, 3))}
    assert "2 spectra, 3 bands" in repr(SpectralLibrary(**good))
    with pytest.raises(InputError, match=said):
        SpectralLibrary(**(good | fields))


@pytest.mark.parametrize(
    ("name", "count", "bands"),
    [
        ("spectral_libraries/s06av95a_envi.sli", 1365, 224),
        ("spectral_libraries/s07_AV95_envi.hdr", 2457, 224),
        ("spectral_libraries/roberts2017_urban.sli", 3725, 224),
        ("spectral_libraries/earthlib_spectra.sli.hdr", 7261, 180),
        ("spectral_libraries/library_berlin.sli", 75, 177),
        ("gamsberg/gamsberg_field_library", 27, 2151),
        ("dlr_hysu/spectral_libraries/HySpex_library/DLR_HySU_HS_library_ASCII.txt", 7, 135),
    ],
)
def test_real_libraries(name: str, count: int, bands: int) -> None:
    library = read_library(data_path(name))
    assert library.spectra.shape == (count, bands)
    assert library.quantity == "reflectance"
    assert 0.2 < np.nanmax(library.spectra) < 2.0
    assert 340 < library.wavelengths[0] < library.wavelengths[-1] < 2550

"""Libraries that are written open in Spectral Python, and come back as they were through our own reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spectral.io import envi

from hypersigma.data.libraries import read_library
from hypersigma.writers.library import write
from tests.fakes.mixtures import BANDS, CENTRES, library, spectra


@pytest.mark.parametrize("suffix", ["sli", "hdr", "csv"])
def test_a_library_comes_back(suffix: str, tmp_path: Path) -> None:
    given = library(fwhm=np.full(BANDS, 12.5), names=("clay, red", "grass", "water"))
    assert write(given, tmp_path / "ends") == tmp_path / "ends.sli"
    found = read_library(tmp_path / f"ends.{suffix}")
    np.testing.assert_allclose(found.wavelengths, CENTRES, atol=1e-6)
    np.testing.assert_allclose(found.spectra, spectra(), rtol=1e-9)
    assert found.names == (("clay, red", "grass", "water") if suffix == "csv" else ("clay; red", "grass", "water"))
    assert found.quantity == "reflectance"
    if suffix != "csv":
        np.testing.assert_allclose(found.fwhm, 12.5)


def test_spectral_python_opens_it(tmp_path: Path) -> None:
    write(library(), tmp_path / "ends")
    found = envi.open(tmp_path / "ends.hdr", tmp_path / "ends.sli")
    np.testing.assert_allclose(found.spectra, spectra())
    np.testing.assert_allclose(found.bands.centers, CENTRES, atol=1e-6)
    assert found.names == ["clay", "grass", "water"]


def test_what_is_missing_stays_missing(tmp_path: Path) -> None:
    known = spectra()
    known[1, 3] = np.nan
    write(library(spectra=known), tmp_path / "ends")
    for suffix in ("sli", "csv"):
        np.testing.assert_allclose(read_library(tmp_path / f"ends.{suffix}").spectra, known)


def test_bands_without_wavelengths_are_numbered(tmp_path: Path) -> None:
    write(library(wavelengths=np.arange(1.0, BANDS + 1), numbered=True), tmp_path / "ends")
    assert "wavelength units = Index" in (tmp_path / "ends.hdr").read_text(encoding="utf-8")
    assert (tmp_path / "ends.csv").read_text(encoding="utf-8").startswith("band,clay,grass,water")
    assert np.isfinite(envi.open(tmp_path / "ends.hdr", tmp_path / "ends.sli").spectra).all()

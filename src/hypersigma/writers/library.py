"""Spectral libraries on disk: ENVI (.sli with its header), which SPy and EnMAP-Box open, and the same as CSV."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.products import SpectralLibrary
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers.envi import braced

_MISSING = -9999.0  # a number that no spectrum has; NaN is not read everywhere


def write(library: SpectralLibrary, path: Path) -> Path:
    """Write a library as `path`.sli with its header and as `path`.csv; return the file of the suffix .sli.

    The CSV file has a band a line: its wavelength in nm, then the number of each spectrum.

    Raises:
        OutputError: the files cannot be written.
    """
    data = path.with_name(f"{path.name}.sli")
    known = np.isfinite(library.spectra)
    with replaced_file(data) as partial:
        partial.write_bytes(np.where(known, library.spectra, _MISSING).astype("<f8").tobytes())
    with replaced_file(path.with_name(f"{path.name}.csv")) as partial, partial.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["band" if library.numbered else "wavelength_nm", *library.names])
        for centre, values in zip(library.wavelengths, library.spectra.T, strict=True):
            table.writerow([f"{centre:.10g}", *(f"{value:.10g}" if np.isfinite(value) else "" for value in values)])
    # the header last: without it nobody takes the data for finished
    with replaced_file(path.with_name(f"{path.name}.hdr")) as partial:
        partial.write_text("\n".join(_header_lines(library, complete=bool(known.all()))) + "\n", encoding="utf-8")
    return data


def _header_lines(library: SpectralLibrary, *, complete: bool) -> list[str]:
    """The lines of the header; a library is a picture with a spectrum a line."""
    count, bands = library.spectra.shape
    entries: dict[str, Any] = {
        "description": braced([library.name]),
        "samples": bands,
        "lines": count,
        "bands": 1,
        "header offset": 0,
        "file type": "ENVI Spectral Library",
        "data type": 5,
        "interleave": "bsq",
        "byte order": 0,
        "band names": braced(["Spectral Library"]),
        "spectra names": braced(library.names),
        "wavelength units": "Index" if library.numbered else "Nanometers",
        "wavelength": braced([f"{centre:.10g}" for centre in library.wavelengths]),
    }
    if library.fwhm is not None:
        entries["fwhm"] = braced([f"{width:.10g}" for width in library.fwhm])
    if library.quantity == "reflectance":
        entries["reflectance scale factor"] = 1.0
    if not complete:
        entries["data ignore value"] = f"{_MISSING:g}"
    return ["ENVI", *(f"{key} = {value}" for key, value in entries.items())]

"""Spectral libraries on disk: ENVI (.sli or any name, with its header), CSV, MATLAB, ENVI plots, as SpectralLibrary.

Library files are untidy: bands are deleted spectrum by spectrum, some entries are no materials (wavelengths,
resolutions, error bars), and the scale is seldom told. What was made of that is in the library's notes.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hypersigma.cube import Quantity
from hypersigma.data.library_matlab import read_matlab
from hypersigma.data.library_tables import DELETED, Floats, LibraryTable, read_csv, read_plot
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary
from hypersigma.readers._envi_header import Header, data_of, is_header
from hypersigma.readers._wavelengths import nm_per_unit, to_nm
from hypersigma.readers.envi import read_header

_NO_MATERIAL = re.compile(
    r"^\s*(wavelengths?|waves?|resolution|bandpass|band ?widths?|fwhm|error bars?)\b", re.IGNORECASE
)
_NUMBERED = "index"  # the unit of bands that are counted, in lower case
_SAME = 1e-3  # relative difference below which a spectrum is the list of wavelengths
# largest plausible number of a library of reflectance as fractions, percent and ten thousandths
_SCALES = ((2.0, 1.0, "fractions"), (200.0, 0.01, "percent"), (20000.0, 1e-4, "ten thousandths"))
_HIGH = 0.99


def read_library(path: str | Path, *, scale: float | None = None) -> SpectralLibrary:
    """A spectral library from a file.

    Args:
        path: an ENVI spectral library (header or data), or a CSV file with wavelengths down the first column and a
            spectrum in each other column, or with wavelengths along the first line and a spectrum in each other
            line, perhaps with a column or line `group`, or the text file that ENVI saves from a plot of spectra, or a
            MATLAB file with an array of spectra for each material.
        scale: what the file's numbers are multiplied with to give reflectance; without it the file's own factor is
            taken where it states one, else it is told by the size of the numbers.

    Raises:
        InputError: no such file, no spectral library, or one that is damaged or without spectra.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"{path}: there is no such file; expected a spectral library (ENVI .sli + .hdr, .csv, .mat, or ENVI's plot "
            ".txt)"
        )
    table = _read(path)
    notes: list[str] = []
    table = _materials(table, path, notes)
    factor, quantity = _scale(table, scale, notes)
    # equal centres would leave a band without width; the first of them stays
    centres, order = np.unique(table.centres, return_index=True)
    return SpectralLibrary(
        names=tuple(table.names),
        wavelengths=centres,
        spectra=table.spectra[:, order] * factor,
        fwhm=None if table.fwhm is None else table.fwhm[order],
        quantity=quantity,
        groups=table.groups,
        name=path.stem,
        numbered=table.numbered,
        notes=tuple(notes),
    )


def _read(path: Path) -> LibraryTable:
    readers = {".csv": read_csv, ".txt": read_plot, ".mat": read_matlab}
    return readers.get(path.suffix.lower(), _read_envi)(path)


def _read_envi(path: Path) -> LibraryTable:
    header = read_header(path)
    if "spectral library" not in header.text("file type").lower():
        kind = header.text("file type", "nothing")
        raise InputError(f"{header.path}: its file type is '{kind}'; expected 'ENVI Spectral Library'; is it a scene?")
    data = data_of(header) if is_header(path) else path
    spectra = _stored(header, data)
    count, bands = spectra.shape
    written = header.numbers("wavelength")
    if written is None or len(written) != bands:
        found = 0 if written is None else len(written)
        raise InputError(f"{header.path}: {found} wavelengths for {bands} bands; one a band is needed: mend the header")
    unit = header.text("wavelength units")
    numbered = unit.lower() == _NUMBERED
    widths = header.numbers("fwhm")
    fwhm = None
    if not numbered and widths is not None and len(widths) == bands and min(widths) > 0:
        fwhm = np.array(widths) * nm_per_unit(np.array(written), unit, str(header.path))
    names = header.words("spectra names")
    # names may hold commas themselves; numbers are better than names of others
    if len(names) != count:
        names = [f"spectrum {index + 1}" for index in range(count)]
    good = header.numbers("bbl")
    if good is not None and len(good) == bands and max(good) > 0:
        spectra[:, np.array(good) <= 0] = np.nan
    centres = np.array(written, dtype=np.float64) if numbered else to_nm(written, unit, str(header.path))
    return LibraryTable(names, centres, spectra, fwhm, header.number("reflectance scale factor"), numbered)


def _stored(header: Header, data: Path) -> Floats:
    """The numbers of an ENVI library (spectra, bands), NaN where they are marked as missing.

    Raises:
        InputError: the file is shorter than the header says, or has several planes.
    """
    planes, count, bands = header.shape
    if planes != 1:
        raise InputError(f"{header.path}: {planes} bands; a spectral library has 1, with a spectrum a line")
    if data.stat().st_size < header.num_bytes:
        found = data.stat().st_size
        raise InputError(f"{data}: truncated: {header.num_bytes} bytes expected, {found} found; copy the file anew")
    offset = header.integer("header offset", 0)
    stored = np.fromfile(data, header.dtype, count * bands, offset=offset).reshape(count, bands).astype(np.float64)
    ignored = header.number("data ignore value")
    missing = ~np.isfinite(stored) | (stored < DELETED)
    if ignored is not None:
        missing |= np.isclose(stored, ignored, rtol=1e-6, atol=0.0)
    return np.where(missing, np.nan, stored)


def _materials(table: LibraryTable, path: Path, notes: list[str]) -> LibraryTable:
    """The table without entries that are no spectra of materials.

    Raises:
        InputError: none is left.
    """
    known = np.isfinite(table.spectra)
    named = np.array([bool(_NO_MATERIAL.match(name)) for name in table.names])
    # the list of wavelengths under any name and in any unit: it is proportional to the centres
    ratio = table.spectra / table.centres
    mean = np.where(known, ratio, 0.0).sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    apart = np.where(known, np.abs(ratio - mean), 0.0).max(axis=1, initial=0.0)
    listed = (known.sum(axis=1) > 2) & (apart < _SAME * np.abs(mean[:, 0]))
    empty = ~known.any(axis=1)
    for mask, reason in ((named | listed, "are wavelengths, resolutions or error bars"), (empty, "hold no numbers")):
        if mask.any():
            notes.append(f"{int(mask.sum())} of {len(table.names)} entries {reason}: left out")
    keep = ~(named | listed | empty)
    if not keep.any():
        raise InputError(f"{path}: none of its {len(keep)} entries is a spectrum of a material: {'; '.join(notes)}")
    places = np.flatnonzero(keep)
    names = [table.names[place] for place in places]
    groups = tuple(table.groups[place] for place in places) if table.groups else ()
    return table._replace(names=names, spectra=table.spectra[keep], groups=groups)


def _scale(table: LibraryTable, given: float | None, notes: list[str]) -> tuple[float, Quantity]:
    """What makes reflectance of the table's numbers, and what they are then."""
    if given is not None:
        if not (np.isfinite(given) and given > 0):
            raise InputError(f"scale is {given}; expected a positive number, such as 0.0001 for 10000 = reflectance 1")
        return given, "reflectance"
    # writers state a factor of one for want of a better
    if table.factor is not None and table.factor > 0 and table.factor != 1.0:
        return 1.0 / table.factor, "reflectance"
    # the brightest number of nearly every spectrum: a few spikes must not decide
    high = float(np.quantile(np.nanmax(table.spectra, axis=1), _HIGH))
    for limit, factor, words in _SCALES:
        if high <= limit:
            if factor != 1.0:
                notes.append(
                    f"the library's numbers, up to {high:.4g} with no scale stated, are taken as reflectance in {words}"
                )
            return factor, "reflectance"
    notes.append(
        f"the library's numbers, up to {high:.4g}, are no reflectance in a known scale; give scale to make it one"
    )
    return 1.0, "unknown"

"""Targets from spectral libraries, brought to the bands and the numbers of a scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.libraries import read_library
from hypersigma.data.target_scale import on_scene_scale
from hypersigma.data.targets import Floats, Target, usable
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary
from hypersigma.readers import envi
from hypersigma.registry import suggestion

_SUFFIXES = (".sli", ".csv", ".txt")
_MIN_COVERED = 0.5  # of the scene's used bands
_MANY = 20  # names that a message does not list


def is_library(path: Path) -> bool:
    """Whether a file is a table of spectra: by its suffix, or an ENVI header that says so."""
    if path.suffix.lower() in _SUFFIXES:
        return True
    return bool(envi.sniff(path)) and "spectral library" in envi.read_header(path).text("file type").lower()


def target_of_file(cube: Cube, path: Path, spectrum: str | None) -> Target:
    """A spectrum of a library file as the scene sees it; in the file's own numbers where those are the scene's.

    Raises:
        InputError: as `read_library` and `target_of_library`.
    """
    library = read_library(path)
    stored = read_library(path, scale=1.0)
    factor = float(np.nanmax(np.abs(stored.spectra))) / max(float(np.nanmax(np.abs(library.spectra))), 1e-300)
    known = () if factor == 1.0 else ((factor, "as the numbers stand in its file"),)
    return target_of_library(cube, library, spectrum, known)


def target_of_library(
    cube: Cube, library: SpectralLibrary, spectrum: str | None, factors: tuple[tuple[float, str], ...] = ()
) -> Target:
    """A spectrum of a library, resampled to the bands of a scene and brought to its numbers.

    Args:
        cube: the scene.
        library: on any bands; on the scene's own where this has no wavelengths.
        spectrum: its name, which may be left out if there is but one; all of the name where several share it.
        factors: as of `on_scene_scale`.

    Raises:
        InputError: no such spectrum, one without a shape, or one that covers too few bands of the scene.
    """
    chosen = _with_shape(chosen_spectra(library, spectrum), "")
    spectra, notes = on_bands(cube, chosen)
    # what differs elsewhere may be flat in the bands of the scene
    kept = _with_shape(
        replace(chosen, wavelengths=np.arange(1.0, cube.shape[0] + 1), spectra=spectra, fwhm=None),
        f" in the bands of {cube.name}",
    )
    scaled, said = on_scene_scale(cube, kept.spectra, kept.quantity, factors)
    return Target(scaled, kept.names, (*library.notes, *notes, *said))


def _with_shape(library: SpectralLibrary, where: str) -> SpectralLibrary:
    """The spectra of a library that have a shape to look for.

    Raises:
        InputError: none has.
    """
    good, fault = usable(library.spectra)
    if not good.any():
        raise InputError(f"{library.name}: spectrum '{library.names[0]}' holds {fault}{where}; choose another one")
    return library.select(good)


def chosen_spectra(library: SpectralLibrary, spectrum: str | None) -> SpectralLibrary:
    """The spectra of a name, written in any case, or of the one name that begins so; the only one if none is given.

    Raises:
        InputError: there is none, or no way to tell which is meant.
    """
    if spectrum is None:
        if len(library) == 1:
            return library
        raise InputError(
            f"{library.name} holds {len(library)} spectra ({_listed(library)}); name the target as FILE#NAME "
            "or by spectrum"
        )
    wanted = spectrum.strip()
    for names, name in ((library.names, wanted), ([each.lower() for each in library.names], wanted.lower())):
        places = [index for index, each in enumerate(names) if each.strip() == name]
        if places:
            return library.select(places)
    # measured spectra carry numbers and codes behind their name, which nobody types
    beginning = [index for index, each in enumerate(library.names) if each.lower().startswith(wanted.lower())]
    if len(beginning) == 1:
        return library.select(beginning)
    alike = [each for each in library.names if wanted.lower() in each.lower()]
    if wanted and alike:
        found = ", ".join(f"'{each}'" for each in alike[:_MANY])
        raise InputError(
            f"{library.name} holds {len(alike)} spectra with '{wanted}' in their name; name one of them: {found}"
        )
    hint = suggestion(wanted, library.names)
    if hint.startswith("known") and len(library) > _MANY:
        hint = f"it holds {len(library)}, such as {_listed(library)}"
    raise InputError(f"{library.name} holds no spectrum '{wanted}'; {hint}")


def _listed(library: SpectralLibrary) -> str:
    more = ", ..." if len(library) > _MANY else ""
    return ", ".join(f"'{name}'" for name in library.names[:_MANY]) + more


def on_bands(cube: Cube, library: SpectralLibrary) -> tuple[Floats, tuple[str, ...]]:
    """Spectra (n, bands) of a library on the bands of a scene, NaN where they do not cover one, and a note on that.

    Raises:
        InputError: they cover less than half of the used bands, or no wavelengths tell which band is which.
    """
    if cube.wavelengths is None or library.numbered:
        return _band_by_band(cube, library)
    seen = library.resampled(cube.wavelengths, cube.fwhm).spectra
    spectra = np.where(cube.valid, seen, np.nan)
    covered = np.isfinite(spectra[:, cube.used]).any(axis=0)
    if covered.all():
        return spectra, ()
    known = library.wavelengths[np.isfinite(library.spectra).any(axis=0)]
    used = cube.wavelengths[cube.used]
    said = (
        f"the spectrum of {library.name} reaches over {known[0]:.0f}-{known[-1]:.0f} nm, the used bands of {cube.name} "
        f"over {used[0]:.0f}-{used[-1]:.0f} nm: it covers {int(covered.sum())} of {len(used)}"
    )
    if covered.mean() < _MIN_COVERED:
        raise InputError(f"{said}; at least half are needed: choose a spectrum that reaches further")
    return spectra, (f"{said}; the others are left out",)


def _band_by_band(cube: Cube, library: SpectralLibrary) -> tuple[Floats, tuple[str, ...]]:
    """Spectra of a library that has a band for each of a scene, where one of them has no wavelengths.

    Raises:
        InputError: they have other numbers of bands.
    """
    columns = spread_over(cube, library.spectra)
    if columns is None and cube.wavelengths is not None:
        raise InputError(
            f"{library.name} counts {len(library.wavelengths)} bands, {cube.name} has {cube.shape[0]}; without "
            "wavelengths they must be the same ones: choose a library that has some"
        )
    if columns is None:
        raise InputError(
            f"{library.name} has {len(library.wavelengths)} bands, {cube.name} {cube.shape[0]} and no wavelengths to "
            "match them by: give --wavelengths FIRST:LAST in nm or --sensor NAME (in Python "
            "open_cube(path, wavelengths=...))"
        )
    which = library.name if library.numbered else cube.name
    return columns, (f"{which} has no wavelengths: the library's bands are taken for the scene's, one by one",)


def spread_over(cube: Cube, spectra: Floats) -> Floats | None:
    """Spectra that list all bands of a scene, or the used ones, as (n, bands), NaN in bands that are not valid.

    None where they list another number of bands.
    """
    count = spectra.shape[1]
    if count not in (cube.shape[0], len(cube.used)):
        return None
    result = np.full((len(spectra), cube.shape[0]), np.nan)
    result[:, cube.used] = spectra[:, cube.used] if count == cube.shape[0] else spectra
    return np.where(np.isfinite(result), result, np.nan)

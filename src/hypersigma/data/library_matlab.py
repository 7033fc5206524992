"""Spectral libraries of bundles in MATLAB files: an array of spectra for each material, and the names of these."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.library_tables import DELETED, LibraryTable
from hypersigma.errors import InputError
from hypersigma.readers._wavelengths import to_nm
from hypersigma.readers.matlab import WAVELENGTHS, MatlabFile

_BUNDLE = re.compile(r"^lib_?(\d+)$", re.IGNORECASE)
_NAMES = "material_names"


def read_matlab(path: Path) -> LibraryTable:
    """A MATLAB file with arrays `lib1`, `lib2`, ... (bands, spectra), one a material, and perhaps `material_names`.

    Bands are counted where the file has no list of wavelengths.

    Raises:
        InputError: damaged, no such arrays, or of different numbers of bands or of names.
    """
    file = MatlabFile.of(path)
    places = {int(found[1]): name for name in file.arrays if (found := _BUNDLE.match(name))}
    if not places:
        raise InputError(
            f"{path}: the arrays {', '.join(file.arrays) or '(none)'}; expected a library as arrays lib1, lib2, ... "
            f"(bands x spectra), one a material, and their names in {_NAMES}"
        )
    bundles = [np.asarray(file.load(places[number]), dtype=np.float64) for number in sorted(places)]
    shapes = [bundle.shape for bundle in bundles]
    if any(len(shape) != 2 or shape[0] != shapes[0][0] for shape in shapes):
        raise InputError(f"{path}: materials of shapes {shapes}; expected (bands, spectra) of the same bands")
    materials = _names(file) or [f"material {number}" for number in sorted(places)]
    if len(materials) != len(bundles):
        raise InputError(f"{path}: {len(materials)} names for {len(bundles)} materials; expected one each")
    spectra = np.concatenate(bundles, axis=1).T
    sorted_by = [(name, number) for name, (_, many) in zip(materials, shapes, strict=True) for number in range(many)]
    centres = file.vector(WAVELENGTHS, shapes[0][0])
    return LibraryTable(
        names=[f"{name}#{number + 1}" for name, number in sorted_by],
        centres=np.arange(1.0, shapes[0][0] + 1) if centres is None else to_nm(centres, "", str(path)),
        spectra=np.where(np.isfinite(spectra) & (spectra > DELETED), spectra, np.nan),
        numbered=centres is None,
        groups=tuple(name for name, _ in sorted_by),
    )


def _names(file: MatlabFile) -> list[str]:
    """Names of the materials, from a cell of words or lines of letters; none where there is no such list."""
    if file.in_hdf5:
        return []  # version 7.3 keeps words as references and numbers, which nobody has needed so far
    try:
        found: NDArray[Any] = file.load(_NAMES)
    except KeyError:
        return []
    return [str(np.ravel(word)[0]).strip() if np.size(word) else "" for word in found.ravel()]

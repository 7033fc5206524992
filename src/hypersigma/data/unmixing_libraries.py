"""Endmembers from spectral libraries, brought to the bands and the numbers of a scene, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.target_libraries import chosen_spectra, on_bands
from hypersigma.data.target_scale import on_scene_scale
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary

Floats = NDArray[np.float64]

_SAME = 1e-9  # relative difference below which two spectra are one
_MIN_SHARED = 0.5  # of the scene's used bands, that all spectra have
_MOST_NAMED = 5
_MOST_LEFT_OUT = 0.5  # of a library, for lack of bands: beyond it the library is of another range


def library_on_scene(
    cube: Cube, library: SpectralLibrary, names: Sequence[str] = (), *, naming: bool = False
) -> SpectralLibrary:
    """Spectra of a library as a scene sees them, without those that say nothing or say it twice.

    Args:
        cube: the scene.
        library: on any bands; on the scene's own where this has no wavelengths.
        names: of the spectra or groups that are meant; all without.
        naming: whether it only names what is found in the scene; then spectra that lack too many bands are left out.

    Returns:
        The library on all bands of the cube, NaN in those that are not valid or not covered, its notes complete.

    Raises:
        InputError: there is no such spectrum, none is left, or none of a group, or they cover too few bands of the
            scene.
    """
    if names:
        parts = [_named(library, name) for name in names]
        library = replace(
            library,
            names=tuple(name for part in parts for name in part.names),
            spectra=np.concatenate([part.spectra for part in parts]),
            groups=tuple(group for part in parts for group in part.groups),
        )
    seen, notes = on_bands(cube, library)
    keep, said = _telling(seen, library)
    if naming:
        whole, told = _covering(cube, seen, keep, library)
        keep, said = keep & whole, [*said, *told]
    lost = [group for group in dict.fromkeys(library.groups) if group not in library.select(keep).groups]
    if lost:
        raise InputError(
            f"{library.name}: no spectrum of '{lost[0]}' is left: {'; '.join(said)}; leave it out, by --spectra"
        )
    library, seen = library.select(keep), seen[keep]
    _require_shared(cube, seen, library)
    scaled, scale = on_scene_scale(cube, seen, library.quantity)
    centres = np.arange(1.0, cube.shape[0] + 1) if cube.wavelengths is None else cube.wavelengths
    return replace(
        library,
        wavelengths=centres,
        spectra=scaled,
        fwhm=cube.fwhm,
        quantity=cube.quantity,
        numbered=cube.wavelengths is None,
        notes=(*library.notes, *notes, *said, *scale),
    )


def _named(library: SpectralLibrary, name: str) -> SpectralLibrary:
    """The spectra of a group, in any case; else those of a name, as of `chosen_spectra`."""
    wanted = name.strip().lower()
    members = [index for index, group in enumerate(library.groups) if group.lower() == wanted]
    return library.select(members) if members else chosen_spectra(library, name)


def _telling(spectra: Floats, library: SpectralLibrary) -> tuple[NDArray[np.bool_], list[str]]:
    """Which spectra (n, bands) are of something, and of something else than those before, and a note on the others.

    Raises:
        InputError: none is.
    """
    known = np.where(np.isfinite(spectra), spectra, 0.0)
    lengths = np.linalg.norm(known, axis=1)
    empty = lengths == 0
    twice = np.zeros(len(spectra), dtype=bool)
    for index in range(1, len(spectra)):
        earlier = np.flatnonzero(~empty[:index] & ~twice[:index])
        apart = np.linalg.norm(known[earlier] - known[index], axis=1)
        twice[index] = not empty[index] and bool((apart <= _SAME * lengths[index]).any())
    notes = [
        f"{library.name}: {int(mask.sum())} spectra {what} and are left out: {_listed(library, mask)}"
        for mask, what in ((empty, "hold no number above zero"), (twice, "are the same as others"))
        if mask.any()
    ]
    if (empty | twice).all():
        raise InputError(f"{library.name}: {'; '.join(notes) or 'it holds no spectrum'}; none is left to unmix with")
    return ~(empty | twice), notes


def _covering(
    cube: Cube, spectra: Floats, keep: NDArray[np.bool_], library: SpectralLibrary
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which spectra (n, bands) of those kept have half of the used bands in common, and a note on the others.

    Those with the most bands come first. All, where that leaves next to none: then the library does not fit the scene.
    """
    finite = np.isfinite(spectra[:, cube.used])
    order = np.flatnonzero(keep)[np.argsort(-finite[keep].sum(axis=1), kind="stable")]
    shared = np.logical_and.accumulate(finite[order]).sum(axis=1)
    fitting = order[shared >= _MIN_SHARED * len(cube.used)]
    result = np.zeros(len(spectra), dtype=bool)
    result[fitting] = True
    left = keep & ~result
    if not left.any() or left.sum() > _MOST_LEFT_OUT * keep.sum():
        return np.ones(len(spectra), dtype=bool), []
    told = f"{library.name}: {int(left.sum())} spectra lack too many of the scene's bands and are left out"
    return result, [f"{told}: {_listed(library, left)}"]


def _require_shared(cube: Cube, spectra: Floats, library: SpectralLibrary) -> None:
    """Raise InputError unless all spectra (n, bands) have numbers in half of the used bands."""
    finite = np.isfinite(spectra[:, cube.used])
    shared = int(finite.all(axis=0).sum())
    if shared < _MIN_SHARED * len(cube.used):
        worst = finite.sum(axis=1) < finite.sum(axis=1).max()
        hint = (
            f"leave out such as {_listed(library, worst)}" if worst.any() else "choose a library that reaches further"
        )
        raise InputError(
            f"{library.name}: all of its {len(library)} spectra have numbers in {shared} of the {len(cube.used)} used "
            f"bands of {cube.name}; at least half are needed: {hint}"
        )


def _listed(library: SpectralLibrary, mask: NDArray[np.bool_]) -> str:
    names = [library.names[index] for index in np.flatnonzero(mask)]
    return ", ".join(f"'{name}'" for name in names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")

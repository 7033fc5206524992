"""Several spectra for an endmember that varies: what a method finds in one part of the scene after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.unmixing_sample import Sample
from hypersigma.errors import InputError
from hypersigma.metrics.unmixing import match_endmembers, spectral_angles

Floats = NDArray[np.float64]

_PART = 1 / 3  # of the pixels, that are drawn each time
_LEAST_PER_BAND = 2  # pixels drawn at least, where the scene has so many
_SAME = 1e-6  # radians, below which a spectrum repeats another
_MOST_FAILED = 10  # draws, for each that is wanted


def bundled(
    find: Callable[[Sample], Floats], sample: Sample, endmembers: Floats, size: int, seed: int
) -> tuple[Floats, tuple[int, ...]]:
    """Endmembers with further spectra of each, and the endmember (n,) that each spectrum stands for.

    Endmembers are sought anew in random parts of the scene, and go to those of the whole scene so that the sum of the
    angles is least. A spectrum that repeats another of its bundle is left out. Source: Somers, Zortea, Plaza and Asner,
    "Automated extraction of image-based endmember bundles for improved spectral unmixing", IEEE JSTARS 5(2), 2012,
    which sorts them by k-means.

    Args:
        find: endmembers (K, bands) of a sample.
        sample: of the scene.
        endmembers: (K, bands) of the whole sample.
        size: spectra of each endmember, 1 for those of the whole sample alone.
        seed: of the parts.

    Raises:
        InputError: parts of the scene do not hold so many endmembers.
    """
    generator = np.random.default_rng(seed)
    bands, count = sample.spectra.shape
    drawn = min(count, max(round(_PART * count), _LEAST_PER_BAND * bands))
    bundles = [[spectrum] for spectrum in endmembers]
    rounds, failed = 1, 0
    while rounds < size:
        part = np.sort(generator.choice(count, drawn, replace=False))
        try:
            found = find(Sample(sample.spectra[:, part], sample.smooth[:, part]))
        except InputError as error:
            failed += 1
            if failed > _MOST_FAILED * size:
                raise InputError(f"{error}; parts of the scene hold too few endmembers: leave bundle at 1") from error
            continue
        rounds += 1
        for bundle, index in zip(bundles, match_endmembers(spectral_angles(endmembers, found)), strict=True):
            if np.nanmin(spectral_angles(found[index], np.stack(bundle)), initial=np.pi) > _SAME:
                bundle.append(found[index])
    owners = tuple(owner for owner, bundle in enumerate(bundles) for _ in bundle)
    return np.stack([spectrum for bundle in bundles for spectrum in bundle]), owners

"""Whether a denoising takes targets out: spectra are put into single pixels of a scene, and looked for again.

The spectra are the most distinct ones of the scene itself (ATGP on means of 3 x 3 pixels), or one that is given. Each
fills a pixel, half or a fifth of it, with noise of its own: no sensor gives the same numbers over and over, and those
that come back exactly pass for stuck. What a matched filter answers there, told by the scene as it was, is compared
before and after denoising.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.endmembers import atgp
from hypersigma.data.moments import moments, whitening
from hypersigma.data.noise_level import noise_deviations

Image = NDArray[np.float32]

FRACTIONS = (1.0, 0.5, 0.2)
_SIDE = 96  # pixels; of the part of a scene that is tried
_STEP, _MARGIN = 8, 4  # pixels between targets, and from the border
_NUM_SPECTRA = 3
_FEWEST = 9  # targets


class TargetsKept(NamedTuple):
    """Responses of targets by the fraction of their pixel: before and after denoising, and the share that is left."""

    fractions: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def kept(self) -> tuple[float, ...]:
        """Responses after over those before, a fraction each."""
        return tuple(float(late / early) for early, late in zip(self.before, self.after, strict=True))


def tried_part(rows: int, cols: int) -> tuple[slice, slice]:
    """Rows and columns in the middle of a scene where targets are put."""
    tops, lefts = max(0, (rows - _SIDE) // 2), max(0, (cols - _SIDE) // 2)
    return slice(tops, tops + min(_SIDE, rows)), slice(lefts, lefts + min(_SIDE, cols))


def targets_kept(
    image: Image, denoise: Callable[[Image], Image], target: NDArray[np.float64] | None = None
) -> TargetsKept | None:
    """What is left of targets after denoising; None where an image is too small or too empty to tell.

    Args:
        image: (bands, rows, cols) of a scene.
        denoise: what is asked, an image of the same shape from an image.
        target: spectrum (bands,) that is put in, in the numbers of the image; None for those of the image.
    """
    known: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(image))
    varied = np.nanstd(image, axis=(1, 2)) > 0
    places = np.argwhere(known)
    places = places[((places - _MARGIN) % _STEP == 0).all(axis=1)]
    if len(places) < _FEWEST or np.count_nonzero(known) <= 2 * len(image) or varied.sum() < _NUM_SPECTRA:
        return None
    spectra = _distinct(image, known, varied) if target is None else target[None]
    found = moments(lambda: [image[varied][:, known]])
    white, _ = whitening(found, 1e-6)
    put, generator = image.copy(), np.random.default_rng(0)
    noise = np.nan_to_num(noise_deviations(image))
    responses: list[tuple[float, Image]] = []
    for index, (row, col) in enumerate(places):
        fraction = FRACTIONS[index % len(FRACTIONS)]
        spectrum = spectra[index // len(FRACTIONS) % len(spectra)]
        put[:, row, col] = (1 - fraction) * put[:, row, col] + fraction * (
            spectrum + noise * generator.standard_normal(len(noise))
        )
        responses.append((fraction, spectrum[varied].astype(np.float32)))
    clean = denoise(put)
    sums = np.zeros((2, len(FRACTIONS)))
    for (fraction, spectrum), (row, col) in zip(responses, places, strict=True):
        looked = white.apply(spectrum[:, None])[:, 0].astype(np.float64)
        seen = [white.apply(values[varied, row, col, None])[:, 0] for values in (put, clean)]
        sums[:, FRACTIONS.index(fraction)] += [looked @ one / (looked @ looked) for one in seen]
    counts = np.bincount(np.arange(len(places)) % len(FRACTIONS), minlength=len(FRACTIONS))
    before, after = (tuple(float(value) for value in line) for line in sums / counts)
    return TargetsKept(FRACTIONS, before, after)


def _distinct(image: Image, known: NDArray[np.bool_], varied: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The most distinct spectra (n, bands) of an image, of means over 3 x 3 pixels with numbers."""
    means = ndimage.uniform_filter(np.where(known, image, 0.0), (0, 3, 3), mode="nearest")
    weight = ndimage.uniform_filter(known.astype(np.float64), 3, mode="nearest")
    inside = known & (weight > 1 - 1e-6)
    spectra = means[:, inside if inside.any() else known].astype(np.float64)
    deviations = np.where(varied, spectra.std(axis=1), 1.0)
    scaled = spectra / np.where(deviations > 0, deviations, 1.0)[:, None]
    return spectra[:, atgp(scaled, _NUM_SPECTRA).pixels].T

"""What is too much to be noise in what a denoising takes out of a pixel, and is put back.

A target of a single pixel, or of a material that nothing else is made of, is taken out with the noise: it lies in no
subspace and has no like. But it is larger than noise is: the removed spectrum over the deviations of the noise is white
with unit variance, so that its energy is that of a chi-square law, whole or in the smooth spectra that materials have.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hypersigma.data.scene_model import Part, SceneModel, residual, without_impulses

Image = NDArray[np.float32]

_WITHIN, _SMOOTH, _WHOLE = 1e-4, 1e-6, 1e-7  # chance that noise is put back, in a pixel
_NUM_SMOOTH = 16  # smooth spectra at most
_CUT = 3.0  # deviations from which on a single band counts no more, lest an impulse pass for a target


def guarded(raw: Part, coefficients: Image, model: SceneModel) -> Image:
    """Spectra (bands, rows, cols) that a denoised part has, with what was no noise put back.

    Bands without a part in the subspace, and pixels that lack a number, are as in the part.

    Args:
        raw: part of the scene without its faults, but with its impulses.
        coefficients: (directions, rows, cols), cleaned.
        model: of the scene.
    """
    subspace = model.subspace
    part = without_impulses(raw, subspace)
    before = model.coefficients(part)
    taken = np.square(before - coefficients).sum(axis=0)
    kept = np.where(taken > stats.chi2.isf(_WITHIN, len(before)), before, coefficients)
    result = part.image.copy()
    subspace.restore(result, kept)
    used = subspace.used
    left = residual(part, subspace)[used].reshape(int(used.sum()), -1)
    signal, whole = _signal(left, subspace.vectors[:, used])
    back = signal * subspace.deviations[used, None]
    result[used] += np.where(np.isfinite(result[used]), back.reshape(-1, *result.shape[1:]), 0).astype(np.float32)
    # Of another material single bands are no impulses, but stand as they were measured.
    own = raw.known & whole.reshape(result.shape[1:])
    return np.where(own, raw.image, result)


def _signal(left: Image, vectors: NDArray[np.float64]) -> tuple[Image, NDArray[np.bool_]]:
    """What is no noise (bands, n) in what a subspace (directions, bands) leaves of spectra with unit noise.

    Beside it the pixels (n,) in which all of it is none.
    """
    free = len(left) - len(vectors)
    result = np.zeros_like(left)
    if free < 1:
        return result, np.zeros(left.shape[1], dtype=np.bool_)
    cut = np.clip(left, -_CUT, _CUT)
    basis = _smooth_basis(vectors, min(_NUM_SMOOTH, free))
    smooth = np.square(basis.T @ cut).sum(axis=0) > stats.chi2.isf(_SMOOTH, basis.shape[1])
    result[:, smooth] = basis @ (basis.T @ left[:, smooth])
    whole: NDArray[np.bool_] = np.square(cut).sum(axis=0) > stats.chi2.isf(_WHOLE, free)
    result[:, whole] = left[:, whole]
    return result, whole


def _smooth_basis(vectors: NDArray[np.float64], num: int) -> Image:
    """Smooth spectra (bands, num), orthonormal, outside a subspace (directions, bands)."""
    bands = vectors.shape[1]
    waves = np.cos(np.pi * np.outer(np.arange(bands) + 0.5, np.arange(num)) / bands)
    outside = waves - vectors.T @ (vectors @ waves)
    basis: Image = np.linalg.qr(outside)[0].astype(np.float32)
    return basis

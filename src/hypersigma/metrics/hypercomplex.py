"""The hypercomplex quality index Q2n: spectra as numbers of 2^n parts, compared block by block.

A. Garzelli and F. Nencini, Hypercomplex quality assessment of multi/hyper-spectral images, IEEE GRSL 6(4), 2009.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BLOCK = 32  # pixels each way


def hypercomplex_quality(one: Floats, other: Floats) -> float:
    """The index of the spectra (bands, n) of the pixels of one block of two images.

    2 |cov| / (var + var) times 2 |mean| |mean| / (|mean|^2 + |mean|^2), where cov is the mean of one spectrum times the
    conjugate of the other, less that of the means. Bands make up numbers of 2^n parts, the last zero, that multiply by
    the rule of Cayley and Dickson, (a, b) (c, d) = (a c - d* b, d a + b c*). A factor whose denominator is zero is 1.
    """
    means = one.mean(axis=1), other.mean(axis=1)
    powers = float(means[0] @ means[0]), float(means[1] @ means[1])
    parts = one - means[0][:, None], other - means[1][:, None]
    variances = sum(float(np.square(part).sum()) for part in parts) / one.shape[1]
    signs = _conjugated_signs(1 << (len(one) - 1).bit_length())[: len(one), : len(one)]
    index = np.arange(len(one))
    together = signs * (parts[0] @ parts[1].T) / one.shape[1]
    covariance = np.bincount((index[:, None] ^ index).ravel(), together.ravel())
    alike = 2.0 * float(np.linalg.norm(covariance)) / variances if variances > 0 else 1.0
    return alike * (2.0 * float(np.sqrt(powers[0] * powers[1])) / sum(powers) if sum(powers) > 0 else 1.0)


@lru_cache(maxsize=16)
def _conjugated_signs(num: int) -> Floats:
    """Signs (num, num) of part i of a number times part j of a conjugate one, which is of the part i xor j."""
    signs = _signs(num)
    signs[:, 1:] *= -1.0
    return signs


def _signs(num: int) -> Floats:
    """Signs (num, num) of part i times part j, by the rule of Cayley and Dickson."""
    if num == 1:
        return np.ones((1, 1))
    half = _signs(num // 2)
    conjugate = np.where(np.arange(num // 2) > 0, -1.0, 1.0)
    return np.block([[half, half.T], [half * conjugate, -half.T * conjugate]])

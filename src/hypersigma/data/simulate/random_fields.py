"""Random fields: the roughness of ground, terrain and vegetation as Gaussian fields of power-law spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

_MARGIN = 1.25  # fields are periodic; what is cut off keeps opposite borders from matching


def random_fields(
    generator: np.random.Generator, count: int, shape: tuple[int, int], exponent: float, size: float
) -> Field:
    """Independent Gaussian fields (count, rows, cols), each of mean 0 and variance 1.

    Their power is (f^2 + size^-2)^(-exponent / 2) at spatial frequency f: it falls with a power law, and patches much
    wider than `size` pixels are no likelier than that.
    """
    from scipy import fft

    rows, cols = (fft.next_fast_len(int(length * _MARGIN) + 1, real=True) for length in shape)
    frequency = np.hypot(fft.fftfreq(rows)[:, None], fft.rfftfreq(cols)[None])
    amplitude = (frequency**2 + size**-2.0) ** (-exponent / 4)
    amplitude[0, 0] = 0.0
    white = generator.standard_normal((count, rows, cols), dtype=np.float32)
    coloured = fft.irfft2(fft.rfft2(white) * amplitude.astype(np.float32), s=(rows, cols))
    cut: Field = coloured[:, : shape[0], : shape[1]]
    cut = cut - cut.mean(axis=(1, 2), keepdims=True)
    # a patch far wider than the scene leaves a plain, which stays one
    cut /= np.maximum(cut.std(axis=(1, 2), keepdims=True), np.float32(1e-6))
    return cut


def drawn(generator: np.random.Generator, pair: tuple[float, float]) -> float:
    """A number from a range, each alike likely."""
    return float(generator.uniform(*pair))


def drawn_size(generator: np.random.Generator, pair: tuple[float, float]) -> float:
    """A size from a range above 0; a doubling is as likely anywhere in it."""
    return float(np.exp(generator.uniform(*np.log(pair))))

"""A target that is named beforehand is not denoised away: what a matched filter hears of it stays as it was.

The filter of a target t over a background of mean m and covariance C answers w (x - m), w = C^-1 (t - m) / |t - m|_C^2,
to a spectrum x (Manolakis and Shaw, 2002). Of what a denoising took out of a pixel, r, the share (w r) (t - m) is put
back: then the filter answers the same before and after, and the noise of one direction out of all bands returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.moments import Whitening, moments, whitening

Image = NDArray[np.float32]

_LOADING = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetGuard:
    """The matched filter of a target in a scene.

    Attributes:
        used: (bands,) that the filter looks at.
        direction: t - m (used bands,).
        white: the whitening of the background.
        looked: t - m after it.
    """

    used: NDArray[np.bool_]
    direction: Image
    white: Whitening
    looked: Image

    @classmethod
    def of(
        cls, blocks: Callable[[], Iterable[Image]], target: NDArray[np.float64], used: NDArray[np.bool_]
    ) -> TargetGuard:
        """The guard of a target (bands,) over spectra that come in blocks (bands, n), complete ones alone."""
        found = moments(lambda: (block[used] for block in blocks()))
        white, _ = whitening(found, _LOADING)
        own = target[used].astype(np.float32)
        looked = white.apply(own[:, None])[:, 0]
        return cls(used=used, direction=own - found.mean.astype(np.float32), white=white, looked=looked)

    def kept(self, before: Image, after: Image) -> Image:
        """Denoised spectra (bands, rows, cols) with the target that they had before; incomplete pixels as they are."""
        flat = (bands[self.used].reshape(len(self.looked), -1) for bands in (before, after))
        heard = [self.looked @ self.white.apply(spectra) for spectra in flat]
        lost = (heard[0] - heard[1]) / (self.looked @ self.looked)
        result = after.copy()
        put = self.direction[:, None] * np.where(np.isfinite(lost), lost, 0.0)
        result[self.used] += put.reshape(-1, *after.shape[1:]).astype(np.float32)
        return result

"""The collaborative-representation detector: what a pixel's ring cannot say of it (Li & Du, 2015)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._ring import MIN_SAMPLES, Array, complete, ring_offsets

_RIDGE = 1e-9  # of |x|^2: a sample equal to its pixel does not make the regression singular
_BATCH_BYTES = 1 << 24  # samples of pixels held at once in double precision


def collaborative(padded: NDArray[Any], inner: int, outer: int, penalty: float) -> Array:
    """Norms of the residuals of pixels x regressed on the samples s_i of their rings: (h, w).

    The weights a minimise |x - S a|^2 + sum_i (penalty |x - s_i|^2 + 1e-9 |x|^2) a_i^2, so a sample counts the less
    the further it is from the pixel. Samples without data are left out, so neither borders of a scene nor the way it
    is cut into blocks changes a score.

    Args:
        padded: (bands, h + 2 r, w + 2 r) with r = outer // 2; NaN where there is no data or no scene.
        inner: width of the inner window in pixels, odd; the pixels inside are not used.
        outer: width of the outer window in pixels, odd.
        penalty: weight of the distances, lambda in the paper; 0 or above.

    Returns:
        Scores, NaN where a pixel has no data or its ring fewer than 3 samples.
    """
    valid, radius = complete(padded), outer // 2
    spectra = np.where(valid, padded, 0).reshape(len(padded), -1).T.copy()
    offsets = ring_offsets(inner, outer, valid.shape[1])
    inside = valid[radius:-radius, radius:-radius]
    rows, cols = np.nonzero(inside)
    corners, has_data = rows * valid.shape[1] + cols, valid.ravel()
    scores = np.full(inside.shape, np.nan)
    num = max(1, _BATCH_BYTES // (8 * len(offsets) * len(padded)))
    for start in range(0, len(corners), num):
        part = slice(start, start + num)
        places = corners[part, None] + offsets
        present = has_data[places]
        pixels = spectra[corners[part] + radius * (valid.shape[1] + 1)].astype(np.float64)
        residuals = _residuals(spectra[places].astype(np.float64), present, pixels, penalty)
        enough = present.sum(axis=1) >= MIN_SAMPLES
        scores[rows[part], cols[part]] = np.where(enough, np.linalg.norm(residuals, axis=1), np.nan)
    return scores


def _residuals(samples: Array, present: NDArray[np.bool_], pixels: Array, penalty: float) -> Array:
    """Residuals (p, bands) of pixels (p, bands) on their samples (p, n, bands), those that are present.

    With T the samples divided by the root of their penalties, the residual is (1 + T^T T)^-1 x, or
    x - T^T (1 + T T^T)^-1 T x where samples are fewer than bands.
    """
    distance = np.square(samples - pixels[:, None]).sum(axis=2)
    cost = penalty * distance + _RIDGE * np.square(pixels).sum(axis=1)[:, None]
    # A dark pixel of zeros costs nothing and leaves nothing, whatever it is regressed on.
    use = present & (cost > 0.0)
    scaled = samples * np.where(use, 1.0 / np.sqrt(np.where(use, cost, 1.0)), 0.0)[..., None]
    turned = scaled.swapaxes(1, 2)
    num, num_bands = samples.shape[1:]
    if num < num_bands:
        told = (scaled @ pixels[..., None])[..., 0]
        weights = np.linalg.solve(np.eye(num) + scaled @ turned, told[..., None])
        rest: NDArray[Any] = (pixels[..., None] - turned @ weights)[..., 0]
    else:
        rest = np.linalg.solve(np.eye(num_bands) + turned @ scaled, pixels[..., None])[..., 0]
    return rest

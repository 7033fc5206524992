"""Kernel RX: the Mahalanobis distance to background samples in the feature space of a Gaussian kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.errors import InputError

Array = NDArray[np.float64]

_TRUNCATION = 1e-3  # of the largest eigenvalue; components of the kernel below it are noise and left out
_BATCH_BYTES = 1 << 26  # kernel values held at once


def learn_kernel(samples: NDArray[Any], width: float | None) -> dict[str, NDArray[Any]]:
    """What `kernel_rx` needs of background samples (n, bands), all of it arrays (Kwon & Nasrabadi, 2005).

    The kernel k(x, y) = exp(-|x - y|^2 / (2 width^2)) is centred in feature space, K = H k H with H = 1 - 1 / n.

    Args:
        samples: (n, bands); samples with a missing number are left out.
        width: of the kernel, in the units of the samples; None for the median distance of two samples.

    Returns:
        samples: (n, bands) those that are complete.
        width: () the width used.
        projection: (n, components), U sqrt(n - 1) / lambda of K = U lambda U^T: from kernel values to components
            of unit variance. Components below 1e-3 of the largest eigenvalue are left out.
        offset: (components,) what the mean of the samples has of them.

    Raises:
        InputError: fewer than 3 complete samples.
    """
    background = samples[np.isfinite(samples).all(axis=1)].astype(np.float64)
    if len(background) < 3:
        raise InputError(f"{len(background)} background samples have numbers in all bands; give 3 at least")
    squares = _squares(background, background)
    used = _median_distance(squares) if width is None else float(width)
    kernel = np.exp(squares / (-2.0 * used**2))
    mean = kernel.mean(axis=0)
    values, vectors = np.linalg.eigh(kernel - mean - mean[:, None] + mean.mean())
    # A background of one spectrum has rounding for eigenvalues.
    kept = values > max(_TRUNCATION * values[-1], 1e-12 * len(values))
    # The vectors sum to zero, so of all the terms of a centred kernel value only the samples' means remain.
    projection = vectors[:, kept] * (np.sqrt(len(values) - 1.0) / values[kept])
    return {"samples": background, "width": np.array(used), "projection": projection, "offset": mean @ projection}


def kernel_rx(learned: Mapping[str, NDArray[Any]], pixels: NDArray[Any]) -> Array:
    """Squared Mahalanobis distances (m,) of pixels (m, bands) in feature space; NaN where a band is missing.

    The sum over components j of (u_j^T k(x))^2 (n - 1) / lambda_j^2, with k(x) the centred kernel of the pixel and
    all samples: feature component u_j^T k / sqrt(lambda_j) over its variance lambda_j / (n - 1).
    """
    scores = np.full(len(pixels), np.nan)
    places = np.flatnonzero(np.isfinite(pixels).all(axis=1))
    samples, width = learned["samples"], float(learned["width"].item())
    num = max(1, _BATCH_BYTES // (8 * len(samples)))
    for start in range(0, len(places), num):
        part = places[start : start + num]
        kernel = np.exp(_squares(pixels[part].astype(np.float64), samples) / (-2.0 * width**2))
        scores[part] = np.square(kernel @ learned["projection"] - learned["offset"]).sum(axis=1)
    return scores


def _squares(first: Array, second: Array) -> Array:
    """Squared distances (m, n) of spectra (m, bands) and (n, bands)."""
    # About the mean of the second, squares are not small differences of large numbers.
    centre = second.mean(axis=0)
    first, second = first - centre, second - centre
    products = np.square(first).sum(axis=1)[:, None] + np.square(second).sum(axis=1) - 2.0 * (first @ second.T)
    squares: Array = np.maximum(products, 0.0)
    return squares


def _median_distance(squares: Array) -> float:
    """The median distance of two different samples; 1 where all are alike, when any width is as good."""
    distances = np.sqrt(squares[np.triu_indices(len(squares), 1)])
    apart = distances[distances > 0.0]
    return float(np.median(apart)) if len(apart) else 1.0

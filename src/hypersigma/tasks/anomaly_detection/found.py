"""Likeness to what was found: the pixels that a coarse detector is surest of, taken as targets of their own.

Anomalies of a scene are often of one kind: aircraft beside aircraft. What a coarse detector ranks highest tells what
they are made of, and a matched detector then finds those that it ranks lower.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

Arrays = dict[str, NDArray[Any]]

_LOADING = 1e-2  # of the mean variance, on the diagonal of the background's covariance
_BACKGROUND = 0.98  # share of the pixels, those of the lowest coarse scores, that statistics are made of
_LEAST, _MOST = 5, 256  # pixels that are taken as targets
_CLOSEST = slice(1, 6)  # targets that a pixel is compared with: not the closest, which of a target is itself
_PIXELS_AT_ONCE = 1 << 13  # that are compared with targets


def learn_found(vectors: NDArray[Any], scores: NDArray[Any], share: float) -> Arrays:
    """What the highest scores of a scene look like.

    Args:
        vectors: (n, D) that describe the pixels.
        scores: (n,) coarse ones.
        share: of the pixels, those of the highest scores, that are taken as targets.
    """
    order = np.argsort(scores, kind="stable")
    background = vectors[order[: max(2, int(_BACKGROUND * len(order)))]].astype(np.float64)
    mean = background.mean(axis=0)
    covariance = np.atleast_2d(np.cov(background.T))
    load = max(_LOADING * float(np.trace(covariance)) / len(mean), 1e-30)
    root = np.linalg.cholesky(covariance + load * np.eye(len(mean)))
    matrix = solve_triangular(root, np.eye(len(mean)), lower=True)
    num_found = min(max(_LEAST, round(share * len(order))), len(order))
    found = order[::-1][:num_found]
    if num_found > _MOST:
        found = found[np.round(np.linspace(0, num_found - 1, _MOST)).astype(np.intp)]
    return {"mean": mean, "matrix": matrix, "targets": _directions(matrix @ (vectors[found] - mean).T)}


def likeness(learned: Arrays, vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Mean squared cosine (n,) of pixels (n, D) to the closest targets but one, whitened; NaN stays.

    It is rounded once, so that it does not differ by what else is asked for: ranks would tell.
    """
    matrix, mean, targets = (learned[name].astype(np.float64) for name in ("matrix", "mean", "targets"))
    result = np.empty(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors), _PIXELS_AT_ONCE):
        part = slice(start, start + _PIXELS_AT_ONCE)
        cosines = np.maximum(targets.T @ _directions(matrix @ (vectors[part] - mean).T), 0.0)
        closest = np.sort(cosines, axis=0)[::-1][_CLOSEST if len(cosines) > 1 else slice(None)]
        result[part] = (closest**2).mean(axis=0)
    return result


def _directions(white: NDArray[Any]) -> NDArray[Any]:
    """Columns (D, n) brought to length 1."""
    directions: NDArray[Any] = white / np.maximum(np.linalg.norm(white, axis=0), 1e-20)
    return directions

"""The background of a scene as the detectors learn it: whitening, principal components, projected targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._detector import Array, Learned, View
from hypersigma.data.moments import SHRINKAGE, Moments, Whitening, moments, whitening
from hypersigma.errors import InputError


def learn_whitening(
    view: View, *, loading: float = 0.0, about_mean: bool = True, cleaned: float = 0.0
) -> tuple[Learned, list[str]]:
    """Whitening of the scene's background, with the whitened target where there is one.

    Args:
        view: of the scene.
        loading: share of the mean variance put on the diagonal.
        about_mean: False for the correlation in place of the covariance.
        cleaned: share of the pixels, those most like the target, that are then left out and statistics made anew.
    """
    white, notes = _whitening(moments(view.blocks), view, loading, about_mean)
    if cleaned and view.target is not None:
        white, notes = _whitening(moments(_without_likest(view, white, cleaned)), view, loading, about_mean)
    # kept in the precision that it needs
    matrix = white.matrix.astype(np.float32 if white.single else np.float64)
    learned: Learned = {"mean": white.mean, "whitening": matrix}
    if view.target is not None:
        learned["target"] = white.apply(view.target[:, None]).astype(np.float64)[:, 0]
        if not np.linalg.norm(learned["target"]) > 0:
            raise InputError("the target equals the background's mean; nothing tells it apart, give another spectrum")
    return learned, notes


def whitened(learned: Learned, spectra: Array) -> Array:
    """Whitened spectra (bands, n)."""
    matrix = learned["whitening"]
    return Whitening(mean=learned["mean"], matrix=matrix, single=matrix.dtype == np.float32).apply(spectra)


def cosine(white: NDArray[Any], target: NDArray[np.float64]) -> NDArray[Any]:
    """Cosine (n,) of the angle between whitened spectra (bands, n) and a whitened target (bands,)."""
    direction = (target / np.linalg.norm(target)).astype(np.float32)
    lengths = np.sqrt(squared_lengths(white))
    cosines: NDArray[Any] = (direction @ white) / np.maximum(lengths, np.float32(1e-20))
    return cosines


def squared_lengths(vectors: NDArray[Any]) -> NDArray[Any]:
    """Squared lengths (n,) of vectors (D, n)."""
    lengths: NDArray[Any] = np.einsum("bn,bn->n", vectors, vectors)
    return lengths


def filtered(learned: Learned, spectra: Array) -> NDArray[Any]:
    """The whitened target's part (n,) of spectra (bands, n): 1 for the target itself, 0 for the mean."""
    target = learned["target"]
    part: NDArray[Any] = (target / (target @ target)).astype(np.float32) @ whitened(learned, spectra)
    return part


def principal_components(found: Moments, num: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The leading eigenvectors (num, bands) of the covariance and its eigenvalues (num,), at most one a band."""
    values, vectors = np.linalg.eigh(found.covariance)
    leading = vectors[:, ::-1][:, :num].T
    # a sign of its own would differ from machine to machine
    largest = np.abs(leading).argmax(axis=1)
    signs = np.sign(leading[np.arange(len(leading)), largest])
    return leading * signs[:, None], np.maximum(values[::-1][:num], 0.0)


def _whitening(found: Moments, view: View, loading: float, about_mean: bool) -> tuple[Whitening, list[str]]:
    """The whitening, and what had to be done for it."""
    white, shrunk = whitening(found, loading, about_mean=about_mean)
    num_bands = len(view.bands.indices)
    few = f"{found.num_pixels} pixels for {num_bands} bands" if found.num_pixels <= num_bands else "dependent bands"
    if not shrunk:
        told = f"the covariance is singular ({few}): it is inverted by the {loading:g} of loading on its diagonal alone"
        return white, [told] if found.num_pixels <= num_bands else []
    return white, [f"the covariance is singular ({few}): {SHRINKAGE:g} of the mean variance was put on its diagonal"]


def _without_likest(view: View, white: Whitening, share: float) -> Callable[[], Iterator[Array]]:
    """What reads the pixels of a scene, block by block, without those most like the target."""
    assert view.target is not None
    target = white.apply(view.target[:, None]).astype(np.float64)[:, 0]

    def likeness(spectra: Array) -> NDArray[Any]:
        return cosine(white.apply(spectra), target)

    sample = np.concatenate([likeness(view.pixels(window)) for window in view.sampled()])
    limit = np.quantile(sample, 1 - share)
    return lambda: (spectra[:, likeness(spectra) <= limit] for spectra in view.blocks())

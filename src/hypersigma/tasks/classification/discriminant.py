"""The linear discriminant of labelled pixels: what their spectra say without any context."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.labels import LabelledScene
from hypersigma.tasks._contract import ChannelReader
from hypersigma.tiling import blocks

_BLOCK = 64  # pixels; side of the blocks in which labelled pixels are read
_MOST = 20_000  # labelled pixels; more change a covariance of some hundred channels no further


def labelled_samples(
    inputs: Sequence[LabelledScene], readers: Sequence[ChannelReader]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Channels (n, C) and classes (n,) of the labelled pixels with data."""
    samples, classes = [], []
    for scene, reader in zip(inputs, readers, strict=True):
        for window in blocks(*scene.cube.shape[1:], _BLOCK):
            labels = scene.labels[window.slices]
            if labels.any():
                channels = reader.read(window)
                chosen = (labels > 0) & np.isfinite(channels).all(axis=0)
                samples.append(channels[:, chosen].T)
                classes.append(labels[chosen])
    return np.concatenate(samples), np.concatenate(classes)


def shrinkage_discriminant(
    samples: NDArray[np.float32], classes: NDArray[np.int32], num_classes: int
) -> NDArray[np.float32]:
    """Weights (K, C + 1) of a linear discriminant, the constant last; a class without samples is never chosen.

    Classes share one covariance, shrunk as Ledoit and Wolf (2004) have it, and are as likely as they are frequent
    among the labels.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    present, counts = np.unique(classes, return_counts=True)
    if len(classes) > _MOST:
        # A cap a class, not a draw from all: a rare class keeps every label it has.
        generator = np.random.default_rng(0)
        own = [generator.permutation(np.flatnonzero(classes == value)) for value in present]
        drawn = np.concatenate([places[: _MOST // len(present)] for places in own])
        samples, classes = samples[drawn], classes[drawn]
    weights = np.zeros((num_classes, samples.shape[1] + 1), dtype=np.float32)
    weights[:, -1] = -1e9
    if len(present) == 1:
        weights[present - 1, -1] = 0.0
        return weights
    with warnings.catch_warnings():
        # A class of one sample says nothing about the covariance, which the others make up for.
        warnings.filterwarnings("ignore", message="Only one sample available")
        fitted = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=counts / counts.sum())
        fitted.fit(samples, np.searchsorted(present, classes))
    slopes, constants = fitted.coef_, fitted.intercept_
    if len(present) == 2:
        # Two classes are told apart by one function: it speaks for the second.
        slopes, constants = np.vstack([0 * slopes, slopes]), np.concatenate([0 * constants, constants])
    weights[present - 1] = np.column_stack([slopes, constants])
    return weights

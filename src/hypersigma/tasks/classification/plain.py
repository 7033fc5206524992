"""Logistic regression on labelled pixels: what spectra and nearest surroundings say without any context."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.labels import LabelledScene
from hypersigma.data.threads import one_thread
from hypersigma.tasks._contract import ChannelReader
from hypersigma.tiling import blocks

_BLOCK = 64  # pixels; side of the blocks in which labelled pixels are read
_MOST = 20_000  # labelled pixels; more change weights of some hundred channels no further
_PENALTY = 1e-3
_MOST_ROUNDS = 300  # of the solver; where classes come apart, weights grow on and on, to no purpose


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


def logistic_weights(
    samples: NDArray[np.float32], classes: NDArray[np.int32], num_classes: int, features: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Weights (K, C + 1) of multinomial logistic regression, the constant last.

    A class without samples is never chosen. Minimised is the mean cross-entropy plus `_PENALTY` / 2 times the squared
    weights of the standardised features (Hastie, Tibshirani, Friedman, 2009, section 4.4): the same for few labels
    and for many.

    Args:
        samples: (n, C) channels.
        classes: (n,) from 1.
        num_classes: K.
        features: (F, C) linear functions of the channels that the weights are held small in.
    """
    from sklearn.linear_model import LogisticRegression

    present = np.unique(classes)
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
    told = samples.astype(np.float64) @ features.T
    mean, deviation = told.mean(axis=0), told.std(axis=0)
    deviation[deviation < 1e-9] = np.inf
    with one_thread():  # sums in a fixed order: the same labels give the same map
        fitted = LogisticRegression(C=1.0 / (_PENALTY * len(classes)), max_iter=_MOST_ROUNDS)
        fitted.fit((told - mean) / deviation, classes)
    slopes, constants = fitted.coef_ / deviation, fitted.intercept_
    constants = constants - slopes @ mean
    slopes = slopes @ features
    if len(present) == 2:
        # Two classes are told apart by one function: it speaks for the second.
        slopes, constants = np.vstack([0 * slopes, slopes]), np.concatenate([0 * constants, constants])
    weights[present - 1] = np.column_stack([slopes, constants])
    return weights

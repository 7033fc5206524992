"""Spectra with noise, shrunk towards what smooth spectra are like.

A spectrum is taken as a draw from a Gaussian process along the bands, by itself or times the mean spectrum of its
scene, whose absorptions a sensor sees in every direction alike. How smooth it is, how strong, and which of the two, is
what makes it most likely (type II maximum likelihood; Rasmussen and Williams, 2006, chapter 5), so that rough spectra
stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SMOOTH = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)  # bands over which a smooth spectrum stays alike
_POWERS = np.geomspace(1e-3, 10.0, 25)  # over what a spectrum has


class Process(NamedTuple):
    """A process of unit strength: eigenvalues (bands,) and vectors (bands, bands) where noise has variance 1."""

    values: Floats
    vectors: Floats


class Processes(NamedTuple):
    """What spectra of a scene may be like."""

    smooth: tuple[Process, ...]
    rough: tuple[Process, ...]


class Shrunk(NamedTuple):
    """A spectrum (bands,) without most of its noise, and the logarithm of how much likelier a smooth one is."""

    spectrum: Floats
    smoothness: float


def processes(mean: Floats, deviations: Floats) -> Processes:
    """The processes for spectra of a scene.

    Args:
        mean: (bands,) of the scene.
        deviations: (bands,) of the noise up to a factor, all positive.
    """
    return Processes(tuple(_smooth(mean, deviations)), tuple(_rough(mean, deviations)))


def shrunk(spectrum: Floats, deviations: Floats, kinds: Processes) -> Shrunk:
    """What is expected of a spectrum given that it has noise.

    Args:
        spectrum: (bands,).
        deviations: (bands,) of its noise, those of `kinds` but for a factor.
        kinds: what it may be like.
    """
    white = spectrum / deviations
    smooth, rough = (max((_fitted(white, kind) for kind in some), key=lambda fit: fit[0]) for some in kinds)
    best = max(smooth, rough, key=lambda fit: fit[0])
    return Shrunk(best[1] * deviations, smooth[0] - rough[0])


def _smooth(mean: Floats, deviations: Floats) -> Iterator[Process]:
    """Matern processes of order 1/2 and 3/2."""
    distances = np.abs(np.subtract.outer(np.arange(len(mean)), np.arange(len(mean))))
    for shape in _shapes(mean):
        for length in _SMOOTH:
            far = distances / length
            for kernel in (np.exp(-far), (1 + np.sqrt(3) * far) * np.exp(-np.sqrt(3) * far)):
                yield _process(kernel * np.outer(shape, shape), deviations)


def _rough(mean: Floats, deviations: Floats) -> Iterator[Process]:
    """Processes in which bands have nothing, or next to nothing, to do with each other."""
    distances = np.abs(np.subtract.outer(np.arange(len(mean)), np.arange(len(mean))))
    for shape in _shapes(mean):
        for kernel in (np.eye(len(mean)), np.exp(-distances)):
            yield _process(kernel * np.outer(shape, shape), deviations)


def _shapes(mean: Floats) -> tuple[Floats, ...]:
    """What a process is multiplied by: nothing, and the mean spectrum where there is one."""
    power = np.sqrt(np.square(mean).mean())
    return (np.ones(len(mean)), *((np.abs(mean) / power,) if power > 0 else ()))


def _process(covariance: Floats, deviations: Floats) -> Process:
    """A process of mean variance 1 in spectra over the deviations of their noise."""
    white = covariance / np.outer(deviations, deviations)
    values, vectors = np.linalg.eigh(white / max(np.trace(white) / len(white), np.finfo(np.float64).tiny))
    return Process(np.maximum(values, 0.0), vectors)


def _fitted(white: Floats, process: Process) -> tuple[float, Floats]:
    """The likelihood (logarithm) of a spectrum whose noise has unit variance, and what is expected of it."""
    turned = process.vectors.T @ white
    strengths = _POWERS[:, None] * np.square(white).mean()
    variances = 1 + strengths * process.values
    likelihoods = -0.5 * (np.square(turned) / variances + np.log(variances)).sum(axis=1)
    best = int(np.argmax(likelihoods))
    return float(likelihoods[best]), process.vectors @ ((1 - 1 / variances[best]) * turned)

"""From class probabilities to a map and a confidence one can believe.

There are two answers for a pixel: a network's, in the context that it has learned, and a plain one, of its spectrum
and nearest surroundings (logistic regression). Near labelled ground both count alike. On ground that was never
labelled context misleads, and the plain answer holds better. How near a pixel is to labels is how likely a random
walk from it, which does not like to cross edges, meets one before it tires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.class_maps import class_arrays, class_layers
from hypersigma.data.diffusion import STEPS, Bonds, spread, spread_probabilities
from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend
from hypersigma.tasks._contract import ChannelReader, Held
from hypersigma.tiling import Window

Array = NDArray[np.float32]
Labels = NDArray[np.int32]

REACH = 2 * STEPS  # spreading looks at answers whose mixture looks at labels
CERTAIN = 1e3  # weight of a labelled pixel's own value
TIRING = 0.003  # chance, against that of a step, that the walk of `nearness` ends
FAR, NEAR = 0.2, 0.4  # chances of meeting a label between which a pixel goes from far to near
CONTEXT_NEAR = 0.5  # share of the answer in context near labels: two that err apart are better than one
_LEAST_FAR = 100  # held-out labels far from others that must speak for the weight of context there
_CONTEXT_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_TEMPERATURES = np.geomspace(0.25, 8.0, 81)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was settled on held-out labels.

    Attributes:
        fidelity: weight of a pixel's own probabilities when they spread within regions; 0 = no spreading.
        context_far: share of the answer in context, against that of the spectrum alone, far from labelled ground.
        temperature: probabilities are raised to 1 / temperature, so that confidence matches accuracy.
    """

    fidelity: float = 0.0
    context_far: float = 0.0
    temperature: float = 1.0

    @property
    def halo(self) -> int:
        return REACH if self.fidelity else STEPS

    def probabilities(self, quantities: Array, channels: ChannelReader, window: Window, labels: Labels) -> Array:
        """Calibrated class probabilities (K, h, w), NaN = no data, of both answers (2 K, h, w)."""
        bonds = channels.bonds(window)
        context, plain = np.split(quantities, 2)
        share = self.context_far + (CONTEXT_NEAR - self.context_far) * nearness(labels > 0, bonds)
        mixed = (share * context + (1.0 - share) * plain).astype(np.float32)
        known = labels > 0
        classes = np.arange(1, len(mixed) + 1)[:, None, None]
        mixed = np.where(known & np.isfinite(mixed), (labels == classes).astype(np.float32), mixed)
        if self.fidelity:
            fidelity = np.where(known, CERTAIN, self.fidelity).astype(np.float32)
            mixed = spread_probabilities(mixed, bonds, fidelity)
        return tempered(mixed, self.temperature)

    def finish(
        self, quantities: Array, channels: ChannelReader, window: Window, labels: Labels
    ) -> dict[str, NDArray[Any]]:
        """The likeliest class of each pixel (0 = no data) and its probability."""
        return class_arrays(self.probabilities(quantities, channels, window, labels))

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        """The map with its classes and the confidence."""
        return class_layers(
            arrays, georef, legend, "Probability of that class, calibrated on labels held out from training."
        )


def nearness(labelled: NDArray[np.bool_], bonds: Bonds) -> Array:
    """How near to labelled pixels each pixel (rows, cols) is, from 0 to 1."""
    if not labelled.any():
        return np.zeros(labelled.shape, dtype=np.float32)
    weight = np.where(labelled, CERTAIN, TIRING).astype(np.float32)
    chance = spread(labelled[None].astype(np.float32), bonds, weight)[0]
    near: Array = np.clip((chance - FAR) / (NEAR - FAR), 0.0, 1.0)
    return near


def tempered(probabilities: Array, temperature: float) -> Array:
    """Probabilities (K, ...) raised to 1 / temperature and normalised."""
    # No class is impossible: one held-out label of probability 0 would outweigh all others in the likelihood.
    powered = np.maximum(probabilities, 1e-6) ** np.float32(1.0 / temperature)
    normalised: Array = powered / powered.sum(axis=0, keepdims=True)
    return normalised


def settle(spreading: Sequence[float], held: Sequence[Held]) -> Decision:
    """The decision that held-out labels speak for; where there are none, probabilities are left as they are.

    First the weight of context far from labels with the most labels right, if enough of them lie far from others;
    then the spreading under which held-out labels are likeliest at the best temperature (Guo et al., ICML 2017), which
    tells candidates apart with few labels. The lesser is taken where two are equal.
    """
    if not held:
        return Decision()
    best = Decision()
    if _num_far(held) >= _LEAST_FAR:
        weights = (replace(best, context_far=weight) for weight in _CONTEXT_WEIGHTS)
        best = max(weights, key=lambda candidate: _num_right(candidate, held))
    # From none over little to much: `max` takes the first of equals.
    widths = sorted(spreading, key=lambda value: -value if value else -np.inf)
    best = max(
        (replace(best, fidelity=fidelity) for fidelity in widths),
        key=lambda candidate: _fitted_temperature(candidate, held)[1],
    )
    return replace(best, temperature=_fitted_temperature(best, held)[0])


def _num_far(held: Sequence[Held]) -> int:
    """Held-out labels that lie far from those learned from."""
    return sum(
        int(((item.truth > 0) & (nearness(item.labels > 0, item.channels.bonds(item.window)) < 0.5)).sum())
        for item in held
    )


def _num_right(decision: Decision, held: Sequence[Held]) -> int:
    """Held-out labels that a decision gets right."""
    probabilities, truth = pooled(decision, held)
    return int((probabilities.argmax(axis=0) + 1 == truth).sum())


def pooled(decision: Decision, held: Sequence[Held]) -> tuple[Array, Labels]:
    """Probabilities (K, n) and truth (n,) of all held-out labels with data."""
    parts, truths = [], []
    for item in held:
        probabilities = decision.probabilities(item.quantities, item.channels, item.window, item.labels)
        chosen = (item.truth > 0) & np.isfinite(probabilities).all(axis=0)
        parts.append(probabilities[:, chosen])
        truths.append(item.truth[chosen])
    return np.concatenate(parts, axis=1), np.concatenate(truths)


def _fitted_temperature(decision: Decision, held: Sequence[Held]) -> tuple[float, float]:
    """The temperature under which held-out labels are likeliest, and their mean log-likelihood; (1, 0) without any."""
    probabilities, truth = pooled(decision, held)
    if not len(truth):
        return 1.0, 0.0
    index = np.arange(len(truth))
    likelihoods = [
        float(np.log(tempered(probabilities, float(temperature))[truth - 1, index]).mean())
        for temperature in _TEMPERATURES
    ]
    best = int(np.argmax(likelihoods))
    return float(_TEMPERATURES[best]), likelihoods[best]

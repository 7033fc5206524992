"""From class probabilities to a map and a confidence one can believe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.diffusion import STEPS, diffuse, mean_square_difference
from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend
from hypersigma.tasks._contract import ChannelReader, Held
from hypersigma.tiling import Window

Array = NDArray[np.float32]

REACH = STEPS
_NUM_GUIDES = 5  # leading channels that tell regions apart
_TEMPERATURES = np.geomspace(0.25, 4.0, 65)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was settled on held-out labels.

    Attributes:
        fidelity: weight of a pixel's own probabilities when they spread within regions; 0 = no spreading.
        contrast_scale: mean squared difference of neighbours in the guiding channels of the fitted scenes.
        temperature: probabilities are raised to 1 / temperature, so that confidence matches accuracy.
    """

    fidelity: float = 0.0
    contrast_scale: float = 1.0
    temperature: float = 1.0

    @property
    def halo(self) -> int:
        return REACH if self.fidelity else 0

    def probabilities(self, quantities: Array, channels: ChannelReader, window: Window) -> Array:
        """Calibrated class probabilities (K, h, w), NaN = no data."""
        spread = quantities
        if self.fidelity:
            guide = channels.read(window)[:_NUM_GUIDES]
            spread = diffuse(quantities, guide, self.fidelity, self.contrast_scale)
        return tempered(spread, self.temperature)

    def finish(self, quantities: Array, channels: ChannelReader, window: Window) -> dict[str, NDArray[Any]]:
        """The likeliest class of each pixel (0 = no data) and its probability."""
        probabilities = self.probabilities(quantities, channels, window)
        known = np.isfinite(probabilities).all(axis=0)
        likeliest = np.where(known, np.argmax(np.where(known, probabilities, 0.0), axis=0) + 1, 0)
        kind = np.uint8 if len(probabilities) < 256 else np.uint16
        return {"map": likeliest.astype(kind), "confidence": np.where(known, probabilities.max(axis=0), np.nan)}

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        """The map with its classes and the confidence."""
        return (
            Layer(
                name="map",
                array=arrays["map"],
                kind="classes",
                georef=georef,
                legend=legend,
                description="The likeliest class of each pixel.",
            ),
            Layer(
                name="confidence",
                array=arrays["confidence"],
                kind="score",
                georef=georef,
                units="probability",
                description="Probability of that class, calibrated on labels held out from training.",
            ),
        )


def tempered(probabilities: Array, temperature: float) -> Array:
    """Probabilities (K, ...) raised to 1 / temperature and normalised."""
    powered = np.maximum(probabilities, 1e-6) ** np.float32(1.0 / temperature)
    normalised: Array = powered / powered.sum(axis=0, keepdims=True)
    return normalised


def settle(spreading: Sequence[float], held: Sequence[Held]) -> Decision:
    """The decision that held-out labels speak for.

    The spreading with the most held-out labels right, the lesser where two are equal; then the temperature of the
    least negative log-likelihood (Guo et al., ICML 2017).
    """
    if not held:
        return Decision(fidelity=min(spreading))
    scale = float(np.mean([mean_square_difference(item.channels.read(item.window)[:_NUM_GUIDES]) for item in held]))
    best, best_right, best_pair = Decision(contrast_scale=scale), -1.0, None
    # 0 is no spreading; then from little to much.
    for fidelity in sorted(spreading, key=lambda value: -value if value else -np.inf):
        candidate = Decision(fidelity=fidelity, contrast_scale=scale)
        probabilities, truth = pooled(candidate, held)
        right = float(np.mean(probabilities.argmax(axis=0) + 1 == truth)) if len(truth) else 0.0
        if right > best_right:
            best, best_right, best_pair = candidate, right, (probabilities, truth)
    assert best_pair is not None
    return Decision(fidelity=best.fidelity, contrast_scale=scale, temperature=_temperature(*best_pair))


def pooled(decision: Decision, held: Sequence[Held]) -> tuple[Array, NDArray[np.int32]]:
    """Probabilities (K, n) and truth (n,) of all held-out labels with data."""
    parts, truths = [], []
    for item in held:
        probabilities = decision.probabilities(item.quantities, item.channels, item.window)
        chosen = (item.truth > 0) & np.isfinite(probabilities).all(axis=0)
        parts.append(probabilities[:, chosen])
        truths.append(item.truth[chosen])
    return np.concatenate(parts, axis=1), np.concatenate(truths)


def _temperature(probabilities: Array, truth: NDArray[np.int32]) -> float:
    """The temperature under which the truth is likeliest."""
    if not len(truth):
        return 1.0
    index = np.arange(len(truth))
    likelihoods = [
        float(np.log(tempered(probabilities, float(temperature))[truth - 1, index]).mean())
        for temperature in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmax(likelihoods))])

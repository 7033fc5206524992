"""From class probabilities to a map and a confidence one can believe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.class_maps import class_arrays, class_layers
from hypersigma.data.diffusion import STEPS, diffuse, mean_square_difference
from hypersigma.georef import Georef
from hypersigma.products import Layer, Legend
from hypersigma.tasks._contract import ChannelReader, Held
from hypersigma.tiling import Window

Array = NDArray[np.float32]

REACH = STEPS
LEADING = (0, 1, 2, 3, 4)
_TEMPERATURES = np.geomspace(0.25, 4.0, 65)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was settled on held-out labels.

    Attributes:
        fidelity: weight of a pixel's own probabilities when they spread within regions; 0 = no spreading.
        guides: channels that tell regions apart.
        contrast_scale: mean squared difference of neighbours in the guiding channels of the fitted scenes.
        temperature: probabilities are raised to 1 / temperature, so that confidence matches accuracy.
    """

    fidelity: float = 0.0
    guides: tuple[int, ...] = LEADING
    contrast_scale: float = 1.0
    temperature: float = 1.0

    @property
    def halo(self) -> int:
        return REACH if self.fidelity else 0

    def probabilities(self, quantities: Array, channels: ChannelReader, window: Window) -> Array:
        """Calibrated class probabilities (K, h, w), NaN = no data."""
        spread = quantities
        if self.fidelity:
            guide = _guide(channels, window, self.guides)
            spread = diffuse(quantities, guide, self.fidelity, self.contrast_scale)
        return tempered(spread, self.temperature)

    def finish(self, quantities: Array, channels: ChannelReader, window: Window) -> dict[str, NDArray[Any]]:
        """The likeliest class of each pixel (0 = no data) and its probability."""
        return class_arrays(self.probabilities(quantities, channels, window))

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None, legend: Legend) -> tuple[Layer, ...]:
        """The map with its classes and the confidence."""
        return class_layers(
            arrays, georef, legend, "Probability of that class, calibrated on labels held out from training."
        )


def tempered(probabilities: Array, temperature: float) -> Array:
    """Probabilities (K, ...) raised to 1 / temperature and normalised."""
    # No class is impossible: one held-out label of probability 0 would outweigh all others in the likelihood.
    powered = np.maximum(probabilities, 1e-6) ** np.float32(1.0 / temperature)
    normalised: Array = powered / powered.sum(axis=0, keepdims=True)
    return normalised


def spread_over(num_channels: int) -> tuple[int, ...]:
    """As many guides as leading ones, spread over channels that are bands: the first of these are the noisiest."""
    inner = np.linspace(0, num_channels - 1, len(LEADING) + 2)[1:-1]
    return tuple(int(index) for index in np.unique(inner.round()))


def settle(spreading: Sequence[float], held: Sequence[Held], guides: tuple[int, ...] = LEADING) -> Decision:
    """The decision that held-out labels speak for; where there are none, probabilities are left as they are.

    The spreading with the most held-out labels right, the lesser where two are equal; then the temperature of the
    least negative log-likelihood (Guo et al., ICML 2017).
    """
    if not held:
        return Decision()
    scale = float(np.mean([mean_square_difference(_guide(item.channels, item.window, guides)) for item in held]))
    found = []
    # From none over little to much: `max` takes the first of equals.
    for fidelity in sorted(spreading, key=lambda value: -value if value else -np.inf):
        candidate = Decision(fidelity=fidelity, guides=guides, contrast_scale=scale)
        probabilities, truth = pooled(candidate, held)
        num_right = int((probabilities.argmax(axis=0) + 1 == truth).sum())
        found.append((num_right, candidate, probabilities, truth))
    _, best, probabilities, truth = max(found, key=lambda item: item[0])
    return replace(best, temperature=_temperature(probabilities, truth))


def _guide(channels: ChannelReader, window: Window, guides: tuple[int, ...]) -> Array:
    """The guiding channels (at most all there are, h, w) of a window."""
    array = channels.read(window)
    return array[[index for index in guides if index < len(array)]]


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
    """The temperature under which the truth (n,) is likeliest, given probabilities (K, n); 1 without any truth."""
    if not len(truth):
        return 1.0
    index = np.arange(len(truth))
    likelihoods = [
        float(np.log(tempered(probabilities, float(temperature))[truth - 1, index]).mean())
        for temperature in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmax(likelihoods))])

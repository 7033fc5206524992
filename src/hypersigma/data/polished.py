"""Denoised images polished by a network that learned on other scenes what filters of patches leave.

The network, `polishing.npz`, learned on principal components of scenes and photographs with simulated noise
(`benchmarks/polishing.py`) and is the same for any sensor: it sees images of directions, one at a time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.learned import learned

if TYPE_CHECKING:
    from hypersigma.nn.polishing import Polishing

Image = NDArray[np.float32]

_DEVIATIONS = 3.0  # beyond what white noise would give, from which means of rows or columns tell of lines


def polished(noisy: Image, clean: Image) -> Image:
    """Filtered images (directions, rows, cols), nearer to those without noise.

    The network learned on white noise alone. Where a filter took out lines, stripes that were left in a scene, it would
    put some of them back: such a direction stays as it was filtered.

    Args:
        noisy: (directions, rows, cols), whose noise is white with unit variance.
        clean: (directions, rows, cols), what a filter made of them.
    """
    import torch

    from hypersigma.nn.doubling import turned_about

    result = np.empty_like(clean)
    for target, images in zip(result, zip(noisy, clean, strict=True), strict=True):
        if _has_lines(images[0] - images[1]):
            target[:] = images[1]
            continue
        pair = (torch.from_numpy(np.ascontiguousarray(image))[None, None] for image in images)
        with torch.inference_mode():
            target[:] = turned_about(_network(), *pair)[0, 0].numpy()
    return result


def _has_lines(noise: Image) -> bool:
    """Whether rows or columns of noise (rows, cols) differ in their means by more than those of white noise would.

    Means of m numbers each vary by 1 / m of the variance; of n such means this share itself has a deviation of
    sqrt(2 / (n - 1)).
    """
    variance = float(noise.var(dtype=np.float64))
    for axis in (0, 1):
        means = noise.mean(axis=axis, dtype=np.float64)
        most = 1 + _DEVIATIONS * np.sqrt(2 / max(len(means) - 1, 1))
        if means.var() * noise.shape[axis] > most * variance:
            return True
    return False


@lru_cache(maxsize=1)
def _network() -> Polishing:
    """The network with what it learned."""
    from hypersigma.nn.polishing import Polishing

    return learned(Polishing(), "polishing.npz")

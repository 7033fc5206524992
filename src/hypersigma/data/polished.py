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


def polished(noisy: Image, clean: Image) -> Image:
    """Filtered images (directions, rows, cols), nearer to those without noise.

    Args:
        noisy: (directions, rows, cols), whose noise is white with unit variance.
        clean: (directions, rows, cols), what a filter made of them.
    """
    import torch

    from hypersigma.nn.doubling import turned_about

    result = np.empty_like(clean)
    for target, images in zip(result, zip(noisy, clean, strict=True), strict=True):
        pair = (torch.from_numpy(np.ascontiguousarray(image))[None, None] for image in images)
        with torch.inference_mode():
            target[:] = turned_about(_network(), *pair)[0, 0].numpy()
    return result


@lru_cache(maxsize=1)
def _network() -> Polishing:
    """The network with what it learned."""
    from hypersigma.nn.polishing import Polishing

    return learned(Polishing(), "polishing.npz")

"""Pictures of a harvest: all squares are drawn in the colour of what became of them."""

from __future__ import annotations

from io import BytesIO

import matplotlib.image
import numpy as np

from hypersigma import canvas
from hypersigma.viz.patch_pictures import patch_map, share_histograms


def seen(picture: bytes, color: str) -> int:
    """How many pixels of a picture have a colour."""
    pixels = np.rint(matplotlib.image.imread(BytesIO(picture), format="png")[..., :3] * 255).astype(int)
    return int((np.abs(pixels - np.array(list(bytes.fromhex(color[1:])))).max(axis=-1) <= 8).sum())


def test_squares_of_a_scene() -> None:
    quicklook = np.zeros((20, 30, 4), np.uint8)
    kept = [(0, 0), (0, 64)]
    picture = patch_map(quicklook, (200, 300), {"kept": kept, "cloud": [(64, 0)]}, 64)
    alone = patch_map(quicklook, (200, 300), {"kept": kept}, 64)
    assert seen(picture, canvas.CYCLE[2]) > 100
    assert seen(picture, canvas.CYCLE[1]) > 100
    assert seen(alone, canvas.CYCLE[1]) == 0
    assert patch_map(quicklook, (200, 300), {"kept": kept}, 64) == alone


def test_histograms_show_shares_and_limits() -> None:
    shares = {"missing": [0.0, 0.02, 0.5], "cloud": []}
    picture = share_histograms(shares, {"missing": 0.01, "cloud": 0.5})
    assert seen(picture, canvas.CYCLE[0]) > 100
    assert seen(picture, canvas.CYCLE[1]) > 50

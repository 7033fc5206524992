"""Pictures of a harvest: all squares are drawn in the colour of what became of them."""

from __future__ import annotations

from io import BytesIO

import matplotlib.image
import numpy as np
import pytest

from hypersigma import canvas
from hypersigma.viz.patch_pictures import patch_map, share_histograms


def seen(picture: bytes, color: str, within: int = 8) -> int:
    """How many pixels of a picture have about a colour."""
    pixels = np.rint(matplotlib.image.imread(BytesIO(picture), format="png")[..., :3] * 255).astype(int)
    return int((np.abs(pixels - np.array(list(bytes.fromhex(color[1:])))).max(axis=-1) <= within).sum())


def test_squares_of_a_scene() -> None:
    quicklook = np.zeros((20, 30, 4), np.uint8)
    kept = [(0, 0), (0, 64)]
    picture = patch_map(quicklook, (200, 300), {"kept": kept, "cloud": [(64, 0)]}, 64)
    alone = patch_map(quicklook, (200, 300), {"kept": kept}, 64)
    assert seen(picture, canvas.CYCLE[2]) > 100
    assert seen(picture, canvas.CYCLE[1]) > 100
    assert seen(alone, canvas.CYCLE[1]) == 0
    assert patch_map(quicklook, (200, 300), {"kept": kept}, 64) == alone


@pytest.mark.parametrize("ground", [0, 255])
def test_frames_stand_out_from_any_ground(ground: int) -> None:
    quicklook = np.full((300, 300, 4), ground, np.uint8)
    places = [(row, col) for row in range(0, 2944, 64) for col in range(0, 2944, 64)]
    picture = patch_map(quicklook, (3000, 3000), {"kept": places}, 64)
    assert seen(picture, canvas.CYCLE[2], within=100) > 30 * len(places)


def test_histograms_show_shares_and_limits() -> None:
    shares = {"missing": [0.0, 0.02, 0.5], "dead": [0.1]}
    picture = share_histograms(shares, {"missing": 0.01, "dead": 0.1})
    assert seen(picture, canvas.CYCLE[0]) > 100
    assert seen(picture, canvas.CYCLE[1]) > 50


def test_what_was_never_measured_has_no_panel() -> None:
    limits = {"missing": 0.01, "cloud": 0.5, "water": 0.9}
    alone = share_histograms({"missing": [0.0]}, limits)
    assert share_histograms({"cloud": [], "missing": [0.0], "water": []}, limits) == alone
    assert seen(share_histograms({"cloud": []}, limits), canvas.CYCLE[1]) == 0

"""The picture of the purest pixels."""

from __future__ import annotations

import numpy as np

from hypersigma.viz.purity import purity_figure


def test_dots_and_crosses() -> None:
    generator = np.random.default_rng(0)
    pixels = generator.standard_normal((2, 50))
    plain = purity_figure(pixels, np.zeros(50, dtype=int), {})
    marked = purity_figure(pixels, np.arange(50), {"clay": np.array([0.0, 1.0])})
    assert plain.startswith(b"\x89PNG")
    assert marked.startswith(b"\x89PNG")
    assert marked != plain

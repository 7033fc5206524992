"""Simulated scenes with what is true of them, kept in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hypersigma.data.simulated_pairs import NUM_BANDS, NUM_SHAPES, PairFolder, shape_levels, shapes
from hypersigma.errors import InputError


class Plain:
    """Makes pairs of a ramp and its noisy copy."""

    made = 0

    def pair(self, seed: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        Plain.made += 1
        true = np.full((NUM_BANDS, 64, 64), 0.2, dtype=np.float32) * np.linspace(0.5, 1.5, 64, dtype=np.float32)
        return true + np.random.default_rng(seed).normal(scale=0.01, size=true.shape).astype(np.float32), true


def test_a_pair_is_made_once(tmp_path: Path) -> None:
    folder, before = PairFolder(Plain(), tmp_path / "kept"), Plain.made
    first = folder.pair((0, 3))
    again = folder.pair((0, 3))
    assert Plain.made == before + 1
    np.testing.assert_array_equal(first, again)
    assert first.shape == (2 * NUM_BANDS + NUM_SHAPES, 64, 64)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["0-3.npy"]
    np.testing.assert_array_equal(PairFolder(Plain(), None).pair((0, 3)), first)


def test_a_damaged_pair_is_named(tmp_path: Path) -> None:
    (tmp_path / "0-1.npy").write_bytes(b"half")
    with pytest.raises(InputError, match="remove it, and it is made anew"):
        PairFolder(Plain(), tmp_path).pair((0, 1))


def test_shapes_go_along_with_the_light() -> None:
    image = np.random.default_rng(0).uniform(0.1, 0.5, size=(NUM_BANDS, 24, 24)).astype(np.float32)
    lit = 1.3 * shapes(image) + (1 - 1.3) * shape_levels()[:, None, None]
    np.testing.assert_allclose(shapes(1.3 * image), lit, atol=1e-3)


def test_small_things_are_left_out() -> None:
    image = np.full((NUM_BANDS, 24, 24), 0.2, dtype=np.float32)
    image[:, 12, 12] = 0.6
    np.testing.assert_allclose(shapes(image).std(axis=(1, 2)).min(), 0, atol=1e-6)
    # Each component has openings and closings, and one of the two sorts takes the spot away.
    spot = np.abs(shapes(image)[:, 12, 12] - shapes(image)[:, 0, 0]).reshape(3, 2, 2)
    assert (spot.min(axis=1) < 1e-5).all()
    assert (spot.max(axis=1) > 0.05).all()

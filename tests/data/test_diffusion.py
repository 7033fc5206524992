"""Spreading within regions: against the exact solution, and the same wherever a window is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import spsolve

from hypersigma.data import diffusion as module
from hypersigma.data.diffusion import STEPS, Bonds, Spreading, mean_square_difference, spread, spread_probabilities

SEEDS = st.integers(0, 2**32 - 1)
CONTRAST = 4.0


def fields(rows, cols, seed=0, classes=3):
    """Probabilities that sum to one, and two guiding features with an edge down the middle."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.ones(classes) * 0.5, (rows, cols)).transpose(2, 0, 1).astype(np.float32)
    features = generator.normal(scale=0.3, size=(2, rows, cols)).astype(np.float32)
    features[:, :, cols // 2 :] += 3
    return probabilities, features


def bonds_of(features):
    return Bonds.of(features, mean_square_difference(features), CONTRAST)


def solved(values, features, fidelity):
    """The exact minimum, pixel by pixel and bond by bond in double precision."""
    _, rows, cols = values.shape
    scale = mean_square_difference(features)
    known = np.isfinite(values).all(axis=0) & np.isfinite(features).all(axis=0)
    index = np.arange(rows * cols).reshape(rows, cols)
    bonds = sparse.lil_matrix((rows * cols, rows * cols))
    for row, col in np.argwhere(known):
        for other in ((row + 1, col), (row, col + 1)):
            if other[0] < rows and other[1] < cols and known[other]:
                square = ((features[:, row, col].astype(float) - features[(slice(None), *other)]) ** 2).sum()
                bond = max(np.exp(-CONTRAST * square / scale), 1e-4)
                bonds[index[row, col], index[other]] = bonds[index[other], index[row, col]] = bond
    laplacian = sparse.diags(np.asarray(bonds.sum(axis=1)).ravel()) - bonds
    weight = np.broadcast_to(fidelity, (rows, cols)).astype(float).ravel()
    own = np.where(known, values, 0.0).reshape(len(values), -1).astype(float)
    matrix = (laplacian + sparse.diags(weight)).tocsc()
    exact = np.stack([spsolve(matrix, weight * channel) for channel in own])
    return np.where(known, exact.reshape(values.shape), np.nan)


# The smaller the fidelity, the further values would spread in more steps than there are.
@pytest.mark.parametrize(("fidelity", "within"), [(1.0, 1e-6), (0.1, 1e-5), (0.03, 3e-3)])
@pytest.mark.parametrize("anchored", [False, True])
def test_it_is_the_exact_minimum(fidelity, within, anchored):
    probabilities, features = fields(18, 23)
    # A pixel may lack its value, its features or both.
    probabilities[:, 3:5, 7] = np.nan
    probabilities[0, 12, 12] = np.nan
    features[0, 10, 2] = np.nan
    features[:, 12, 12] = np.nan
    if anchored:
        fidelity = np.where(np.random.default_rng(1).random((18, 23)) < 0.1, 1e3, fidelity).astype(np.float32)
    exact = solved(probabilities, features, fidelity)
    np.testing.assert_allclose(spread(probabilities, bonds_of(features), fidelity), exact, atol=within)
    np.testing.assert_allclose(spread_probabilities(probabilities, bonds_of(features), fidelity), exact, atol=within)


def test_any_values_are_spread():
    _, features = fields(14, 15)
    values = np.random.default_rng(2).normal(scale=100.0, size=(4, 14, 15)).astype(np.float32)
    np.testing.assert_allclose(spread(values, bonds_of(features), 0.3), solved(values, features, 0.3), atol=1e-3)


@given(SEEDS, st.integers(1, 40), st.integers(1, 40), st.sampled_from([1.0, 0.1, 0.01, 0.001]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_probabilities_stay_probabilities(seed, rows, cols, fidelity, anchored):
    probabilities, features = fields(rows, cols, seed)
    generator = np.random.default_rng(seed)
    holes = generator.random((rows, cols)) < 0.1
    probabilities[:, holes] = np.nan
    weight = np.where(generator.random((rows, cols)) < 0.05, 1e3, fidelity).astype(np.float32) if anchored else fidelity
    found = spread_probabilities(probabilities, bonds_of(features), weight)
    np.testing.assert_array_equal(np.isnan(found).any(axis=0), holes)
    known = found[:, ~holes]
    assert found.dtype == np.float32
    assert (known >= 0).all()
    assert (known <= 1).all()
    np.testing.assert_allclose(known.sum(axis=0), 1.0, atol=1e-5)


@given(SEEDS, st.data())
@settings(max_examples=15, deadline=None)
def test_a_window_with_its_margin_is_the_whole_bit_for_bit(seed, data):
    rows, cols = 20, 2 * STEPS + 40
    probabilities, features = fields(rows, cols, seed)
    features[:, 5, 9] = np.nan
    weight = np.where(np.random.default_rng(seed).random((rows, cols)) < 0.05, 1e3, 0.01).astype(np.float32)
    first = data.draw(st.integers(0, cols - 2))
    last = data.draw(st.integers(first + 1, cols))
    low, high = max(0, first - STEPS), min(cols, last + STEPS)
    part = slice(low, high)
    for spreading in (spread, spread_probabilities):
        whole = spreading(probabilities, Bonds.of(features, 0.5, CONTRAST), weight)
        bonds = Bonds.of(features[:, :, part], 0.5, CONTRAST)
        cut = spreading(probabilities[:, :, part], bonds, weight[:, part])
        np.testing.assert_array_equal(cut[:, :, first - low : last - low], whole[:, :, first:last])


@pytest.mark.parametrize("height", [1, 7, 50, 200])
def test_values_that_come_strip_by_strip_are_the_whole_bit_for_bit(height, monkeypatch):
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 2 * 4 * 52 * 21)
    rows = 130
    values, features = fields(rows, 21, classes=5)
    features[:, 5, 9] = features[:, 60:75, :] = values[:, 5, 9] = values[:, 60:75, :] = np.nan
    whole = spread(values, Bonds.of(features, 0.5, CONTRAST), 0.01)
    below = np.full((1, STEPS + height, 21), np.nan, dtype=np.float32)
    values, features = (np.concatenate([array, np.repeat(below, len(array), 0)], 1) for array in (values, features))
    spreading, parts = Spreading(0.01), []
    for top in range(0, rows + STEPS, height):
        above = features[:, [top - 1]] if top else np.full_like(features[:, :1], np.nan)
        bonds = Bonds.of(np.concatenate([above, features[:, top : top + height]], axis=1), 0.5, CONTRAST)
        parts.append(spreading.spread(values[:, top : top + height], bonds))
    np.testing.assert_array_equal(np.concatenate(parts, axis=1)[:, STEPS : STEPS + rows], whole)


def test_it_stays_within_regions():
    """A wrong pixel is outvoted by its region, and the region beyond the edge keeps its own class."""
    probabilities = np.empty((2, 20, 20), dtype=np.float32)
    probabilities[0] = np.where(np.arange(20) < 10, 0.8, 0.2)
    probabilities[0, 5, 4], probabilities[0, 12, 15] = 0.1, 0.9
    probabilities[1] = 1 - probabilities[0]
    features = np.where(np.arange(20) < 10, 0.0, 5.0) * np.ones((1, 20, 20))
    found = spread_probabilities(probabilities, bonds_of(features), 0.03)
    np.testing.assert_array_equal(found.argmax(axis=0), np.broadcast_to(np.arange(20) >= 10, (20, 20)))


def test_a_scene_without_contrast_spreads_evenly():
    probabilities, _ = fields(16, 16)
    flat = np.ones((2, 16, 16), dtype=np.float32)
    assert mean_square_difference(flat) == 0.0
    found = spread(probabilities, bonds_of(flat), 0.1)
    assert found.std(axis=(1, 2)).max() < probabilities.std(axis=(1, 2)).min() / 2


def test_bonds_lie_between_a_least_one_and_one():
    features = np.array([[[0.0, 0.0, 50.0], [np.nan, 1.0, 1.0]]])
    bonds = Bonds.of(features, 1.0, 1.0)
    np.testing.assert_allclose(bonds.right, [[1.0, 1e-4], [0.0, 1.0]])
    np.testing.assert_allclose(bonds.down, [[0.0, np.exp(-1.0), 1e-4]], rtol=1e-6)
    np.testing.assert_array_equal(bonds.known, [[True, True, True], [False, True, True]])
    fewer = bonds.among(np.array([[True, False, True], [True, True, True]]))
    np.testing.assert_allclose(fewer.right, [[0.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(fewer.down, [[0.0, 0.0, 1e-4]])


def test_the_mean_square_difference_leaves_out_what_is_missing():
    features = np.array([[[0.0, 1.0, 3.0], [2.0, np.nan, 3.0]]])
    assert mean_square_difference(features) == pytest.approx((1 + 4 + 4 + 0) / 4)
    assert mean_square_difference(np.full((1, 2, 2), np.nan)) == 0.0

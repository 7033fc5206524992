"""The stream of batches: shuffled, weighted, the same wherever one enters it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hypersigma.data.patch_group import Group, canonical
from hypersigma.data.patch_stream import Batch, Order, batches, sources_of
from hypersigma.data.shards import Store
from hypersigma.errors import ConfigError, InputError
from tests.data.test_shards import GROUP, patches, write_store

pytest.importorskip("zarr", reason="the extra 'pretrain' is not installed")

FEW = Group(**{**GROUP.__dict__, "num_bands": 5, "wavelengths": GROUP.wavelengths[:5], "dtype": "uint16"})


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    """Two stores of two sensors."""
    first = write_store(tmp_path_factory.mktemp("first"), GROUP, patches(), dead=(2,))
    second = write_store(tmp_path_factory.mktemp("second"), FEW, patches(2, seed=9)[:, :5].astype("u2"))
    return [Store(first), Store(second)]


def content(batch: Batch) -> list[int]:
    """A number for each patch of a batch, in order."""
    found = [0] * batch.size
    for part in batch.parts:
        for place, patch in zip(part.places, part.patches, strict=True):
            found[place] = int(patch.astype(np.int64).sum())
    return found


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    seed=st.integers(0, 5),
    start=st.integers(0, 100),
)
@settings(max_examples=40, deadline=None)
def test_all_come_once_before_any_comes_twice(sizes: list[int], seed: int, start: int) -> None:
    order = Order(sizes, sizes, seed)
    first = start // order.length * order.length
    drawn = [order[place] for place in range(first, first + order.length)]
    assert sorted(drawn) == [(source, index) for source, size in enumerate(sizes) for index in range(size)]


def test_weights_rule_the_shares() -> None:
    order = Order([100, 20], [1.0, 3.0], 0)
    drawn = [order[place] for place in range(480)]
    few = [index for source, index in drawn if source == 1]
    assert len(few) == 360
    # a pass over the smaller source is whole before the next begins, shuffled within rounds of the mixture
    assert np.ptp(np.bincount(few)) == 0
    assert [index for source, index in drawn[:120] if source == 1] != sorted(few[:90])


def test_a_seed_is_an_order() -> None:
    first, again, other = (Order([50], [1.0], seed) for seed in (0, 0, 1))
    assert [first[place] for place in range(60)] == [again[place] for place in range(60)]
    assert [first[place] for place in range(50)] != [other[place] for place in range(50)]


def test_a_stream_can_be_entered_anywhere_by_any_number_of_ranks(stores: list[Store]) -> None:
    whole = [content(batch) for batch in islice(batches(stores, seed=3, batch=4), 6)]
    later = [content(batch) for batch in islice(batches(stores, seed=3, batch=4, step=4, num_threads=2), 2)]
    assert later == whole[4:]
    halves = [
        [content(batch) for batch in islice(batches(stores, seed=3, batch=2, rank=rank, world=2), 6)] for rank in (0, 1)
    ]
    assert [first + second for first, second in zip(*halves, strict=True)] == whole


def test_batches_on_the_canonical_grid(stores: list[Store]) -> None:
    batch = next(batches(stores, seed=0, batch=5))
    values, present = batch.canonical()
    assert sorted(len(part.patches) for part in batch.parts) == [1, 2, 2]
    for part in batch.parts:
        expected, covered = canonical(part.patches, part.group, part.used)
        np.testing.assert_array_equal(values[part.places], expected)
        assert (present[part.places] == covered).all()
    lacking = next(part for part in batch.parts if not part.used.all())
    assert np.flatnonzero(~lacking.used).tolist() == [2]


def test_senseless_requests(stores: list[Store], tmp_path: Path) -> None:
    for wrong in ({"batch": 0}, {"batch": 1, "rank": 2, "world": 2}, {"batch": 1, "step": -1}):
        with pytest.raises(ConfigError, match="expected batch"):
            next(batches(stores, seed=0, **wrong))
    for weights in ([1.0], [-1.0, 2.0], [0.0, 0.0]):
        with pytest.raises(ConfigError, match="one positive number for each"):
            sources_of(stores, weights)
    empty = Store(write_store(tmp_path, GROUP, np.zeros((0, 12, 64, 64), "i2")))
    with pytest.raises(InputError, match="no patches"):
        sources_of([empty])
    assert [source.share for source in sources_of([empty, *stores], [1.0, 1.0, 3.0])] == [0.25, 0.75]

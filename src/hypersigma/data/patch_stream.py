"""Batches of patches for training: an endless, shuffled, weighted stream over stores that any rank can enter anywhere.

Which patch stands at a place of the stream depends on the seed and the place alone, so training that resumes at a step
goes on exactly, and ranks of any number share one stream without overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.patch_group import PATCH, Group, canonical
from hypersigma.data.shards import Store
from hypersigma.errors import ConfigError, InputError
from hypersigma.spectra import CANONICAL

_ORDER, _MIX = 1, 2  # streams of random numbers


@dataclass(frozen=True, eq=False)
class Part:
    """Patches of a batch that share group and usable bands.

    Attributes:
        patches: (n, bands, 64, 64) as stored.
        group: what they share.
        used: (bands,) False for bands that they lack.
        places: (n,) where each stands in the batch.
    """

    patches: NDArray[Any]
    group: Group
    used: NDArray[np.bool_]
    places: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Batch:
    """The patches of one rank at one step, of any sensors.

    Attributes:
        step: of training.
        parts: patches by group and usable bands.
        size: number of patches.
    """

    step: int
    parts: tuple[Part, ...]
    size: int

    def canonical(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The batch on the canonical grid: (n, 100, 64, 64) float32, and what each patch covers (n, 100).

        Raises:
            InputError: a group without wavelengths.
        """
        values = np.empty((self.size, len(CANONICAL), PATCH, PATCH), dtype=np.float32)
        present = np.zeros((self.size, len(CANONICAL)), dtype=bool)
        for part in self.parts:
            values[part.places], present[part.places] = canonical(part.patches, part.group, part.used)
        return values, present


@dataclass(frozen=True, eq=False)
class Source:
    """A group of a store, and the share of patches in the stream that come from it."""

    store: Store
    name: str
    share: float


def sources_of(stores: Sequence[Store], weights: Sequence[float] | None = None) -> list[Source]:
    """The groups of some stores; within a store each patch has the same weight.

    Args:
        stores: where patches lie.
        weights: share of each store in the stream, by its number of patches where None.

    Raises:
        ConfigError: weights that are not one a store, or not positive.
        InputError: no patches at all.
    """
    sizes = [len(store) for store in stores]
    if not sum(sizes):
        raise InputError("the stores hold no patches; was everything left out by screening?")
    shares = np.asarray(sizes if weights is None else weights, dtype=np.float64)
    if len(shares) != len(stores) or not (shares >= 0).all() or not shares[np.asarray(sizes) > 0].sum() > 0:
        raise ConfigError(f"weights {list(shares)} for {len(stores)} stores; one positive number for each is needed")
    shares = np.where(np.asarray(sizes) > 0, shares, 0.0) / shares[np.asarray(sizes) > 0].sum()
    return [
        Source(store, name, float(share) * len(places) / len(store))
        for store, share in zip(stores, shares, strict=True)
        for name, places in store.places.items()
        if len(places) and share > 0
    ]


class Order:
    """Which patch of which source stands at each place of a stream.

    The stream is cut into rounds as long as the sources together. A round holds as many patches of each source as its
    share says, in random order; a source's own patches follow one another in random permutations, so that none comes
    twice before all have come once.
    """

    def __init__(self, sizes: Sequence[int], shares: Sequence[float], seed: int) -> None:
        self._sizes = list(sizes)
        self._seed = seed
        self.length = sum(self._sizes)
        self._quotas = _apportioned(np.asarray(shares, dtype=np.float64), self.length)
        # two rounds, as a batch may reach over the end of one
        self._round = lru_cache(maxsize=2)(self._make_round)
        self._permutation = lru_cache(maxsize=2 * len(self._sizes) + 2)(self._make_permutation)

    def __getitem__(self, place: int) -> tuple[int, int]:
        """Source and number among its patches."""
        turn, index = divmod(place, self.length)
        sources, patches = self._round(turn)
        return int(sources[index]), int(patches[index])

    def _make_round(self, turn: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        random = np.random.default_rng((self._seed, _MIX, turn))
        sources = random.permutation(np.repeat(np.arange(len(self._sizes)), self._quotas))
        patches = np.empty(self.length, dtype=np.int64)
        for number, (size, quota) in enumerate(zip(self._sizes, self._quotas, strict=True)):
            passes, places = np.divmod(turn * int(quota) + np.arange(quota), size)
            drawn = np.empty(quota, dtype=np.int64)
            for which in np.unique(passes):
                chosen = passes == which
                drawn[chosen] = self._permutation(number, int(which))[places[chosen]]
            patches[sources == number] = drawn
        return sources, patches

    def _make_permutation(self, source: int, which: int) -> NDArray[np.int64]:
        random = np.random.default_rng((self._seed, _ORDER, source, which))
        permutation: NDArray[np.int64] = random.permutation(self._sizes[source])
        return permutation


def _apportioned(shares: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to shares that add up to a total: the largest remainders are rounded up."""
    exact = shares / shares.sum() * total
    quotas: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    quotas[np.argsort(quotas - exact, kind="stable")[: total - int(quotas.sum())]] += 1
    return quotas


def batches(
    stores: Sequence[Store],
    *,
    seed: int,
    batch: int,
    step: int = 0,
    rank: int = 0,
    world: int = 1,
    weights: Sequence[float] | None = None,
    num_threads: int = 1,
) -> Iterator[Batch]:
    """The batches of one rank from a step on, without end; the next one is read while this one is used.

    The step's `batch * world` patches are shared out evenly: ranks of another number that see as many patches a step
    see the same ones. Patches are read one by one wherever they lie, as the stream wants them: on a disk that seeks
    this is as quick as reading whole shards, and shuffles perfectly.

    Args:
        stores: where patches lie.
        seed: rules every draw.
        batch: patches of a rank at a step.
        step: the first step.
        rank: number of this process, from 0.
        world: number of processes.
        weights: share of each store, by its number of patches where None.
        num_threads: that decompress.

    Raises:
        ConfigError: a batch, rank or weights that make no sense.
        InputError: no patches, or a damaged shard.
    """
    if batch < 1 or not 0 <= rank < world or step < 0:
        raise ConfigError(f"batch {batch}, rank {rank} of {world}, step {step}: expected batch >= 1, 0 <= rank < world")
    sources = sources_of(stores, weights)
    sizes = [len(source.store.places[source.name]) for source in sources]
    order = Order(sizes, [source.share for source in sources], seed)

    def load(step: int, pool: Executor) -> Batch:
        first = (step * world + rank) * batch
        return _assembled(step, sources, [order[place] for place in range(first, first + batch)], pool)

    return _ahead(load, step, num_threads)


def _ahead(load: Any, step: int, num_threads: int) -> Iterator[Batch]:
    with ThreadPoolExecutor(num_threads) as pool, ThreadPoolExecutor(1) as reader:
        coming = reader.submit(load, step, pool)
        while True:
            ready = coming.result()
            step += 1
            coming = reader.submit(load, step, pool)
            yield ready


def _assembled(step: int, sources: Sequence[Source], chosen: Sequence[tuple[int, int]], pool: Executor) -> Batch:
    """A batch of patches, given as source and number, sorted into parts."""
    members: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for place, (source, index) in enumerate(chosen):
        places = sources[source].store.places[sources[source].name]
        members.setdefault((source, places.lacking[index]), []).append(place)
    parts = []
    for (number, _), own in members.items():
        store, name = sources[number].store, sources[number].name
        indices = [chosen[place][1] for place in own]
        group = store.groups[name]
        used = store.places[name].used(indices[0], group.num_bands)
        parts.append(Part(store.read(name, indices, pool), group, used, np.asarray(own)))
    return Batch(step, tuple(parts), len(chosen))

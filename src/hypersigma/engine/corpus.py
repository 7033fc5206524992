"""Where the images of pre-training come from: stores of patches, simulated scenes, or noise, by their weights.

A step's images are of one sensor, so that they share their bands. Which they are depends on the seed, the step and an
image's place in it alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma.config import structure
from hypersigma.data.patch_group import PATCH, canonical
from hypersigma.data.radiometry import relative_factors
from hypersigma.data.shards import Places, Store
from hypersigma.data.simulated_corpus import SimulatedCorpus
from hypersigma.data.simulated_pairs import NUM_BANDS, NUM_SHAPES, PairFolder
from hypersigma.engine.objective import Draws
from hypersigma.engine.recipe import PretrainConfig
from hypersigma.engine.views import Images
from hypersigma.errors import ConfigError, InputError
from hypersigma.registry import suggestion
from hypersigma.spectra import CANONICAL


class Share(NamedTuple):
    """The part of a step's images that is asked for.

    Attributes:
        seed, step: of the run.
        first, size: of the part among the images of the step.
        total: images of the step.
    """

    seed: int
    step: int
    first: int
    size: int
    total: int

    def generator(self, purpose: int) -> np.random.Generator:
        """A generator that is the same for all parts of the step."""
        return np.random.default_rng((self.seed, self.step, purpose))


_SOURCE, _GROUP, _PATCHES = range(3)


class Source(ABC):
    """Something that images come from."""

    weight: float

    @abstractmethod
    def images(self, share: Share) -> Images:
        """The images of a part of a step."""

    @abstractmethod
    def num_patches(self, images: int) -> int:
        """Distinct patches that it holds; a source that makes each image anew holds as many as are drawn from it."""

    @abstractmethod
    def described(self) -> str:
        """What it holds, in a line for the model card."""


@dataclass(frozen=True, kw_only=True)
class NoiseSource(Source):
    """Images of noise: they show what a run costs, and nothing is learned from them.

    Attributes:
        source: "noise".
        weight: share of the steps, against that of other sources.
        side: rows and columns of an image.
    """

    source: Literal["noise"] = "noise"
    weight: float = 1.0
    side: int = PATCH

    def images(self, share: Share) -> Images:
        draws = Draws(share.seed, share.step, share.first, share.size)
        return Images(draws.uniform("noise", len(CANONICAL), self.side, self.side))

    def num_patches(self, images: int) -> int:
        return images

    def described(self) -> str:
        return "images of noise"


@dataclass(frozen=True, kw_only=True)
class StoreSource(Source):
    """Patches with known wavelengths that `hypersigma harvest` put into a store.

    Attributes:
        source: "store".
        path: of the store.
        weight: share of the steps, against that of other sources.
        most: patches that are used, drawn once from all, or None for all there are; fewer are always among more.
        seed: of that draw.
    """

    source: Literal["store"] = "store"
    path: str
    weight: float = 1.0
    most: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise ConfigError(f"data: most: found {self.most}, expected at least 1 patch; leave it out to use all")
        if not len(self._store):
            raise InputError(f"{self.path}: the store holds no patches; was everything left out by screening?")
        if not self._places:
            raise InputError(
                f"{self.path}: none of its patches has wavelengths, and bands are known by them; harvest the scenes "
                "with --wavelengths FIRST:LAST or --sensor NAME"
            )

    def images(self, share: Share) -> Images:
        sizes = np.array([len(members) for members in self._members.values()])
        name = list(self._members)[int(share.generator(_GROUP).choice(len(sizes), p=sizes / sizes.sum()))]
        members, group = self._members[name], self._store.groups[name]
        chosen = members[
            share.generator(_PATCHES).choice(len(members), share.total, replace=share.total > len(members))
        ]
        # All images of the step share their bands, so one that any of them lacks is left out.
        used = np.logical_and.reduce([self._places[name].used(int(index), group.num_bands) for index in chosen])
        mine = chosen[share.first : share.first + share.size]
        image, present = canonical(self._store.read(name, mine), group, used)
        if group.quantity != "reflectance":
            # As in use, where a scene's mean is taken: encoders are fed reflectance.
            image *= relative_factors(image.mean(axis=(2, 3))).astype(np.float32)[..., None, None]
        return Images(torch.from_numpy(image), torch.from_numpy(present))

    def num_patches(self, images: int) -> int:
        return sum(len(members) for members in self._members.values())

    def described(self) -> str:
        sizes = ", ".join(f"{len(members)} of {name}" for name, members in self._members.items())
        return f"{self.num_patches(0)} patches of {PATCH} x {PATCH} pixels ({sizes})"

    @cached_property
    def _members(self) -> dict[str, NDArray[np.intp]]:
        """The numbers of the patches of each group that are used, ascending; groups without any are left out."""
        sizes = [len(found) for found in self._places.values()]
        order = np.random.default_rng(self.seed).permutation(sum(sizes))
        kept = np.zeros(len(order), dtype=bool)
        kept[order[: self.most]] = True
        parts = np.split(kept, np.cumsum(sizes)[:-1])
        return {name: np.flatnonzero(part) for name, part in zip(self._places, parts, strict=True) if part.any()}

    @cached_property
    def _places(self) -> dict[str, Places]:
        """Where the patches of each group lie that have wavelengths."""
        groups = self._store.groups
        return {
            name: found
            for name, found in self._store.places.items()
            if len(found) and groups[name].wavelengths is not None
        }

    @cached_property
    def _store(self) -> Store:
        return Store(self.path)


@dataclass(frozen=True, kw_only=True)
class SimulatedSource(Source):
    """Simulated scenes, with what is true of them.

    Attributes:
        source: "simulated".
        corpus: file that says what they are made of, as for `hypersigma harvest`.
        keep: folder where as many scenes as the file says are kept once they are made; with "" each image is a scene
            of its own, which takes several times as long.
        weight: share of the steps, against that of other sources.
    """

    source: Literal["simulated"] = "simulated"
    corpus: str
    keep: str = ""
    weight: float = 1.0

    def images(self, share: Share) -> Images:
        sensors = self._corpus.sensors
        counts = np.array(list(sensors.values()), dtype=float)
        sensor = list(sensors)[int(share.generator(_GROUP).choice(len(counts), p=counts / counts.sum()))]
        simulator = self._corpus.simulator(sensor)
        if self.keep:
            number = self._corpus.sensors[sensor]
            chosen = share.generator(_PATCHES).choice(number, share.total, replace=share.total > number)
            seeds: list[tuple[int, ...]] = [(self._corpus.seed, int(index)) for index in chosen]
        else:
            seeds = [(share.seed, share.step, index) for index in range(share.total)]
        # Kept scenes are those of one description: another one, or a change of it, has a folder of its own.
        place = Path(self.keep) / f"{simulator.group.name}-{self._corpus.digest}" if self.keep else None
        pairs = np.stack([PairFolder(simulator, place).pair(seed) for seed in seeds[share.first :][: share.size]])
        seen, truth = torch.split(torch.from_numpy(pairs).float(), [NUM_BANDS, NUM_BANDS + NUM_SHAPES], dim=1)
        return Images(seen, torch.from_numpy(simulator.present), truth)

    def num_patches(self, images: int) -> int:
        return min(images, sum(self._corpus.sensors.values())) if self.keep else images

    def described(self) -> str:
        sensors = ", ".join(f"{number} of {sensor}" for sensor, number in self._corpus.sensors.items())
        return f"simulated scenes with what is true of them ({sensors}; {Path(self.corpus).name})"

    @cached_property
    def _corpus(self) -> SimulatedCorpus:
        return SimulatedCorpus.load(self.corpus)


_KINDS: dict[str, type[Source]] = {"noise": NoiseSource, "store": StoreSource, "simulated": SimulatedSource}


@dataclass(frozen=True)
class Corpus:
    """The images of a run.

    Attributes:
        sources: where they come from.
        seed: of the run.
        batch_size: images of a step.
    """

    sources: tuple[Source, ...]
    seed: int
    batch_size: int

    @classmethod
    def of(cls, config: PretrainConfig, seed: int) -> Corpus:
        """The corpus of a recipe.

        Raises:
            ConfigError: the data section does not fit its sources, or weights are not positive.
            InputError: a source cannot be read.
        """
        if not config.data:
            raise ConfigError(
                "data: the recipe names no images; name a store that `hypersigma harvest` wrote, as with  "
                "data: {source: store, path: STORE}"
            )
        entries: Any = config.data.get("sources", [config.data])
        if "sources" in config.data and (set(config.data) != {"sources"} or not isinstance(entries, list)):
            raise ConfigError("data: expected a list `sources` alone, or the keys of one source")
        sources = tuple(_source(entry) for entry in entries)
        if not sources or min(source.weight for source in sources) <= 0:
            raise ConfigError("data: expected at least one source, and weights above 0")
        return cls(sources, seed, config.optimisation.batch_size)

    def batch(self, step: int, part: int, num_parts: int) -> Images:
        """A part of the images of a step."""
        count = self.batch_size // num_parts
        share = Share(self.seed, step, part * count, count, self.batch_size)
        weights = np.array([source.weight for source in self.sources])
        chosen = share.generator(_SOURCE).choice(len(weights), p=weights / weights.sum())
        return self.sources[int(chosen)].images(share)

    def num_patches(self, images: int) -> int:
        """Distinct patches that so many images are drawn from."""
        whole = sum(source.weight for source in self.sources)
        return sum(source.num_patches(round(images * source.weight / whole)) for source in self.sources)

    def described(self) -> list[str]:
        """What it holds, a line a source."""
        whole = sum(source.weight for source in self.sources)
        return [f"{source.weight / whole:.0%} of the steps: {source.described()}" for source in self.sources]


def _source(entry: Any) -> Source:
    """The source that an entry of the data section describes."""
    kind = entry.get("source") if isinstance(entry, dict) else None
    if kind not in _KINDS:
        raise ConfigError(f"data: source: found '{kind}': {suggestion(str(kind), list(_KINDS))}")
    return structure(entry, _KINDS[kind], "data")

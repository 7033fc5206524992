"""Honest splits of labelled pixels into training, validation and test, which never share a pixel.

Labels used for validation come out of the label budget; pixels that a protocol neither trains nor tests on
(guard bands, the unused training side of a spatial split) belong to no part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.labels import LabelledScene
from hypersigma.errors import ConfigError, InputError

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]
Protocol = Literal[
    "random", "fields", "blocks", "left", "right", "tiles", "cities", "leave_one_out", "none", "published"
]

_MIN_FIELD = 5  # pixels; smaller fields are slivers of a map's border, no place to learn from
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)
_BLOCK_DRAWS = 50
# Of these, whole scenes are test as a module of scenes names them, or all are: nothing is left to draw validation from.
_WITHOUT_VALIDATION = ("cities", "leave_one_out", "none")


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How labelled pixels are split.

    Attributes:
        protocol: `random` pixels; `fields`, whole connected fields on one side; `blocks` of ground with a guard
            band; `left` or `right`, the half of the columns that is trained on; `tiles`, whole scenes in folds;
            `cities`, some named scenes for test and the others for training; `leave_one_out`, each scene, or group
            of scenes that belong together, for test in turn; `none`, no labels for training and each scene on its
            own; `published`, as the published code draws.
        num_per_class: labels of a class in all, validation included, or None for all there are (`published`:
            training labels alone, as there; protocols of whole scenes: from all training scenes together, beside
            the scenes for validation; the other protocols: of each scene).
        num_validation: of those, labels of a class kept for validation (`tiles`: whole scenes of each fold;
            `published`: beside the training labels, as there; 0 with `cities`, `leave_one_out` and `none`).
        window_radius: of the guard in pixels between training and test ground (`fields`, `blocks`, `left`, `right`).
        block: side of a square of ground in pixels (`blocks`).
        num_folds: folds over the scenes (`tiles`).
    """

    protocol: Protocol = "random"
    num_per_class: int | None = 10
    num_validation: int = 0
    window_radius: int = 4
    block: int = 16
    num_folds: int = 6

    def __post_init__(self) -> None:
        if self.protocol not in get_args(Protocol):
            raise ConfigError(f"protocol '{self.protocol}': expected one of {', '.join(get_args(Protocol))}")
        least = {"num_per_class": 1, "num_validation": 0, "window_radius": 0, "block": 2, "num_folds": 2}
        for item in dataclass_fields(self):
            value = getattr(self, item.name)
            if item.name in least and value is not None and value < least[item.name]:
                raise ConfigError(f"{item.name} is {value}; it must be at least {least[item.name]}")
        if self.num_validation and self.protocol in _WITHOUT_VALIDATION:
            raise ConfigError(f"num_validation is {self.num_validation}; protocol '{self.protocol}' keeps none, give 0")
        whole_scenes = self.protocol in ("tiles", "published")
        if self.num_per_class is not None and not whole_scenes and self.num_validation >= self.num_per_class:
            raise ConfigError(
                f"num_validation {self.num_validation} leaves nothing of num_per_class {self.num_per_class} to train on"
            )


@dataclass(frozen=True, eq=False)
class Split:
    """Which pixels of a scene are for training, validation and test.

    Attributes:
        train, validation, test: (rows, cols) bool, disjoint.
        cut_classes: classes of a single field, cut by a line (`fields`): figures without them are more telling.
    """

    train: Mask
    validation: Mask
    test: Mask
    cut_classes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        shared = int(np.count_nonzero(self.train.astype(int) + self.validation + self.test > 1))
        if shared:
            raise InputError(f"{shared} pixels stand in more than one of training, validation and test")


def only(scene: LabelledScene, mask: Mask) -> LabelledScene:
    """The scene with the labels of some pixels alone."""
    return replace(scene, labels=np.where(mask, scene.labels, 0).astype(np.int32))


def folds(
    labels: Sequence[Labels], config: SplitConfig, seed: int, held_out: Sequence[Sequence[int]] = ()
) -> list[tuple[Split, ...]]:
    """The folds of a protocol, one split a scene in each; protocols that split the pixels of scenes have a single fold.

    Args:
        labels: (rows, cols) of each scene.
        config: the protocol and its numbers.
        seed: of every draw.
        held_out: indices of the scenes that are test in each fold (`cities`; `leave_one_out`, one by one if empty).

    Raises:
        InputError: the labels do not allow such a split.
    """
    if config.protocol == "tiles":
        return _tile_folds(labels, config, seed)
    if config.protocol in ("cities", "leave_one_out"):
        alone = [] if config.protocol == "cities" else [[place] for place in range(len(labels))]
        return _held_out_folds(labels, config, seed, held_out or alone)
    if config.protocol == "none":
        return [_untrained(labels, place) for place in range(len(labels))]
    generator = np.random.default_rng(seed)
    draw = _PROTOCOLS[config.protocol]
    return [tuple(draw(scene, config, generator) for scene in labels)]


def audit(split: Split, window_radius: int) -> int:
    """Test pixels that lie inside a training pixel's square window of 2 r + 1 pixels."""
    seen = _grown(split.train, window_radius)
    return int(np.count_nonzero(seen & split.test))


def _classes(labels: Labels) -> Iterator[int]:
    """Classes present, each of which must have two pixels at least: one to learn from, one to test on."""
    for value, count in zip(*np.unique(labels[labels > 0], return_counts=True), strict=True):
        if count < 2:
            raise InputError(f"class {value} has a single labelled pixel; a split needs two pixels a class at least")
        yield int(value)


def _parts(labels: Labels, side: Mask, test: Mask, config: SplitConfig, generator: np.random.Generator) -> Split:
    """A split that draws the label budget of each class from the pixels of the training side."""
    train, validation = np.zeros_like(side), np.zeros_like(side)
    for value in np.unique(labels[labels > 0]):
        pixels = generator.permutation(np.flatnonzero(side & (labels == value)))
        pixels = pixels[: config.num_per_class]
        # A class short of labels keeps the same share for validation, and at least one to train on.
        budget = config.num_per_class or max(len(pixels), 1)
        kept = min(len(pixels) * config.num_validation // budget, max(len(pixels) - 1, 0))
        validation.flat[pixels[:kept]] = True
        train.flat[pixels[kept:]] = True
    return Split(train, validation, test & ~train & ~validation)


def _random(labels: Labels, config: SplitConfig, generator: np.random.Generator) -> Split:
    """Random pixels of each class, at most half of a small class; every other labelled pixel is test."""
    side = np.zeros(labels.shape, dtype=bool)
    for value in _classes(labels):
        pixels = generator.permutation(np.flatnonzero(labels == value))
        side.flat[pixels[: min(len(pixels) // 2, config.num_per_class or len(pixels))]] = True
    return _parts(labels, side, labels > 0, config, generator)


def _published(labels: Labels, config: SplitConfig, generator: np.random.Generator) -> Split:
    """The published draw: first n train, next m validation, rest test; with its slip for small classes.

    A class is found too small by the number that the class before it took, not by the number asked for: so
    right after a class that fell back to 10, a small class gives away all its samples and is not tested.
    """
    train, validation, test = (np.zeros(labels.shape, dtype=bool) for _ in range(3))
    asked = config.num_per_class or 10
    # Carried from class to class on purpose: this is the slip that makes the published splits what they are.
    taken = asked
    for value in np.unique(labels[labels > 0]):
        pixels = generator.permutation(np.flatnonzero(labels == value))
        taken = 10 if taken > len(pixels) + 1 else asked
        train.flat[pixels[:taken]] = True
        validation.flat[pixels[taken : taken + config.num_validation]] = True
        test.flat[pixels[taken + config.num_validation :]] = True
    return Split(train, validation, test)


def _fields(labels: Labels, config: SplitConfig, generator: np.random.Generator) -> Split:
    """Whole 8-connected fields of a class on one side, so that test ground is ground never seen."""
    side, test = np.zeros(labels.shape, dtype=bool), np.zeros(labels.shape, dtype=bool)
    cut = []
    for value in _classes(labels):
        parts, count = ndimage.label(labels == value, structure=_EIGHT_NEIGHBOURS)
        areas = np.bincount(parts.ravel(), minlength=count + 1)
        # Of slivers alone no training side can be made: a class with one real field counts as a single field.
        large = [index for index in range(1, count + 1) if areas[index] >= _MIN_FIELD]
        if len(large) > 1:
            chosen = _fields_to_train(generator.permutation(large), areas)
            mine = np.isin(parts, chosen)
            theirs = (parts > 0) & ~mine
        else:
            cut.append(value)
            mine, theirs = _cut(labels == value, config, generator)
        side |= mine
        test |= theirs
    return replace(_parts(labels, side, test, config, generator), cut_classes=tuple(cut))


def _fields_to_train(order: NDArray[np.intp], areas: NDArray[np.intp]) -> list[int]:
    """The first field always, then more while they cover at most half of the class; the last never."""
    chosen, half = [int(order[0])], areas[1:].sum() / 2
    for index in order[1:-1]:
        if areas[chosen].sum() + areas[index] > half:
            break
        chosen.append(int(index))
    return chosen


def _cut(field: Mask, config: SplitConfig, generator: np.random.Generator) -> tuple[Mask, Mask]:
    """A class of one field cut by a straight line, a guard of one window radius left out between the sides.

    Where the field is too small for that, the guard shrinks until each side keeps a quarter of the class or
    the label budget.
    """
    needed = min(config.num_per_class or 10, max(int(np.count_nonzero(field)) // 4, 1))
    axes = [int(axis) for axis in generator.permutation(2)]
    cuts = (_sides(field, axis, guard) for guard in range(config.window_radius, -1, -1) for axis in axes)
    # Without a guard there is always such a line: a row and a column that hold most of a field cross it.
    sides = next(sides for sides in cuts if all(np.count_nonzero(side) >= needed for side in sides))
    return sides if generator.random() < 0.5 else sides[::-1]


def _sides(field: Mask, axis: int, guard: int) -> tuple[Mask, Mask]:
    """The two sides of the evenest cut across an axis with `guard` rows (or columns) left out between them."""
    along = field.sum(axis=1 - axis)
    before = np.concatenate([[0], np.cumsum(along)])
    starts = np.arange(len(along) - guard + 1)
    smaller = np.minimum(before[starts], before[-1] - before[starts + guard])
    start = int(np.argmax(smaller))
    place = np.arange(len(along)).reshape((-1, 1) if axis == 0 else (1, -1))
    return field & (place < start), field & (place >= start + guard)


def _blocks(labels: Labels, config: SplitConfig, generator: np.random.Generator) -> Split:
    """Square blocks of ground, half of them for training; test pixels keep a guard band away from those.

    Of several random draws the one is kept that has most classes on both sides.
    """
    rows, cols = (-(-length // config.block) for length in labels.shape)
    # Blocks are large against fields, so a blind draw would often leave a class on one side only.
    best: tuple[int, Mask, Mask] | None = None
    for _ in range(_BLOCK_DRAWS):
        chosen = generator.permutation(rows * cols) < rows * cols // 2
        ground = np.kron(chosen.reshape(rows, cols), np.ones((config.block, config.block), dtype=bool))
        ground = ground[: labels.shape[0], : labels.shape[1]].astype(bool)
        side, test = ground & (labels > 0), ~_grown(ground, config.window_radius) & (labels > 0)
        both = len(np.intersect1d(labels[side], labels[test]))
        if best is None or both > best[0]:
            best = both, side, test
    if best is None or best[0] == 0:
        raise InputError(
            f"no class lies on both sides of blocks of {config.block} pixels with a guard of "
            f"{config.window_radius}; the scene has {labels.shape[0]} x {labels.shape[1]} pixels: take smaller blocks"
        )
    return _parts(labels, best[1], best[2], config, generator)


def _half(side: str) -> Callable[[Labels, SplitConfig, np.random.Generator], Split]:
    """How one half of the columns, `left` or `right`, is trained on, the other one test beyond a guard band."""

    def draw(labels: Labels, config: SplitConfig, generator: np.random.Generator) -> Split:
        cols = np.broadcast_to(np.arange(labels.shape[1]), labels.shape)
        middle = labels.shape[1] // 2
        # columns beyond the line between the halves, below 0 on the training side
        beyond = cols - middle if side == "left" else middle - 1 - cols
        ground, test = (beyond < 0) & (labels > 0), (beyond >= config.window_radius) & (labels > 0)
        if not len(np.intersect1d(labels[ground], labels[test])):
            raise InputError(
                f"no class lies in both halves of {labels.shape[1]} columns with a guard of {config.window_radius}; "
                "take another protocol"
            )
        return _parts(labels, ground, test, config, generator)

    return draw


def _held_out_folds(
    labels: Sequence[Labels], config: SplitConfig, seed: int, held_out: Sequence[Sequence[int]]
) -> list[tuple[Split, ...]]:
    """Whole scenes held out as named, the others for training within the label budget.

    Raises:
        InputError: no scenes are named, or a fold leaves none to train on.
    """
    if not held_out or any(len(set(test)) >= len(labels) for test in held_out):
        raise InputError(
            f"protocol '{config.protocol}' holds out some of several scenes and trains on the others; found "
            f"{len(labels)} scenes, of which are held out: {[list(test) for test in held_out] or 'none'}"
        )
    generator = np.random.default_rng(seed)
    return [
        _within_budget(
            [_whole(scene, place in test, False) for place, scene in enumerate(labels)],
            labels,
            config.num_per_class,
            generator,
        )
        for test in held_out
    ]


def _untrained(labels: Sequence[Labels], tested: int) -> tuple[Split, ...]:
    """A fold in which one scene is test and no scene is trained on."""
    empty = [np.zeros(scene.shape, dtype=bool) for scene in labels]
    return tuple(
        Split(none, none, scene > 0 if place == tested else none)
        for place, (scene, none) in enumerate(zip(labels, empty, strict=True))
    )


def _tile_folds(labels: Sequence[Labels], config: SplitConfig, seed: int) -> list[tuple[Split, ...]]:
    """Whole scenes left out in turn: in each fold some are test, some validation, the rest training."""
    held = config.num_validation + -(-len(labels) // config.num_folds)
    if config.num_folds > len(labels) or held >= len(labels):
        raise InputError(
            f"{config.num_folds} folds with {config.num_validation} scenes for validation need more than "
            f"{max(held, config.num_folds - 1)} labelled scenes, found {len(labels)}"
        )
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(labels))
    result = []
    for test in np.array_split(order, config.num_folds):
        rest = order[~np.isin(order, test)]
        # The scenes that follow the fold's own in the same order, so that all take their turn.
        rest = np.roll(rest, -int(np.flatnonzero(order == test[0])[0]))
        validation = rest[: config.num_validation]
        splits = [_whole(scene, i in test, i in validation) for i, scene in enumerate(labels)]
        result.append(_within_budget(splits, labels, config.num_per_class, generator))
    return result


def _within_budget(
    splits: Sequence[Split], labels: Sequence[Labels], budget: int | None, generator: np.random.Generator
) -> tuple[Split, ...]:
    """Splits whose training labels are a draw of so many of each class from all scenes together."""
    if budget is None:
        return tuple(splits)
    sides = [split.train for split in splits]
    drawn = _parts(joined(labels), joined(sides), joined(sides), SplitConfig(num_per_class=budget), generator).train
    trains = apart(drawn, labels)
    return tuple(replace(split, train=train) for split, train in zip(splits, trains, strict=True))


def joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Arrays of scenes (rows, cols) as one row (1, pixels)."""
    return np.concatenate([array.ravel() for array in arrays])[None]


def apart(row: NDArray[Any], scenes: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """A row (1, pixels) cut into arrays (rows, cols) shaped as those of scenes."""
    pieces = np.split(row[0], np.cumsum([scene.size for scene in scenes])[:-1])
    return [piece.reshape(scene.shape) for piece, scene in zip(pieces, scenes, strict=True)]


def pooled_folds(labels: Sequence[Labels], config: SplitConfig, seed: int) -> list[tuple[Split, ...]]:
    """The folds of a protocol, `random` drawing its labels from all scenes together and not from each.

    Raises:
        InputError: the labels do not allow such a split.
    """
    if config.protocol != "random":
        return folds(labels, config, seed)
    whole = _random(joined(labels), config, np.random.default_rng(seed))
    masks = [apart(mask, labels) for mask in (whole.train, whole.validation, whole.test)]
    return [tuple(Split(*parts) for parts in zip(*masks, strict=True))]


def _whole(labels: Labels, test: bool, validation: bool) -> Split:
    """A split that puts a whole scene into one part."""
    known, none = labels > 0, np.zeros(labels.shape, dtype=bool)
    if test:
        return Split(none, none, known)
    return Split(none, known, none) if validation else Split(known, none, none)


def _grown(mask: Mask, radius: int) -> Mask:
    """The pixels at most `radius` rows and columns away from the mask."""
    grown: Mask = ndimage.maximum_filter(mask, size=2 * radius + 1, mode="constant", cval=False)
    return grown


_PROTOCOLS: dict[str, Callable[[Labels, SplitConfig, np.random.Generator], Split]] = {
    "random": _random,
    "fields": _fields,
    "blocks": _blocks,
    "left": _half("left"),
    "right": _half("right"),
    "published": _published,
}

"""Harvest: scenes cut into screened patches and put into a store, piece by piece, so that a killed run goes on.

A piece is what fills one shard: up to 64 patches of one scene. What becomes of a piece depends on nothing but the
scene and the limits, so neither the number of processes, nor their order, nor interruptions change a store. A piece
is done once its part of the manifest stands; near-duplicates are looked for at the end, over all pieces.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from hypersigma.config import unstructure
from hypersigma.cube import Cube
from hypersigma.data import shards
from hypersigma.data.manifest import DUPLICATE, UNREADABLE, Record, read_part, write_manifest, write_part
from hypersigma.data.near_duplicates import Seen, fingerprint
from hypersigma.data.patch_group import PATCH, Group
from hypersigma.data.patch_screening import SHARES, Limits, measure
from hypersigma.data.patches import Origin, SceneOrigin, crop_origins
from hypersigma.engine.cluster import workers
from hypersigma.errors import InputError, OutputError

Progress = Callable[[str, int, int], None]
_DESCRIBED = (".yaml", ".yml")
_NUM_PROBES = 12  # patches looked at for the estimate


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Up to 64 patches of one origin, and the shard that they go to."""

    number: int
    shard: int
    origin: Origin


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What a harvest takes and where it puts it.

    Attributes:
        origins: scenes and folders of crops.
        limits: the most that a patch may have of each fault.
        licence: of the sources, as a person states it.
    """

    origins: tuple[Origin, ...]
    limits: Limits = field(default_factory=Limits)
    licence: str = "not stated"

    def __post_init__(self) -> None:
        counts = Counter((origin.name, str(origin.path)) for origin in self.origins)
        twice = [path for (_, path), count in counts.items() if count > 1]
        if twice:
            raise InputError(f"{twice[0]} is given twice; give each scene once")
        if not self.origins:
            raise InputError("no scene is given; expected at least one")

    @cached_property
    def groups(self) -> dict[str, Group]:
        """The groups of the store by name."""
        return {origin.group.name: origin.group for origin in self.origins}

    @cached_property
    def pieces(self) -> list[Piece]:
        """All pieces, in the order of the scenes and of the patches in them."""
        pieces: list[Piece] = []
        used: Counter[str] = Counter()
        for origin in self.origins:
            name = origin.group.name
            for first in range(0, len(origin), shards.SHARD):
                part = origin.part(first, shards.SHARD)
                pieces.append(Piece(number=len(pieces), shard=used[name], origin=part))
                used[name] += 1
        return pieces

    @property
    def num_patches(self) -> int:
        """Patches before screening."""
        return sum(len(origin) for origin in self.origins)

    def description(self) -> dict[str, Any]:
        """What store.json says of the plan."""
        return {
            "patch": PATCH,
            "limits": unstructure(self.limits),
            "licence": self.licence,
            "origins": [
                {"name": origin.name, "path": str(origin.path), "patches": len(origin), "group": origin.group.name}
                for origin in self.origins
            ],
            "groups": {name: unstructure(group) for name, group in self.groups.items()},
        }


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a harvest will take, extrapolated from a few patches: all figures are for all patches, none left out.

    Attributes:
        patches: number before screening.
        raw_bytes, bytes: before and after compression.
        seconds: on so many processes.
        free_bytes: what the disk has.
    """

    patches: int
    raw_bytes: int
    bytes: int
    seconds: float
    free_bytes: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Harvest:
    """What came of a harvest.

    Attributes:
        folder: the store.
        patches, candidates: kept, and looked at.
        dropped: number left out for each reason.
        bytes, raw_bytes: of the kept patches, on disk and before compression.
        records: of all patches looked at, in the order of the plan.
    """

    folder: Path
    patches: int
    candidates: int
    dropped: Mapping[str, int]
    bytes: int
    raw_bytes: int
    records: Sequence[Record]


def origins_of(path: Path, open_scene: Callable[[Path], Cube]) -> list[Origin]:
    """What patches are taken from: a scene, the sets of crops in a folder, or a corpus that a YAML file describes.

    A folder without crops may be a product that is one.

    Raises:
        InputError: it cannot be read, or holds no patch.
    """
    if path.suffix in _DESCRIBED and path.is_file():
        from hypersigma.data.simulated_corpus import SimulatedCorpus

        return SimulatedCorpus.load(path).origins(path)
    if not path.is_dir():
        return [SceneOrigin.of(open_scene(path))]
    crops: list[Origin] = [*crop_origins(path)]
    try:
        return crops or [SceneOrigin.of(open_scene(path))]
    except InputError as error:
        raise InputError(f"{error}; nor are there crops of HyperGlobal-450K (EO1*.mat, GF5*.mat) in it") from error


def estimate(plan: Plan, folder: Path, num_jobs: int) -> Estimate:
    """What a harvest will take, from a few patches that go through all of it but the disk."""
    raw = sum(len(origin) * origin.group.raw_bytes for origin in plan.origins)
    step = -(-len(plan.pieces) // _NUM_PROBES)
    probed = [piece.origin.part(len(piece.origin) // 2, 1) for piece in plan.pieces[::step]]
    packed = unpacked = 0
    start = 0.0
    # the first goes through twice: what is loaded and cached then is paid once in a harvest
    for number, origin in enumerate([probed[0], *probed]):
        start = time.perf_counter() if number == 1 else start
        for _, stored in origin.cut():
            if stored is not None:
                _screened(_blank_record(origin), stored, origin.group, plan.limits)
                packed += shards.packed_bytes(stored)
                unpacked += stored.nbytes
    seconds = (time.perf_counter() - start) / len(probed)
    ratio = packed / unpacked if unpacked else 1.0
    place = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    return Estimate(
        patches=plan.num_patches,
        raw_bytes=raw,
        bytes=round(raw * ratio),
        seconds=seconds * plan.num_patches / num_jobs,
        free_bytes=shutil.disk_usage(place).free,
    )


def check_room(found: Estimate, folder: Path, done_bytes: int = 0) -> None:
    """Raise OutputError where the disk cannot hold what a harvest will probably write."""
    if found.bytes - done_bytes > found.free_bytes:
        raise OutputError(
            f"{folder}: the store will take about {found.bytes / 1e9:.1f} GB and the disk has "
            f"{found.free_bytes / 1e9:.1f} GB free; make room, harvest fewer scenes, or choose another -o"
        )


def harvest(
    plan: Plan,
    folder: Path,
    *,
    resume: bool = False,
    num_jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Harvest:
    """Cut, screen and store the patches of a plan.

    Args:
        plan: what to take.
        folder: the store.
        resume: go on with a store that was begun with the same plan; broken shards are written anew.
        num_jobs: processes.
        scheduler: address of a Dask scheduler to use instead of own processes.
        progress: called with (phase, done, total).

    Raises:
        OutputError: the folder holds something else, or the disk refuses; what is done stays.
        InputError: with `resume`, the store was begun with another plan; or no patch is kept, and no store is left.
    """
    from hypersigma.engine.harvest_card import write_card

    _prepare(plan, folder, resume=resume)
    parts = {piece.number: part for piece in plan.pieces if (part := read_part(folder, piece.number)) is not None}
    waiting = [piece for piece in plan.pieces if piece.number not in parts]
    done = sum(len(records) for _, records in parts.values())
    with workers(num_jobs, scheduler) as spread:
        for number in spread(partial(_gather, folder.resolve(), plan.limits), waiting):
            part = read_part(folder, number)
            if part is None:
                raise OutputError(f"{shards.part_file(folder, number)}: written and gone; is the folder shared by all?")
            parts[number] = part
            done += len(part[1])
            progress("patches", done, plan.num_patches)
    if plan.limits.duplicates:
        _drop_duplicates(plan, folder, parts)
    result = _summary(folder, parts, plan)
    if not result.patches:
        _remove(folder, plan.groups)
        raise InputError(_nothing_kept(result))
    write_manifest(folder, [record for record in result.records if not record.dropped])
    write_card(plan, result, progress)
    _describe(plan, folder, parts)
    shutil.rmtree(folder / shards.PARTIAL, ignore_errors=True)
    return result


def _prepare(plan: Plan, folder: Path, *, resume: bool) -> None:
    """Make a store of a plan, or take up one that was begun.

    Raises:
        OutputError: the folder holds something, and it is not to be resumed or is no store.
        InputError: it was begun with another plan.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        earlier = shards.read_description(folder) if folder.is_dir() else None
        if earlier is None:
            raise OutputError(f"{folder}: holds something that is no store of patches; choose another -o")
        if not resume:
            state = "a complete store" if earlier.get("complete") else "a store that was begun"
            raise OutputError(f"{folder}: {state} is here; go on with --resume, delete it, or choose another -o")
        if earlier.get("version") == shards.VERSION:
            _require_same(plan, folder, earlier)
        else:
            _clear(folder, earlier)
    # what a killed run had not finished
    shutil.rmtree(folder / shards.PARTIAL, ignore_errors=True)
    num_shards = Counter(piece.origin.group.name for piece in plan.pieces)
    shards.create(folder, list(plan.groups.values()), num_shards)
    _describe(plan, folder)


def _require_same(plan: Plan, folder: Path, earlier: Mapping[str, Any]) -> None:
    for key, value in plan.description().items():
        if earlier.get(key) != value:
            raise InputError(
                f"{folder}: the store was begun with other {key}; resume it with the scenes and settings of then, or "
                "choose another -o"
            )


def _clear(folder: Path, earlier: Mapping[str, Any]) -> None:
    """Delete what a store of another version holds: it is written anew from the scenes."""
    for name in [shards.PARTS, *earlier.get("groups", ())]:
        shutil.rmtree(folder / name, ignore_errors=True)


def _remove(folder: Path, groups: Iterable[str]) -> None:
    """Delete a store and nothing else in its folder; the description goes last, so that a killed run resumes."""
    from hypersigma.engine.harvest_card import CARD, HISTOGRAMS, MAPS

    for name in (*groups, shards.PARTS, shards.PARTIAL, MAPS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (CARD, HISTOGRAMS, shards.MANIFEST_FILE, shards.GROUP_FILE, shards.STORE_FILE):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def _nothing_kept(result: Harvest) -> str:
    """What took all patches, and what to do."""
    took = ", ".join(f"{count} {reason}" for reason, count in result.dropped.items())
    limits = [f"--max-{reason}" for reason in result.dropped if reason in SHARES]
    advice = f"raise {', '.join(limits)}, or harvest other scenes" if limits else "look whether the files are whole"
    return (
        f"{result.folder}: none of {result.candidates} patches was kept, and no store is left: screening took {took}; "
        f"{advice}"
    )


def _describe(plan: Plan, folder: Path, parts: Mapping[int, tuple[int, list[Record]]] | None = None) -> None:
    """Write store.json; complete where the parts are given."""
    rows: list[dict[str, Any]] = [{"group": piece.origin.group.name, "shard": piece.shard} for piece in plan.pieces]
    if parts is not None:
        for row, number in zip(rows, sorted(parts), strict=True):
            num_bytes, records = parts[number]
            row |= {"bytes": num_bytes, "patches": sum(not record.dropped for record in records)}
    shards.write_description(folder, {"complete": parts is not None, **plan.description(), "shards": rows})


def _gather(folder: Path, limits: Limits, piece: Piece) -> int:
    """Cut, screen and write one piece, and return its number: what a worker does."""
    group = piece.origin.group
    records: list[Record] = []

    def kept() -> Iterator[tuple[int, Any]]:
        for slot, (record, stored) in enumerate(piece.origin.cut()):
            record = replace(record, shard=piece.shard, slot=slot)
            if stored is None:
                record = replace(record, dropped=UNREADABLE)
            else:
                record = _screened(record, stored, group, limits)
                if not record.dropped:
                    yield slot, stored
            records.append(record)

    num_bytes = shards.write_shard(folder, group, piece.shard, kept())
    write_part(folder, piece.number, num_bytes, records)
    return piece.number


def _screened(record: Record, stored: Any, group: Group, limits: Limits) -> Record:
    """A record with what was measured in its patch."""
    figures = measure(stored, group)
    return replace(
        record,
        dead=figures.dead_bands,
        striped=figures.striped_bands,
        screening=figures.shares(),
        hash=hashlib.sha256(stored).hexdigest()[:32],
        fingerprint=fingerprint(stored, group.missing(stored)),
        dropped=figures.fault(limits),
    )


def _blank_record(origin: Origin) -> Record:
    return Record(group="", shard=0, slot=0, scene="", path="", row=0, col=0, sensor="", bands=origin.group.num_bands)


def _drop_duplicates(plan: Plan, folder: Path, parts: dict[int, tuple[int, list[Record]]]) -> None:
    """Take patches that look like an earlier one of their group out of the store, shard by shard."""
    seen: dict[str, Seen] = {name: Seen() for name in plan.groups}
    for piece in plan.pieces:
        _, records = parts[piece.number]
        checked = [
            record
            if record.dropped or seen[record.group].add(record.fingerprint) is None
            else replace(record, dropped=DUPLICATE)
            for record in records
        ]
        if checked != records:
            group = piece.origin.group
            slots = [record.slot for record in checked if not record.dropped]
            # Killed between the two, the size tells that the piece has to be done again.
            patches = shards.read_slots(folder, group, piece.shard, slots)
            num_bytes = shards.write_shard(folder, group, piece.shard, patches)
            write_part(folder, piece.number, num_bytes, checked)
            parts[piece.number] = (num_bytes, checked)


def _summary(folder: Path, parts: Mapping[int, tuple[int, list[Record]]], plan: Plan) -> Harvest:
    records = [record for number in sorted(parts) for record in parts[number][1]]
    kept = [record for record in records if not record.dropped]
    return Harvest(
        folder=folder,
        patches=len(kept),
        candidates=len(records),
        dropped=dict(sorted(Counter(record.dropped for record in records if record.dropped).items())),
        bytes=sum(num_bytes for num_bytes, _ in parts.values()),
        raw_bytes=sum(plan.groups[record.group].raw_bytes for record in kept),
        records=records,
    )

"""Stores of patches: sharded Zarr v3 arrays, a group for each sensor's band table, with a manifest of every patch.

A store is a folder: `store.json` (version, plan, groups, and once complete every shard with its size), a Zarr group
for each band table with an array `patches` (patch, band, row, col), `parts/` with what became of each piece of the
plan, and once complete `manifest.jsonl`. A shard is written by one writer, beside its place, and renamed; it counts
only once its part of the manifest stands beside it.

Neighbouring bands look alike, so whole numbers are kept as differences to the band before, of alternating sign order
(0, -1, 1, -2, 2, ... as 0, 1, 2, 3, 4, ...): all small, whatever their sign. That takes a quarter off the compressed
size and loses nothing, as sums wrap where differences did. The array's attribute `encoding` says so, and any reader
undoes it with `steps = (read >> 1) ^ (0 - (read & 1))`, `numpy.cumsum(steps, axis=1, dtype=read.dtype).view(dtype)`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from hypersigma.config import structure, unstructure
from hypersigma.data.patch_group import PATCH, Group
from hypersigma.errors import InputError, MissingExtraError, OutputError
from hypersigma.writers import replaced_file

VERSION = 1
SHARD = 64  # patches; a shard of 175 bands takes about 40 MB
STORE_FILE, MANIFEST_FILE, PARTS, PARTIAL = "store.json", "manifest.jsonl", "parts", ".partial"
GROUP_FILE = "zarr.json"  # the description of a group and of an array in Zarr v3
_FORMAT = "hypersigma patches"
_EMPTY = np.iinfo(np.uint64).max  # offset and length of a slot without a patch
_CHECKSUM_BYTES = 4
_LEVEL = 1  # of zstd: higher ones win a hundredth of the size and take several times as long
_BLOCK = 1 << 19  # bytes compressed at once: half of a patch or so unpacks twice as quickly as the usual 32 kB
_BANDS_AT_ONCE = 16
DIFFERENCES, PLAIN = "zigzag differences of bands", "plain"
_MEND = "run the same `hypersigma harvest` again with --resume, which writes it anew"


def shard_file(folder: Path, group: str, shard: int) -> Path:
    """Where a shard lies in a store."""
    return folder / group / "patches" / "c" / str(shard) / "0" / "0" / "0"


def create(folder: Path, groups: Sequence[Group], num_shards: Mapping[str, int]) -> None:
    """Write the Zarr metadata of a store's groups; what is there already stays.

    Raises:
        OutputError: the disk refuses.
        MissingExtraError: zarr is not installed.
    """
    zarr = _zarr()
    try:
        zarr.open_group(folder, mode="a", zarr_format=3)
        for group in groups:
            if not (folder / group.name / "patches" / GROUP_FILE).is_file():
                zarr.create_group(folder / group.name, attributes=unstructure(group), overwrite=True)
                _create_array(folder / group.name / "patches", group, num_shards[group.name])
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error}); choose another place or make room") from error


def _create_array(place: Path, group: Group, num_shards: int) -> Any:
    from zarr.codecs import BloscCodec

    dtype = _kept_type(np.dtype(group.dtype))
    block = (group.num_bands, PATCH, PATCH)
    return _zarr().create_array(
        place,
        shape=(num_shards * SHARD, *block),
        chunks=(1, *block),
        shards=(SHARD, *block),
        dtype=dtype,
        fill_value=0,
        compressors=BloscCodec(
            cname="zstd", clevel=_LEVEL, shuffle="bitshuffle", typesize=dtype.itemsize, blocksize=_BLOCK
        ),
        attributes={"encoding": PLAIN if dtype.kind == "f" else DIFFERENCES, "dtype": group.dtype},
        dimension_names=("patch", "band", "row", "col"),
    )


def write_shard(folder: Path, group: Group, shard: int, patches: Iterable[tuple[int, NDArray[Any]]]) -> int:
    """Write one shard, slots and patches (bands, 64, 64) one after the other, and return its size in bytes.

    The bytes are those of Zarr's sharding codec, written as patches come: Zarr itself wants all of a shard in memory
    and takes several times as long. The file is written beside the arrays and renamed, so a reader sees all of it or
    nothing.

    Raises:
        OutputError: the disk refuses; nothing of the shard is left then.
    """
    from numcodecs.checksum32 import CRC32C

    place = shard_file(folder, group.name, shard)
    # two processes that write the same shard, the one left over from a killed run, must not share a file
    partial = folder / PARTIAL / f"{group.name}-{shard}-{os.getpid()}"
    index = np.full((SHARD, 2), _EMPTY, dtype="<u8")
    try:
        partial.parent.mkdir(exist_ok=True)
        with partial.open("wb") as file:
            for slot, patch in patches:
                packed = _packed(patch)
                index[slot] = file.tell(), len(packed)
                file.write(packed)
            file.write(CRC32C(location="end").encode(index.tobytes()))
        if (index == _EMPTY).all():
            place.unlink(missing_ok=True)
            return 0
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(partial, place)
        return place.stat().st_size
    except OSError as error:
        raise OutputError(
            f"{place}: cannot be written ({error}); make room and run again with --resume: what is done stays"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def packed_bytes(patch: NDArray[Any]) -> int:
    """Bytes that a patch takes in a store."""
    return len(_packed(patch))


def _packed(patch: NDArray[Any]) -> bytes:
    from numcodecs.blosc import BITSHUFFLE, compress

    packed: bytes = compress(_encoded(patch), b"zstd", _LEVEL, BITSHUFFLE, _BLOCK)
    return packed


def _kept_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type of numbers in a store: unsigned ones for whole numbers."""
    return dtype if dtype.kind == "f" else np.dtype(f"u{dtype.itemsize}")


def _encoded(patch: NDArray[Any]) -> NDArray[Any]:
    """A patch as it is kept: see above for whole numbers, real ones as they are."""
    if patch.dtype.kind == "f":
        return patch
    signed = np.dtype(f"i{patch.dtype.itemsize}")
    numbers, kept = patch.view(signed), np.empty(patch.shape, signed)
    # a few bands at a time stay in the processor's cache
    for first in range(0, len(numbers), _BANDS_AT_ONCE):
        steps = kept[first : first + _BANDS_AT_ONCE]
        steps[:] = numbers[first : first + len(steps)]
        # at the ends of their range whole numbers wrap, and nothing is lost
        before = max(first - 1, 0)
        steps[before - first + 1 :] -= numbers[before : first + len(steps) - 1]
        signs = steps >> (8 * signed.itemsize - 1)
        np.left_shift(steps, 1, out=steps)
        np.bitwise_xor(steps, signs, out=steps)
    return kept.view(_kept_type(patch.dtype))


def _decode(patch: NDArray[Any]) -> None:
    """Turn a patch as it is kept, seen as its own type, back into numbers, in place."""
    if patch.dtype.kind == "f":
        return
    steps = patch.view(_kept_type(patch.dtype))
    signs = steps & steps.dtype.type(1)
    np.negative(signs, out=signs)
    np.right_shift(steps, 1, out=steps)
    np.bitwise_xor(steps, signs, out=steps)
    # band by band, as NumPy's own running sum walks across memory
    for band in range(1, len(steps)):
        np.add(steps[band], steps[band - 1], out=steps[band])


def write_description(folder: Path, content: Mapping[str, Any]) -> None:
    """Write store.json: the plan and the groups of a store, with `complete` and its shards once it is."""
    with replaced_file(folder / STORE_FILE) as partial:
        partial.write_text(json.dumps({"format": _FORMAT, "version": VERSION, **content}, indent=1) + "\n")


def read_description(folder: Path) -> dict[str, Any] | None:
    """What store.json says, or None where there is none.

    Raises:
        InputError: it is damaged, or describes something else.
    """
    path = folder / STORE_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable ({error}); expected what `hypersigma harvest` writes") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise InputError(f"{path}: not a store of patches; expected one that `hypersigma harvest` wrote")
    return content


@dataclass(frozen=True, eq=False)
class Places:
    """Where the patches of a group lie: shard and slot of each, and the bands that each lacks."""

    shards: NDArray[np.int64]
    slots: NDArray[np.int64]
    lacking: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.shards)

    def used(self, index: int, num_bands: int) -> NDArray[np.bool_]:
        """(bands,) False for the bands that a patch lacks."""
        mask = np.ones(num_bands, dtype=bool)
        mask[list(self.lacking[index])] = False
        return mask


class Store:
    """A complete store of patches, open for reading; nothing but the manifest is held in memory.

    Raises:
        InputError: no store, one of another version, or one with a shard missing or half written; the message
            names the shard.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        description = read_description(self.folder)
        if description is None:
            raise InputError(f"{folder}: no store of patches here; expected a folder that `hypersigma harvest` wrote")
        _require_whole(self.folder, description)
        self.groups = {name: structure(group, Group, str(folder)) for name, group in description["groups"].items()}

    @cached_property
    def places(self) -> dict[str, Places]:
        """Where the patches of each group lie, in the manifest's order."""
        found: dict[str, list[tuple[int, int, tuple[int, ...]]]] = {name: [] for name in self.groups}
        for record in self.records():
            found[record["group"]].append((record["shard"], record["slot"], tuple(record["dead"])))
        return {
            name: Places(
                np.array([row[0] for row in rows], dtype=np.int64),
                np.array([row[1] for row in rows], dtype=np.int64),
                tuple(row[2] for row in rows),
            )
            for name, rows in found.items()
        }

    def records(self) -> Iterator[dict[str, Any]]:
        """The lines of the manifest, one a patch."""
        with (self.folder / MANIFEST_FILE).open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file)

    def __len__(self) -> int:
        return sum(len(places) for places in self.places.values())

    def read(self, group: str, indices: Sequence[int] | NDArray[np.intp], pool: Executor | None = None) -> NDArray[Any]:
        """Patches of a group as stored in the source, (n, bands, 64, 64), by their number among the group's.

        Args:
            group: its name.
            indices: numbers of patches, in any order.
            pool: threads to decompress with.

        Raises:
            InputError: a shard is damaged.
        """
        places, table = self.places[group], self.groups[group]
        result = np.empty((len(indices), table.num_bands, PATCH, PATCH), dtype=table.dtype)

        def fetch(row: int) -> None:
            index = int(indices[row])
            shard = shard_file(self.folder, group, int(places.shards[index]))
            _read_patch(shard, int(places.slots[index]), result[row])

        list((map if pool is None else pool.map)(fetch, range(len(indices))))
        return result


def read_slots(folder: Path, group: Group, shard: int, slots: Iterable[int]) -> Iterator[tuple[int, NDArray[Any]]]:
    """Some slots of a shard and their patches (bands, 64, 64), one after the other."""
    for slot in slots:
        patch = np.empty((group.num_bands, PATCH, PATCH), dtype=group.dtype)
        _read_patch(shard_file(folder, group.name, shard), slot, patch)
        yield slot, patch


def _read_patch(shard: Path, slot: int, target: NDArray[Any]) -> None:
    """Read one patch straight from its bytes: by way of Zarr it takes twice as long."""
    from numcodecs import blosc

    try:
        stat = shard.stat()
        offset, length = _shard_index(shard, stat.st_mtime_ns, stat.st_size)[slot]
        with shard.open("rb", buffering=0) as file:
            packed = os.pread(file.fileno(), int(length), int(offset))
        blosc.decompress(packed, target)
    except (OSError, ValueError, RuntimeError, IndexError, OverflowError) as error:
        raise InputError(f"{shard}: the shard is damaged ({error}); delete it and {_MEND}") from error
    _decode(target)


@lru_cache(maxsize=4096)
def _shard_index(shard: Path, modified: int, size: int) -> NDArray[np.uint64]:
    """Offset and length (64, 2) of each patch in a shard: Zarr's index, at the end of the file before a checksum."""
    num_bytes = SHARD * 2 * 8
    with shard.open("rb") as file:
        file.seek(size - num_bytes - _CHECKSUM_BYTES)
        return np.frombuffer(file.read(num_bytes), dtype="<u8").reshape(SHARD, 2)


def part_file(folder: Path, number: int) -> Path:
    """Where a store says what became of a piece of its plan."""
    return folder / PARTS / f"{number:06d}.jsonl"


def _require_whole(folder: Path, description: Mapping[str, Any]) -> None:
    """Raise InputError unless a store is of this version and every shard is there in its full size."""
    if description["version"] != VERSION:
        found = f"shards of version {description['version']}, from shard {_called(description['shards'][0])} on"
        raise InputError(f"{folder}: {found}; expected version {VERSION}; {_MEND}")
    if not description["complete"]:
        _explain(folder, description["shards"])
    for shard in description["shards"]:
        place = shard_file(folder, shard["group"], shard["shard"])
        size = place.stat().st_size if place.is_file() else 0
        if size != shard["bytes"]:
            state = f"holds {size} of {shard['bytes']} bytes" if size else "is missing"
            raise InputError(f"{folder}: shard {_called(shard)} {state} ({place}); {_MEND}")
    if not (folder / MANIFEST_FILE).is_file():
        raise InputError(f"{folder}: {MANIFEST_FILE} is missing; {_MEND}")


def _explain(folder: Path, planned: Sequence[Mapping[str, Any]]) -> NoReturn:
    """Raise InputError that names the first shard that a store half written lacks."""
    lacking = [shard for number, shard in enumerate(planned) if not part_file(folder, number).is_file()]
    count = f"{len(planned) - len(lacking)} of {len(planned)} shards are there"
    what = f"shard {_called(lacking[0])} is missing, {count}" if lacking else f"{count}, but not {MANIFEST_FILE}"
    raise InputError(f"{folder}: half written: {what}; {_MEND}")


def _called(shard: Mapping[str, Any]) -> str:
    return f"{shard['shard']} of {shard['group']}"


def _zarr() -> Any:
    try:
        import zarr
    except ImportError as error:
        raise MissingExtraError("zarr", "pretrain", "a store of patches") from error
    return zarr

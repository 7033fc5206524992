"""The manifest of a store: a line of JSON for every patch, and the parts that it is put together from."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from hypersigma.data.shards import MANIFEST_FILE, VERSION, part_file, shard_file
from hypersigma.writers import replaced_file

DUPLICATE, UNREADABLE = "duplicate", "unreadable"
_DAYS = (
    (r"(?<!\d)((?:19|20)\d{6})(?!\d)", "%Y%m%d"),
    (r"^EO1H\d{6}(\d{7})", "%Y%j"),
    (r"((?:19|20)\d\d-\d\d-\d\d)", "%Y-%m-%d"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What is known of a patch.

    Attributes:
        group, shard, slot: where it lies in the store.
        scene, path, row, col: where it comes from; row and col are those of its first pixel.
        sensor, bands: the sensor's name and the number of bands, whose wavelengths the group lists.
        crs, bounds: its place: a short name, and x and y from least to greatest (x0, y0, x1, y1), or None.
        date: day of acquisition as YYYY-MM-DD where the name of the file tells it, or None.
        dead, striped: indices of bands without information and with stripes.
        screening: shares measured, None where the bands do not allow it.
        hash: of the stored numbers; fingerprint: of what they show.
        dropped: why it is not in the store, "" where it is.
    """

    group: str
    shard: int
    slot: int
    scene: str
    path: str
    row: int
    col: int
    sensor: str
    bands: int
    crs: str | None = None
    bounds: tuple[float, float, float, float] | None = None
    date: str | None = None
    dead: tuple[int, ...] = ()
    striped: tuple[int, ...] = ()
    screening: dict[str, float | None] | None = None
    hash: str = ""
    fingerprint: str = ""
    dropped: str = ""

    @property
    def line(self) -> str:
        """The record as a line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))


def write_part(folder: Path, number: int, num_bytes: int, records: Sequence[Record]) -> None:
    """Write what became of a piece of the plan; from then on it is done.

    Raises:
        OutputError: the disk refuses.
    """
    head = json.dumps({"version": VERSION, "bytes": num_bytes, "records": len(records)})
    with replaced_file(part_file(folder, number)) as partial:
        partial.write_text("\n".join([head, *(record.line for record in records)]) + "\n", encoding="utf-8")


def read_part(folder: Path, number: int) -> tuple[int, list[Record]] | None:
    """Size of the shard and records of a piece of the plan, or None where it has to be done (again).

    A part of another version, one cut short, and one whose shard is missing or has another size do not count.
    """
    try:
        head, *lines = part_file(folder, number).read_text(encoding="utf-8").splitlines()
        stated = json.loads(head)
        records = [_record(json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError):
        return None
    if stated.get("version") != VERSION or stated.get("records") != len(records):
        return None
    shards = {shard_file(folder, record.group, record.shard) for record in records}
    size = sum(shard.stat().st_size for shard in shards if shard.is_file())
    return (size, records) if size == stated["bytes"] else None


def _record(data: dict[str, Any]) -> Record:
    for key in ("bounds", "dead", "striped"):
        data[key] = None if data[key] is None else tuple(data[key])
    return Record(**data)


def write_manifest(folder: Path, records: Sequence[Record]) -> None:
    """Write the manifest of the patches that were kept.

    Raises:
        OutputError: the disk refuses.
    """
    with replaced_file(folder / MANIFEST_FILE) as partial, partial.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(record.line + "\n")


def day_in(name: str) -> str | None:
    """The day of acquisition that a file's name tells, as YYYY-MM-DD, or None."""
    for pattern, form in _DAYS:
        for text in re.findall(pattern, name):
            try:
                day = datetime.strptime(text, form).date()
            except ValueError:
                continue
            if day.year >= 1972 and day <= date.today():
                return day.isoformat()
    return None

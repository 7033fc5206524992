"""The dataset card of a store: what is in it, where it comes from, what was left out and why, with pictures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hypersigma.data.manifest import Record
from hypersigma.data.patch_group import PATCH
from hypersigma.data.patch_screening import SHARES
from hypersigma.data.patches import Origin, SceneOrigin
from hypersigma.writers import replaced_file

if TYPE_CHECKING:
    from hypersigma.engine.harvest import Harvest, Plan

CARD, HISTOGRAMS, MAPS = "README.md", "screening.png", "places"
_KEPT = "kept"
_QUANTILES = (0.5, 0.9, 0.99)
_USE = """## Use

```python
from hypersigma.data.shards import Store

store = Store("FOLDER")
store.read(group, [0, 1, 2])            # (3, bands, 64, 64) as stored; store.groups[group] holds the band table
```

Any reader of Zarr v3 opens `GROUP/patches`. Where its attribute `encoding` is "zigzag differences of bands", whole
numbers are kept as differences to the band before; with `read` what such a reader gives and `dtype` the attribute:

```python
steps = (read >> 1) ^ (0 - (read & 1))
numbers = numpy.cumsum(steps, axis=1, dtype=read.dtype).view(dtype)
```

Slots that `manifest.jsonl` does not list are empty. Quantity = number * scale + offset, as the group's attributes say.
"""


def write_card(plan: Plan, result: Harvest, progress: Callable[[str, int, int], None]) -> None:
    """Write the card and its pictures into a store.

    Raises:
        OutputError: the disk refuses.
    """
    from hypersigma.viz.patch_pictures import share_histograms

    shares = {name: _measured(result.records, name) for name in SHARES}
    limits = {name: getattr(plan.limits, name) for name in SHARES}
    with replaced_file(result.folder / HISTOGRAMS) as partial:
        partial.write_bytes(share_histograms(shares, limits))
    by_origin = list(_by_origin(plan, result.records))
    maps = []
    for number, (origin, records) in enumerate(by_origin, start=1):
        maps.append(_map(result, number, origin, records) if isinstance(origin, SceneOrigin) else "")
        progress("pictures", number, len(by_origin))
    sections = [
        _head(plan, result),
        _groups(plan, result),
        _sources(by_origin, maps),
        _screening(plan, result, shares),
        _USE,
    ]
    with replaced_file(result.folder / CARD) as partial:
        partial.write_text("\n".join(sections), encoding="utf-8")


def _by_origin(plan: Plan, records: Sequence[Record]) -> Iterator[tuple[Origin, Sequence[Record]]]:
    start = 0
    for origin in plan.origins:
        yield origin, records[start : start + len(origin)]
        start += len(origin)


def _measured(records: Sequence[Record], name: str) -> list[float]:
    shares = (record.screening.get(name) for record in records if record.screening is not None)
    return [share for share in shares if share is not None]


def _map(result: Harvest, number: int, origin: SceneOrigin, records: Sequence[Record]) -> str:
    """Draw where the patches of a scene lie and return the file's name within the store."""
    from hypersigma.viz.patch_pictures import patch_map
    from hypersigma.viz.quicklook import composite

    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for record in records:
        places[record.dropped or _KEPT].append((record.row, record.col))
    name = f"{MAPS}/{number:04d}.png"
    with replaced_file(result.folder / name) as partial:
        partial.write_bytes(patch_map(composite(origin.cube), origin.cube.shape[1:], places, PATCH))
    return name


def _head(plan: Plan, result: Harvest) -> str:
    share = result.bytes / result.raw_bytes if result.raw_bytes else 0.0
    left_out = result.candidates - result.patches
    return (
        f"# Patches of {len(plan.origins)} scene(s)\n\n"
        f"{result.patches} patches of {PATCH} x {PATCH} pixels, cut without overlap by `hypersigma harvest`; "
        f"{left_out} of {result.candidates} were left out by screening. {result.bytes / 1e6:.1f} MB, "
        f"{share:.0%} of the numbers before compression.\n\n"
        f"Licence of the sources, as stated by who harvested them: {plan.licence}.\n"
    )


def _groups(plan: Plan, result: Harvest) -> str:
    counts = Counter(record.group for record in result.records if not record.dropped)
    rows = []
    for name, group in plan.groups.items():
        waves = group.wavelengths
        span = "not known" if waves is None else f"{waves[0]:.0f} to {waves[-1]:.0f}"
        storage = f"{group.dtype}, {group.precision}"
        sensor = group.sensor or "not known"
        rows.append((name, sensor, str(group.num_bands), span, group.quantity, storage, str(counts[name])))
    head = ("group", "sensor", "bands", "nm", "quantity", "stored", "patches")
    return "## Groups\n\n" + _table(head, rows)


def _sources(by_origin: Sequence[tuple[Origin, Sequence[Record]]], maps: Sequence[str]) -> str:
    rows = []
    for (origin, records), name in zip(by_origin, maps, strict=True):
        first = records[0]
        kept = sum(not record.dropped for record in records)
        # a folder of crops holds many days
        day = first.date if isinstance(origin, SceneOrigin) else None
        link = f"[picture]({name})" if name else ""
        rows.append((origin.name, str(origin.path), day or "", first.crs or "", str(len(records)), str(kept), link))
    return "## Sources\n\n" + _table(("scene", "file", "date", "CRS", "cut", "kept", "places"), rows)


def _screening(plan: Plan, result: Harvest, shares: dict[str, list[float]]) -> str:
    rows = []
    for name, values in shares.items():
        told = [f"{value:.3g}" for value in np.quantile(values, _QUANTILES)] if values else ["", "", ""]
        limit, count = f"{getattr(plan.limits, name):g}", str(result.dropped.get(name, 0))
        rows.append((name, limit, str(len(values)), *told, count))
    others = [(name, "", "", "", "", "", str(count)) for name, count in result.dropped.items() if name not in shares]
    head = ("figure", "limit", "measured", "median", "90 %", "99 %", "left out")
    text = (
        f"![Histograms of the shares]({HISTOGRAMS})\n\n"
        "A figure that the bands of no patch allow to measure has no histogram. "
        "`missing`: pixels without data; `dead`: bands without information; `striped`: bands with stripes; "
        "`saturated`: numbers at the end of their range; `cloud`: after Griffin et al. 2003, doi:10.1117/12.487297; "
        "`water`: NDWI > 0, McFeeters 1996, doi:10.1080/01431169608948714; `blank`: pixels that repeat their "
        "neighbour; `duplicate`: nearly the same as an earlier patch; `unreadable`: the file could not be read there.\n"
    )
    return "## Screening\n\n" + _table(head, [*rows, *others]) + "\n" + text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)

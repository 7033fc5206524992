"""`hypersigma info SCENE`: what is in this file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.cli._scenes import PLAIN, SceneOptions

if TYPE_CHECKING:
    from hypersigma.cube import Cube
    from hypersigma.screening import Statistics


def info(
    scene: Path, *, quicklook: Path | None = None, options: SceneOptions = PLAIN, common: Common = DEFAULTS
) -> None:
    """Say what is in a file: sensor, bands, size, place on Earth, values; and draw it.

    Args:
        scene: File of the scene, for ENVI the header or the data; or the folder of a product.
        quicklook: PNG file for a colour picture of the scene.
        options: What the file leaves open.
        common: Parameters of every verb.
    """
    from hypersigma.products import Table
    from hypersigma.screening import screen, statistics
    from hypersigma.viz.quicklook import check_name, draw

    console = Console(common)
    if quicklook is not None:
        check_name(quicklook)
    cube = options.open(scene)
    found = statistics(cube)
    cube = screen(cube, found=found)
    facts = describe(cube, found)
    # the picture comes after the table: what was found stands even where drawing fails
    console.table(Table(str(scene), ("what", "found"), tuple(_lines(facts))))
    if quicklook is not None:
        draw(cube, quicklook)
        console.note(f"picture: {quicklook}")
    console.result({"path": scene, **facts})


def describe(cube: Cube, found: Statistics) -> dict[str, Any]:
    """What was found in a scene, as plain data; `found` are statistics of a sample."""
    import numpy as np

    bands, rows, cols = cube.shape
    waves, georef = cube.wavelengths, cube.georef
    # numbers of bands that are not used would hide those of the scene
    low, high = (np.where(cube.valid, side, np.nan) for side in (found.low, found.high))
    return {
        "sensor": cube.sensor,
        "acquired": cube.acquired,
        "rows": rows,
        "columns": cols,
        "bands": bands,
        "bands_used": len(cube.used),
        "bands_dropped": list(_dropped(cube)),
        "wavelengths": None if waves is None else [float(waves[0]), float(waves[-1])],
        "crs": None if georef is None else georef.crs_name,
        "pixel_size": None if georef is None else list(georef.pixel_size),
        "type": cube.source.dtype.name,
        "quantity": cube.quantity,
        "range": [float(np.nanmin(low)), float(np.nanmax(high))],
        "nodata": cube.nodata,
        "nodata_share": found.empty_share,
        "partial_nodata_share": found.partial_share,
        "pixels_looked_at": found.num_pixels,
        "notes": list(cube.notes),
    }


def _dropped(cube: Cube) -> Iterator[dict[str, Any]]:
    """The bands that are not used, by reason: their numbers in the file, from 1, and wavelengths in nm."""
    for reason in dict.fromkeys(filter(None, cube.reasons)):
        indices = sorted((index for index, other in enumerate(cube.reasons) if other == reason), key=cube.order.item)
        waves = None if cube.wavelengths is None else [float(cube.wavelengths[index]) for index in indices]
        yield {"reason": reason, "bands": [int(cube.order[index]) + 1 for index in indices], "wavelengths": waves}


def _runs(numbers: list[int]) -> str:
    """Ascending whole numbers as text: "1-2, 98-116, 222"."""
    runs = [[item for _, item in run] for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _lines(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts as lines for a person."""
    yield "sensor", facts["sensor"] or "not known"
    if facts["acquired"]:
        yield "acquired", facts["acquired"]
    yield "size", f"{facts['rows']} rows x {facts['columns']} columns x {facts['bands']} bands"
    waves = facts["wavelengths"]
    yield "wavelengths", "not known" if waves is None else f"{waves[0]:.1f} to {waves[1]:.1f} nm"
    yield "bands used", f"{facts['bands_used']} of {facts['bands']}"
    for group in facts["bands_dropped"]:
        waves = group["wavelengths"]
        span = "" if waves is None else f" (in {min(waves):.0f}-{max(waves):.0f} nm)"
        yield "not used", f"bands {_runs(group['bands'])}{span}: {group['reason']}"
    yield "coordinates", _place(facts)
    low, high = facts["range"]
    yield "values", f"{facts['quantity']}, {low:.4g} to {high:.4g}, stored as {facts['type']}"
    mark = "" if facts["nodata"] is None else f", marked {facts['nodata']:g}"
    partly = facts["partial_nodata_share"]
    some = f"; in some bands only: {partly:.1%}" if partly else ""
    yield "no data", f"{facts['nodata_share']:.1%} of pixels{mark}{some}"
    if facts["pixels_looked_at"] < facts["rows"] * facts["columns"]:
        yield "looked at", f"{facts['pixels_looked_at']} pixels, spread over the scene, for values and missing data"
    for note in facts["notes"]:
        yield "note", note


def _place(facts: dict[str, Any]) -> str:
    if facts["pixel_size"] is None:
        return "none"
    width, height = facts["pixel_size"]
    system = "no coordinate system" if facts["crs"] == "none" else facts["crs"]
    return f"{system}, pixels of {width:.6g} x {height:.6g}"

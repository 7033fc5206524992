"""Reading tiles of ENVI scenes: ours against Spectral Python's memory map, for each interleave.

Run it with  python benchmarks/envi_tiles.py ; it prints one line an interleave and writes results/envi_tiles.json.
A ratio below 1 means that ours takes less time. Both give (bands, rows, cols) float32 of the same 64 x 64 tiles.
"""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import spectral

from hypersigma.readers import open_cube
from hypersigma.tiling import Window, blocks

BANDS, SIDE, TILE, REPEATS = 224, 256, 64, 20
AXES = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}
RESULTS = Path(__file__).parent / "results" / "envi_tiles.json"


def write_scene(folder: Path, interleave: str) -> Path:
    """A random scene of 16-bit counts; returns its header."""
    array = np.random.default_rng(0).integers(0, 10000, (BANDS, SIDE, SIDE)).astype("<i2")
    (folder / f"{interleave}.img").write_bytes(array.transpose(AXES[interleave]).tobytes())
    header = folder / f"{interleave}.hdr"
    header.write_text(
        f"ENVI\nsamples = {SIDE}\nlines = {SIDE}\nbands = {BANDS}\nheader offset = 0\n"
        f"data type = 2\ninterleave = {interleave}\nbyte order = 0\n"
    )
    return header


def milliseconds(*readers: Callable[[Window], Any]) -> list[float]:
    """The shortest time that each reader takes a tile, on average over the scene; readers take turns."""
    tiles = list(blocks(SIDE, SIDE, TILE))
    shortest = [float("inf")] * len(readers)
    for turn in range(REPEATS * len(readers)):
        which = turn % len(readers)
        start = time.perf_counter()
        for tile in tiles:
            readers[which](tile)
        shortest[which] = min(shortest[which], 1e3 * (time.perf_counter() - start) / len(tiles))
    return shortest


def measure(header: Path) -> dict[str, float]:
    """Milliseconds a tile of both readers, once they agree on the numbers."""
    cube, image = open_cube(header), spectral.open_image(str(header))

    def theirs(tile: Window) -> Any:
        rows, cols = tile.slices
        block = image.read_subregion((rows.start, rows.stop), (cols.start, cols.stop), use_memmap=True)
        return np.moveaxis(block, -1, 0).astype(np.float32)

    first = next(iter(blocks(SIDE, SIDE, TILE)))
    np.testing.assert_array_equal(cube.read(first), theirs(first))
    ours_ms, theirs_ms = milliseconds(cube.read, theirs)
    return {"ours_ms": round(ours_ms, 3), "spectral_ms": round(theirs_ms, 3), "ratio": round(ours_ms / theirs_ms, 3)}


def main() -> None:
    """Measure every interleave, print and store."""
    with tempfile.TemporaryDirectory() as folder:
        rows = {interleave: measure(write_scene(Path(folder), interleave)) for interleave in AXES}
    for interleave, row in rows.items():
        print(interleave, row)
    machine = {"processor": platform.machine(), "python": platform.python_version(), "numpy": np.__version__}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "tile": [BANDS, TILE, TILE], "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""How many endmembers are found in scenes of which the number is known, and in two of which it is not.

    HYPERSIGMA_DATA=FOLDER python benchmarks/endmember_number.py

Beside the number of `--endmembers auto` stand those of HySime and NWHFC alone. Rows go to
benchmarks/results/endmember_number.jsonl, a line a scene. One thread, a minute or two.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from threadpoolctl import threadpool_limits

from hypersigma.data.bands import Bands
from hypersigma.data.endmember_count import counted
from hypersigma.data.scenes import jasper_ridge, muufl_unmixing, samson, simulated_mixtures
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_sample import sample_of
from hypersigma.readers import open_cube

RESULTS = Path(__file__).parent / "results" / "endmember_number.jsonl"
SEEDS = range(5)
UNKNOWN = {
    "hysu": "dlr_hysu/HySpex/full_hs/Full.tif",
    "pavia_university_part": "pavia_university_sub/paviaU_subimg.mat",
}


def scenes() -> Iterator[tuple[str, UnmixingScene]]:
    """Scenes by name; those of the true number have a truth."""
    for known in (samson, jasper_ridge, muufl_unmixing):
        for scene in known.load():
            yield scene.cube.name, scene
    for name, path in UNKNOWN.items():
        yield name, UnmixingScene(open_cube(Path(os.environ["HYPERSIGMA_DATA"]) / path))
    for seed in SEEDS:
        for scene in simulated_mixtures.draw("none", seed):
            yield f"{scene.cube.name}, seed {seed}", scene


def main() -> None:
    """Count, write and print."""
    with RESULTS.open("w", encoding="utf-8") as stream, threadpool_limits(limits=1):
        for name, scene in scenes():
            sample, _ = sample_of([scene], Bands.of(scene.cube))
            found = counted(sample)
            row = {
                "scene": name,
                "known": len(scene.materials) or None,
                "auto": found.num_endmembers,
                "hysime": found.hysime.num_endmembers,
                "nwhfc": found.hfc.num_endmembers,
                "moved": [round(float(value), 3) for value in found.moved],
            }
            stream.write(json.dumps(row) + "\n")
            print(f"{name}: known {row['known']}, auto {row['auto']}, HySime {row['hysime']}, NWHFC {row['nwhfc']}")


if __name__ == "__main__":
    main()

"""Simulated change on hyperspectral scenes: Indian Pines, San Diego and DLR HySU, each with a later date made of it.

No real pair of hyperspectral dates with a truth is at hand; these stand in for one, and what is found on them says how
methods take a wrong registration, other light and noise, not how well they do on the ground. Taizhou and OSCD are real,
with fewer bands. What is tuned is tuned on HySU.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypersigma import registry
from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes import _change, _san_diego
from hypersigma.data.scenes._folder import folder_of
from hypersigma.data.simulate import DisturbanceConfig, simulated_change
from hypersigma.readers import open_cube

# Each scene has bands of its own, so that nothing can be learnt on one of them for another.
PROTOCOLS = {"none": SplitConfig(protocol="none")}
TASK = _change.TASK

DEVELOPMENT = ("hysu",)
# What lies between two flights over one place on two fair days.
DISTURBANCES = DisturbanceConfig(shift=0.25, gain=0.1, shading=0.05, tilt=0.05, snr=30.0)

_HYSU = "HySpex/full_hs/Full.tif"
_FIRST_OF_DEVELOPMENT = 100  # seeds from here on are for tuning


def load(root: Path | None = None) -> list[LabelledScene]:
    """The pairs with their truths; Indian Pines comes with the package tensorly.

    Args:
        root: the folder that holds the files of San Diego and HySU, each in a folder of its own; the environment
            variable HYPERSIGMA_DATA by default.

    Raises:
        InputError: a file is missing.
        MissingExtraError: tensorly is not installed.
    """
    scenes = []
    for name, cube in cubes(root).items():
        seed = _FIRST_OF_DEVELOPMENT if name in DEVELOPMENT else 0
        scenes.append(simulated_change(cube, seed, disturbances=DISTURBANCES))
    return scenes


def cubes(root: Path | None = None) -> dict[str, Cube]:
    """The first dates by their names, as they are; root and errors as of `load`."""
    san_diego = _san_diego.load(root, "san_diego").cube
    hysu = open_cube(folder_of("the files of HySU", "dlr_hysu", (_HYSU,), root) / _HYSU)
    # asked for by name: scenes do not know one another
    indian_pines = registry.load("hypersigma.data.scenes", "indian_pines").load()[0].cube
    return {"indian_pines": indian_pines, "san_diego": san_diego, "hysu": replace(hysu, name="hysu")}

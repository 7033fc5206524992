"""OSCD: Sentinel-2 over five cities, two dates each, 13 bands on the grid of 10 m, urban change drawn by hand.

R. Caye Daudt, B. Le Saux, A. Boulch and Y. Gousseau, Urban change detection for multispectral Earth observation using
convolutional neural networks, IGARSS 2018. The files are not shipped; the change maps are for non-commercial use.
Reflectance at the top of the atmosphere; every pixel is labelled, 0.3 to 2.6 in 100 changed.

What is tuned is tuned on Paris, Bercy and Rennes. Paris and Bercy share no pixel, but lie 280 m apart in the same image
of the first date: `leave_one_out` keeps them in one fold, `cities`, the usual division of these five, does not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_labels
from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, UNCHANGED, Pair
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes import _change
from hypersigma.data.scenes._folder import folder_of
from hypersigma.readers import open_cube

CITIES = ("aguasclaras", "bercy", "bordeaux", "paris", "rennes")
PROTOCOLS = {
    "cities": SplitConfig(protocol="cities", num_per_class=None),
    "leave_one_out": SplitConfig(protocol="leave_one_out", num_per_class=None),
    "none": SplitConfig(protocol="none"),
}
# Cities that are test in each fold of a protocol; the others are trained on.
HELD_OUT = {
    "cities": (("bercy", "rennes"),),
    "leave_one_out": (("aguasclaras",), ("bercy", "paris"), ("bordeaux",), ("rennes",)),
}
TASK = _change.TASK

_DATES = ("imgs_1", "imgs_2")


def load(root: Path | None = None) -> list[LabelledScene]:
    """The cities with their labels, in order of their names.

    Args:
        root: the folder, or one that holds it as `oscd`; the environment variable HYPERSIGMA_DATA by default.

    Raises:
        InputError: a file is missing, or the dates of a city lie on different grids.
    """
    needed = tuple(f"{city}/{part}/" for city in CITIES for part in (*_DATES, "cm"))
    folder = folder_of("the cities of OSCD", "oscd", needed, root)
    return [_city(folder / city) for city in CITIES]


def _city(folder: Path) -> LabelledScene:
    before, after = (_date(folder / name, folder.name) for name in _DATES)
    pair = replace(Pair.of(before, after), name=folder.name)
    labels = read_labels(folder / "cm" / f"{folder.name}-cm.tif", before).labels
    return _change.labelled(pair, labels == CHANGED, labels == UNCHANGED)


def _date(folder: Path, city: str) -> Cube:
    """One date, named by city and folder: what the files are named after is the same for Paris and Bercy."""
    return replace(open_cube(folder), name=f"{city}_{folder.name}")

"""What a person gives a classification beside the scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_training_labels, require_trainable, with_common_legend
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError
from hypersigma.palette import default_legend
from hypersigma.products import Legend


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Labels of the scenes.

    Attributes:
        labels: File of labels (raster, MATLAB, GeoJSON, GeoPackage, Shapefile), one a scene in the same order.
        label_variable: Which array of a MATLAB file holds the labels.
        attribute: Which attribute of polygons names the class.
    """

    labels: tuple[Path, ...]
    label_variable: str | None = None
    attribute: str | None = None

    def load(self, cubes: Sequence[Cube]) -> list[LabelledScene]:
        """The scenes with their labels.

        Raises:
            InputError: the labels cannot be read, lie elsewhere, or are too few to learn from.
        """
        return read_training_labels(self.labels, cubes, variable=self.label_variable, attribute=self.attribute)


def load_inputs(
    cubes: Sequence[Cube],
    labels: Any,
    legend: Legend | Sequence[str] | None = None,
    label_variable: str | None = None,
    attribute: str | None = None,
) -> list[LabelledScene]:
    """The scenes with labels in any form that Python users have them.

    Args:
        cubes: the scenes.
        labels: a file or an array (rows, cols), or one a scene.
        legend: names (and colours) of the classes 1..K of arrays; files bring their own.
        label_variable: as in `Inputs`.
        attribute: as in `Inputs`.

    Raises:
        InputError: as `Inputs.load` and `labelled_arrays`.
    """
    given = list(labels) if isinstance(labels, list | tuple) else [labels]
    if all(isinstance(item, np.ndarray) for item in given):
        return labelled_arrays(cubes, given, legend)
    if not all(isinstance(item, str | Path) for item in given):
        found = ", ".join(sorted({type(item).__name__ for item in given}))
        raise InputError(f"labels: found {found}; expected files or arrays (rows, cols), one a scene")
    paths = tuple(Path(item) for item in given)
    return Inputs(labels=paths, label_variable=label_variable, attribute=attribute).load(cubes)


def labelled_arrays(
    cubes: Sequence[Cube], labels: Sequence[NDArray[Any]], legend: Legend | Sequence[str] | None = None
) -> list[LabelledScene]:
    """The scenes with labels given as arrays (rows, cols), 0 = unlabelled, 1..K classes.

    Raises:
        InputError: another number of arrays than scenes, another size than its scene, numbers that are no classes,
            fewer names than classes, or too few labels.
    """
    if len(labels) != len(cubes):
        raise InputError(
            f"{len(labels)} label arrays for {len(cubes)} scenes; one a scene is needed, in the same order"
        )
    arrays = [_classes(np.asarray(array), cube) for cube, array in zip(cubes, labels, strict=True)]
    num_classes = max(int(array.max(initial=0)) for array in arrays)
    if not isinstance(legend, Legend):
        legend = default_legend(tuple(legend or (f"class {value}" for value in range(1, num_classes + 1))))
    if len(legend.names) < num_classes:
        raise InputError(
            f"labels go up to {num_classes}, but {len(legend.names)} classes have a name; one a class is needed"
        )
    scenes = [LabelledScene(cube, array, legend) for cube, array in zip(cubes, arrays, strict=True)]
    scenes = with_common_legend(scenes)
    require_trainable(scenes)
    return scenes


def _classes(array: NDArray[Any], cube: Cube) -> NDArray[np.int32]:
    """Labels (rows, cols) as integers, after a look at whether they are classes."""
    if array.ndim != 2:
        raise InputError(f"labels of {cube.name} have shape {array.shape}; an array (rows, cols) is needed")
    if array.dtype.kind not in "iub":
        raise InputError(f"labels of {cube.name} are of type {array.dtype}; whole numbers are needed, 0 = unlabelled")
    if array.min(initial=0) < 0:
        raise InputError(
            f"labels of {cube.name} go down to {array.min()}; classes count from 1, and 0 means unlabelled"
        )
    return array.astype(np.int32)

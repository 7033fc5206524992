"""What a person gives a classification beside the scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.label_files import read_training_labels, require_trainable, with_common_legend
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError
from hypersigma.palette import default_legend


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


def labelled_arrays(
    cubes: Sequence[Cube], labels: Sequence[NDArray[np.integer]], class_names: Sequence[str] | None = None
) -> list[LabelledScene]:
    """The scenes with labels given as arrays (rows, cols), 0 = unlabelled, 1..K classes.

    Raises:
        InputError: another number of arrays than scenes, another size than its scene, or too few labels.
    """
    if len(labels) != len(cubes):
        raise InputError(
            f"{len(labels)} label arrays for {len(cubes)} scenes; one a scene is needed, in the same order"
        )
    num_classes = max(int(array.max(initial=0)) for array in labels)
    legend = default_legend(tuple(class_names or (f"class {value}" for value in range(1, num_classes + 1))))
    scenes = [LabelledScene(cube, array.astype(np.int32), legend) for cube, array in zip(cubes, labels, strict=True)]
    scenes = with_common_legend(scenes)
    require_trainable(scenes)
    return scenes

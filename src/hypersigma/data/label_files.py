"""Labels of a scene from a file: a raster, a MATLAB array, or polygons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.label_maps import LabelMap
from hypersigma.data.label_rasters import read_matlab, read_raster
from hypersigma.data.label_vectors import read_vectors
from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError
from hypersigma.palette import palette
from hypersigma.products import Color, Legend

_VECTOR_SUFFIXES = (".json", ".geojson", ".gpkg", ".shp", ".fgb", ".gml", ".kml")


def read_labels(path: Path, cube: Cube, *, variable: str | None = None, attribute: str | None = None) -> LabelledScene:
    """A scene with the labels of a file; class values are those of the file wherever it holds numbers.

    Args:
        path: a raster or MATLAB array on the scene's grid, or polygons (or points) in any coordinate system.
        cube: the scene.
        variable: the MATLAB array, where the file holds several that fit.
        attribute: the attribute of polygons that names the class; found by its name where None.

    Raises:
        InputError: it cannot be read, lies on another grid or outside of the scene, or labels no pixel.
        MissingExtraError: the format needs extra `geo`.
    """
    found = _read(Path(path), cube, variable, attribute)
    if not found.labels.any():
        raise InputError(f"{path}: no pixel is labelled; labels are whole numbers from 1, 0 for unlabelled pixels")
    return LabelledScene(cube.noted(*found.notes), found.labels, found.legend)


def read_marks(path: Path, cube: Cube, *, variable: str | None = None, attribute: str | None = None) -> LabelMap:
    """What a file marks in a scene, such as anomalies: as `read_labels`, but a raster or matrix may mark no pixel.

    Args:
        path: a raster or MATLAB array on the scene's grid, values above 0 where something is; or polygons (or points).
        cube: the scene.
        variable: the MATLAB array, where the file holds several that fit.
        attribute: the attribute of polygons that names what they are; found by its name where None.

    Raises:
        InputError: it cannot be read, lies on another grid or outside of the scene.
        MissingExtraError: the format needs extra `geo`.
    """
    return _read(Path(path), cube, variable, attribute)


def read_training_labels(
    paths: Sequence[Path], cubes: Sequence[Cube], *, variable: str | None = None, attribute: str | None = None
) -> list[LabelledScene]:
    """Scenes with labels to learn from: one legend for all, with the classes that have pixels.

    Raises:
        InputError: as `read_labels`, another number of files than scenes, or too few labels to learn from.
        MissingExtraError: a format needs extra `geo`.
    """
    if len(paths) != len(cubes):
        raise InputError(f"{len(paths)} label files for {len(cubes)} scenes; one a scene is needed, in the same order")
    scenes = [
        read_labels(path, cube, variable=variable, attribute=attribute) for path, cube in zip(paths, cubes, strict=True)
    ]
    scenes = with_common_legend(scenes)
    require_trainable(scenes)
    return scenes


def with_common_legend(scenes: Sequence[LabelledScene]) -> list[LabelledScene]:
    """The scenes under one legend: classes of the same name are one, classes without a pixel are left out."""
    colors: dict[str, Color] = {}
    for scene in scenes:
        present = set(np.unique(scene.labels))
        for value, (name, color) in enumerate(zip(scene.legend.names, scene.legend.colors, strict=True), start=1):
            # A palette often lists more classes than a scene has; nothing could be learnt of those.
            if value in present:
                colors.setdefault(name, color)
    names = list(colors)
    # Two files may give one colour to two classes; then none of their colours can be trusted.
    distinct = len(set(colors.values())) == len(colors)
    legend = Legend(tuple(names), tuple(colors.values()) if distinct else palette(len(names)))
    result = []
    for scene in scenes:
        places = [names.index(name) + 1 if name in colors else 0 for name in scene.legend.names]
        labels = np.array([0, *places], dtype=np.int32)[scene.labels]
        result.append(LabelledScene(scene.cube, labels, legend))
    return result


def require_trainable(scenes: Sequence[LabelledScene]) -> None:
    """Refuse labels that nothing can be learnt from: a classifier needs two classes, each of two pixels.

    Raises:
        InputError: there are fewer; every class that is short is named.
    """
    names = scenes[0].legend.names
    counts = np.sum([np.bincount(scene.labels.ravel(), minlength=len(names) + 1) for scene in scenes], axis=0)[1:]
    if len(names) < 2:
        raise InputError(f"labels hold {len(names)} class ({', '.join(names)}); at least two are needed to tell apart")
    short = [f"'{name}' ({count})" for name, count in zip(names, counts, strict=True) if count < 2]
    if short:
        raise InputError(
            f"too few labelled pixels in {', '.join(short)}; a class needs two at least, one to learn from and one "
            "to check on: label more, or leave the class out"
        )


def is_vector(path: Path) -> bool:
    """Whether a file holds polygons, lines or points, by its suffix."""
    return path.suffix.lower() in _VECTOR_SUFFIXES


def _read(path: Path, cube: Cube, variable: str | None, attribute: str | None) -> LabelMap:
    if not path.is_file():
        raise InputError(f"{path}: there is no such label file")
    # Told by suffix, as GeoJSON is plain text and MATLAB 7.3 plain HDF5; everything else GDAL knows by its content.
    if is_vector(path):
        return read_vectors(path, cube, attribute)
    return read_matlab(path, cube, variable) if path.suffix.lower() == ".mat" else read_raster(path, cube)

"""Scenes to be restored, and what is given beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import InputError
from hypersigma.tiling import Window

DESCRIPTION = "restoration.yaml"  # the file that tells what a saved restoration is, whatever the method


@dataclass(frozen=True, kw_only=True, eq=False)
class RestorationScene:
    """A scene, and what is given beside it.

    Attributes:
        cube: the scene.
        truth: the same scene without noise or on the smaller pixels, with the same bands, or None.
        scale: rows and columns of the sharpened scene over those of the scene; None where nothing is sharpened, or
            where the companion tells.
        companion: a sharper scene of the same ground, or None.
        target: spectrum (used bands,) that must not be lost, in the scene's numbers, or None.
    """

    cube: Cube
    truth: Cube | None = None
    scale: int | None = None
    companion: Cube | None = None
    target: NDArray[np.float64] | None = None


def passing(cube: Cube, window: Window) -> NDArray[np.float32]:
    """The numbers (bands, h, w) of a window, after which nothing of the scene's file stays in memory."""
    image = cube.read(window)
    cube.forget()
    return image


def whole_scene(cube: Cube) -> NDArray[np.float32]:
    """The numbers (bands, rows, cols) of all valid bands.

    Raises:
        InputError: no pixel has numbers in all of them.
    """
    image = cube.read()
    if not np.isfinite(image).all(axis=0).any():
        raise InputError(
            f"{cube.name}: no pixel has numbers in all {len(image)} bands that are used; give a scene with data"
        )
    return image

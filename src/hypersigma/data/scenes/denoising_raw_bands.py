"""Noise of real sensors and no truth: 72 x 72 pixels of Indian Pines and of an AVIRIS-like scene, bad bands among them.

Of Indian Pines 196 bands, 54 of which `denoising_indian_pines` leaves out for their noise; the 20 bands of water vapour
that the form with 200 bands lacks are not at hand. The other scene, 217 bands by GatorSense (University of
Florida), has bands of water vapour too.
"""

from __future__ import annotations

from pathlib import Path

from hypersigma.cube import Cube
from hypersigma.data.restoration import RestorationScene
from hypersigma.data.scenes import _indian_pines, _noisy
from hypersigma.data.scenes._folder import folder_of
from hypersigma.readers import open_cube
from hypersigma.tiling import Window

TASK, PROTOCOLS = _noisy.TASK, _noisy.PROTOCOLS

_SIDE = 72  # pixels: hundreds of bands with many directions take minutes as it is
_FILE = "a_hsi_img_for_VI_demo.mat"


def load(root: Path | None = None) -> list[RestorationScene]:
    """Both scenes, with no truth.

    Args:
        root: a folder with the arrays of Indian Pines and `a_hsi_img_for_VI_demo.mat`; by default those of the package
            tensorly, and `aviris_vi_demo` in HYPERSIGMA_DATA.

    Raises:
        MissingExtraError: tensorly is not installed and no folder is given.
        InputError: there is no such file.
    """
    pines, _ = _indian_pines.read(root)
    demo = open_cube(folder_of("the files of the AVIRIS-like scene", "aviris_vi_demo", (_FILE,), root) / _FILE)
    return [RestorationScene(cube=_middle(pines, "indian_pines")), RestorationScene(cube=_middle(demo, "water_bands"))]


def draw(protocol: str, seed: int) -> list[RestorationScene]:
    """The scenes of `load`, whatever the seed."""
    return load()


def _middle(cube: Cube, name: str) -> Cube:
    """The used bands of the middle of a scene."""
    assert cube.wavelengths is not None
    rows, cols = (min(_SIDE, length) for length in cube.shape[1:])
    window = Window((cube.shape[1] - rows) // 2, (cube.shape[2] - cols) // 2, rows, cols)
    return Cube.from_array(cube.read(window), cube.wavelengths[cube.used], quantity=cube.quantity, name=name)

"""What the benchmark scenes for super-resolution share: a clean image on larger pixels, alone and with a sharp RGB.

A coarse pixel is the mean of its own area (Wald's protocol). RGB is what a camera with Gaussian responses sees of the
truth, without noise and exactly in place: what a method makes of it is an upper limit.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.restoration import RestorationScene
from hypersigma.data.sampling import SplitConfig
from hypersigma.data.scenes._clean import CleanImage, Floats, Read
from hypersigma.data.wald import WaldConfig, coarsened, whole
from hypersigma.georef import Georef

TASK = "super_resolution"
PROTOCOLS = {"none": SplitConfig(protocol="none")}

RATIOS, WITH_COLOUR = (2, 4, 8), 4
_RESPONSES, _WIDTH = np.array([640.0, 550.0, 460.0]), 40.0  # nm: centres, and the deviation of each
# A companion is found by its place; the files of some images have none.
_PLACE = Georef((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), 'LOCAL_CS["here",UNIT["metre",1]]')

Load = Callable[..., list[RestorationScene]]
Draw = Callable[[str, int], list[RestorationScene]]


def scenes(read: Read) -> tuple[Load, Draw]:
    """What a scene's file offers: `load(root=None)` and `draw(protocol, seed)`, which draws nothing."""

    def load(root: Path | None = None) -> list[RestorationScene]:
        """The scenes, one a ratio and one with a companion; root as of the image's reader."""
        clean = read(root)
        # the same ground at all ratios, but for what the largest pixels do not cover
        image = whole(clean.image, WITH_COLOUR)
        alone = [_coarser(clean, whole(image, ratio), ratio, f"ratio_{ratio}") for ratio in RATIOS]
        return [*alone, _coarser(clean, image, WITH_COLOUR, f"rgb_{WITH_COLOUR}", coloured=True)]

    def draw(protocol: str, seed: int) -> list[RestorationScene]:
        """The scenes, whatever the seed."""
        return load()

    return load, draw


def _coarser(
    clean: CleanImage, image: NDArray[np.float32], ratio: int, name: str, *, coloured: bool = False
) -> RestorationScene:
    """A part of a clean image on pixels so many times larger, with it as the truth."""
    coarse = coarsened(image, WaldConfig(scale=ratio, spread="mean"))
    cube = clean.cube(coarse, name, georef=_PLACE.divided(1 / ratio))
    truth = clean.cube(image, "truth", georef=_PLACE)
    if not coloured:
        return RestorationScene(cube=cube, truth=truth, scale=ratio)
    seen = CleanImage(image=colour(image, clean.wavelengths), wavelengths=_RESPONSES)
    return RestorationScene(cube=cube, truth=truth, companion=seen.cube(seen.image, "rgb", georef=_PLACE))


def colour(image: NDArray[np.float32], wavelengths: Floats) -> NDArray[np.float32]:
    """Red, green and blue (3, rows, cols) of an image (bands, rows, cols), as means of bands by Gaussian responses."""
    responses = np.exp(-(((wavelengths - _RESPONSES[:, None]) / _WIDTH) ** 2) / 2)
    seen = np.tensordot(responses / responses.sum(axis=1, keepdims=True), image, axes=1)
    return seen.astype(np.float32)

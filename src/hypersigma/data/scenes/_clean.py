"""Images that pass for a truth of denoising and super-resolution, of files that are not shipped, with a peak of 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.scenes import _indian_pines
from hypersigma.data.scenes._folder import folder_of
from hypersigma.readers import open_cube

Floats = NDArray[np.float64]

_CLEAN = 60.0  # a band's mean over the deviation of what its four neighbours leave of it
_REACH = 2  # bands each way


@dataclass(frozen=True, kw_only=True, eq=False)
class CleanImage:
    """An image that passes for a truth.

    Attributes:
        image: (bands, rows, cols), single precision, with a peak of 1.
        wavelengths: (bands,) nm, ascending.
        approximate: whether the file holds no wavelengths, and these are about where its bands lie.
    """

    image: NDArray[np.float32]
    wavelengths: Floats
    approximate: bool = False

    def cube(self, image: NDArray[np.float32], name: str, **given: Any) -> Cube:
        """A cube with these bands; further arguments as of `Cube.from_array`."""
        made = Cube.from_array(image, self.wavelengths, name=name, **given)
        return made.noted("wavelengths are approximate, as the file holds none") if self.approximate else made


Read = Callable[[Path | None], CleanImage]


def indian_pines(root: Path | None) -> CleanImage:
    """The bands of Indian Pines with little noise, scaled from their least to their largest number.

    Raises:
        MissingExtraError, InputError: as of `_indian_pines.read`.
    """
    cube, _ = _indian_pines.read(root)
    image = cube.read().astype(np.float64)
    kept = quiet(image)
    image = image[kept]
    scaled = (image - image.min()) / (image.max() - image.min())
    assert cube.wavelengths is not None
    return CleanImage(image=scaled.astype(np.float32), wavelengths=cube.wavelengths[cube.used][kept])


def pavia_university(root: Path | None) -> CleanImage:
    """The part of Pavia University, ROSIS, 50 x 50 pixels of 103 bands; root as of `folder_of`."""
    return _of_file("the files of Pavia University", "pavia_university_sub", "paviaU_subimg.mat", root, (430.0, 860.0))


def cave(root: Path | None) -> CleanImage:
    """Chart and stuffed toy of CAVE, 256 x 256 pixels of 31 bands, half the size of the original; root as above."""
    return _of_file("the files of CAVE", "cave", "chart_and_stuffed_toy_ms_256.mat", root, (400.0, 700.0))


def hysu(root: Path | None) -> CleanImage:
    """DLR HySU, HySpex, 86 x 123 pixels of 135 bands; root as above."""
    return _of_file("the files of HySU", "dlr_hysu", "HySpex/full_hs/Full.tif", root)


def berlin(root: Path | None) -> CleanImage:
    """Berlin Urban Gradient 2009, HyMap; root as above."""
    file = "HyMap02_Berlin_Urban_Gradient_2009.bsq"
    return _of_file("the files of Berlin", "berlin_urban_gradient", file, root)


def _of_file(
    what: str, folder: str, file: str, root: Path | None, ends: tuple[float, float] | None = None
) -> CleanImage:
    """The image of a file over its maximum; of a file without wavelengths these lie evenly between two ends in nm."""
    cube = open_cube(folder_of(what, folder, (file,), root) / file)
    image = cube.read()
    if ends is not None:
        waves = np.linspace(*ends, len(image))
    else:
        assert cube.wavelengths is not None
        waves = cube.wavelengths[cube.used]
    return CleanImage(image=image / image.max(), wavelengths=waves, approximate=ends is not None)


def quiet(image: Floats) -> NDArray[np.bool_]:
    """Bands (bands,) of an image (bands, rows, cols) whose noise, as their four neighbours tell it, is small."""
    flat = image.reshape(len(image), -1)
    kept = np.zeros(len(flat), dtype=bool)
    for band in range(len(flat)):
        others = [
            other for other in range(band - _REACH, band + _REACH + 1) if other != band and 0 <= other < len(flat)
        ]
        known = np.concatenate([flat[others], np.ones((1, flat.shape[1]))]).T
        fitted = known @ np.linalg.lstsq(known, flat[band], rcond=None)[0]
        kept[band] = flat[band].mean() > _CLEAN * (flat[band] - fitted).std()
    return kept

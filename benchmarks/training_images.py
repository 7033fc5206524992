"""Scenes and photographs that the small networks which ship learn on; none of them is measured on.

MUUFL Gulfport and the demo cube of GatorSense, Taizhou (Landsat-7; these three from repositories under MIT), the images
of OSCD (modified Copernicus Sentinel data 2015-2018; its change maps, whose terms forbid commerce, play no part), and
photographs: those of scikit-image that are in the public domain or without known restrictions, and the two of
scikit-learn, by danielbuechele (CC BY 2.0).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import skimage
import sklearn
from numpy.typing import NDArray
from skimage.io import imread

from hypersigma.data.resize import resized
from hypersigma.readers import open_cube

AIRBORNE = ("muufl_gulfport/an_hsi_image_sub_for_demo.mat", "aviris_vi_demo/*.mat")
LANDSAT = ("taizhou/2000TM", "taizhou/2003TM")
SENTINEL = ("*_B0[2348].tif", "*_B0[567].tif")  # 10 m, and 20 m
PHOTOGRAPHS = (
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png"),
    *("grass.png", "gravel.png", "hubble_deep_field.jpg", "retina.jpg", "rocket.jpg"),
)
OTHERS = ("china.jpg", "flower.jpg")
Image = NDArray[np.float32]


def airborne() -> list[Image]:
    """Scenes (bands, rows, cols) of airborne spectrometers."""
    return [open_cube(file).read() for pattern in AIRBORNE for file in sorted(_folder().glob(pattern))]


def satellite() -> list[Image]:
    """Scenes of satellites, Sentinel-2 by pixel size, without its brightest glints."""
    scenes = [open_cube(_folder() / name).read() for name in LANDSAT]
    for date in sorted(_folder().glob("oscd/*/imgs_*")):
        for pattern in SENTINEL:
            bands = [open_cube(file).read()[0] for file in sorted(date.glob(pattern))]
            scenes.append(np.stack([np.minimum(band, np.quantile(band, 0.999)) for band in bands]))
    return scenes


def photographs() -> list[Image]:
    """Photographs (1 or 3, rows, cols) in half size: their own pixels were interpolated between colours."""
    files = [Path(skimage.__file__).parent / "data" / name for name in PHOTOGRAPHS]
    files += [Path(sklearn.__file__).parent / "datasets" / "images" / name for name in OTHERS]
    pictures = [imread(file).astype(np.float32) for file in files]
    return [halved(each[..., :3].transpose(2, 0, 1) if each.ndim == 3 else each[None]) for each in pictures]


def halved(image: Image) -> Image:
    """Means of 2 x 2 pixels of an image (bands, rows, cols)."""
    return resized(image, (image.shape[1] // 2, image.shape[2] // 2), "mean")


def _folder() -> Path:
    return Path(os.environ["HYPERSIGMA_DATA"])

"""Cubic convolution: what any method of smaller pixels must be better than."""

from __future__ import annotations

from hypersigma.baselines._sharpener import Enlarger
from hypersigma.data.sharpened_maps import Image
from hypersigma.data.sharpening import enlarged

TASK = "super_resolution"


class Bicubic(Enlarger):
    """Cubic convolution of every band (Keys, 1981)."""

    def enlarged(self, image: Image, scale: int) -> Image:
        return enlarged(image, self.wald(scale), 0)


METHOD = Bicubic()

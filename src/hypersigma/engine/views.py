"""How a step looks at its images: patch, grid, tile and bands are the step's, everything else an image's own.

What is the step's is drawn with `Draws.shared`, so that all processes agree; the rest with a generator an image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from hypersigma.data.simulated_pairs import shape_levels
from hypersigma.engine.masking_settings import CAMERA, AugmentationSettings, MaskingSettings
from hypersigma.engine.objective import Draws
from hypersigma.spectra import CANONICAL, CANONICAL_STEP, resampling_matrix, response_matrix, sensor_bands

Item = TypeVar("Item")

_LEAST_BANDS = 6
_CAMERA_RANGE, _CAMERA_BANDS = (400.0, 1000.0), (20, 60)


class Images(NamedTuple):
    """Images side by side, on the canonical grid, of one sensor.

    Attributes:
        image: (B, C, H, W) reflectance; bands that are not there may hold anything.
        present: (C,) bool, which bands are there, on the CPU, the same for all images of a step; None for all.
        truth: (B, C + S, H, W) what is true of a simulated image: reflectance in all bands without the instrument's
            faults, and shapes; None where nobody knows it.
    """

    image: Tensor
    present: Tensor | None = None
    truth: Tensor | None = None

    def to(self, device: torch.device) -> Self:
        """The same images on a device."""
        truth = None if self.truth is None else self.truth.to(device)
        return self._replace(image=self.image.to(device), truth=truth)


class Look(NamedTuple):
    """How all images of a step are looked at.

    Attributes:
        patch: side of a patch in pixels; grid: patches along a side; tile: side in pixels of what the spectral
            encoder sees; span: bands that are hidden or kept together.
        present: (C,) bool, the bands that are seen, or None for all.
        response: (C, C) what another sensor makes of the bands, or None.
    """

    patch: int
    grid: int
    tile: int
    span: int
    present: Tensor | None
    response: Tensor | None

    @property
    def num_bands(self) -> int | None:
        """Bands that are seen, None for all."""
        return None if self.present is None else int(self.present.sum())


def look(masking: MaskingSettings, augmentation: AugmentationSettings, batch: Images, draws: Draws) -> Look:
    """How a step looks at its images: the same on every process."""
    generator = draws.shared("look")
    views = masking.views
    patch = _chosen(generator, list(views))
    grid = _chosen(generator, views[patch])
    tile = _chosen(generator, masking.tiles)
    span = _chosen(generator, masking.spans)
    present, response = _seen_bands(augmentation, batch, generator)
    return Look(patch, grid, tile, span, present, response)


class Changes(NamedTuple):
    """What is done to the images of a part, each its own.

    Attributes:
        turn: (B,) which of the eight ways to lay a square.
        noise: (B,) deviation of the noise that is added.
        factor: (B,) what the image is multiplied with then.
    """

    turn: list[int]
    noise: Tensor
    factor: Tensor


class Square(NamedTuple):
    """Squares of images as an encoder sees them.

    Attributes:
        image: (B, C, side, side).
        truth: (B, C, side, side) in the same light, complete and without faults; None where it is not known.
        shapes: (B, S, side, side), or None.
    """

    image: Tensor
    truth: Tensor | None = None
    shapes: Tensor | None = None


def changes(augmentation: AugmentationSettings, draws: Draws) -> Changes:
    """The changes of the images of a part."""
    turn, bright, noisy = draws.uniform("changes", 3).double().unbind(1)
    turns = [int(8 * number) if augmentation.flips else 0 for number in turn]
    noise = _between(augmentation.noise, noisy) if augmentation.noise[1] else torch.zeros_like(noisy)
    return Changes(turns, noise.float(), _between(augmentation.gain, bright).float())


def _between(ends: tuple[float, float], share: Tensor) -> Tensor:
    """Numbers at shares of the way between two, evenly in the logarithm."""
    low, high = (math.log(number) for number in ends)
    return (low + (high - low) * share).exp()


def seen(name: str, batch: Images, side: int, how: Look, changed: Changes, draws: Draws) -> Square:
    """Squares of images as an encoder sees them; `name` tells the draws of encoders apart."""
    rows, cols = batch.image.shape[-2:]
    num_bands = batch.image.shape[1]
    whole = batch.image if batch.truth is None else torch.cat([batch.image, batch.truth], dim=1)
    corners = (draws.uniform(f"corner for {name}", 2) * torch.tensor([rows - side + 1, cols - side + 1])).long()
    squares = []
    for image, (row, col), turn in zip(whole, corners.tolist(), changed.turn, strict=True):
        square = image[:, row : row + side, col : col + side]
        square = square.transpose(1, 2) if turn % 2 else square
        flipped = [axis for axis, bit in ((1, 2), (2, 4)) if turn & bit]
        squares.append(square.flip(flipped) if flipped else square)
    together = torch.stack(squares)
    image, truth, shapes = together[:, :num_bands], together[:, num_bands : 2 * num_bands], together[:, 2 * num_bands :]
    image = _noisy(name, image, changed, draws)
    if how.response is not None:
        image = _resampled(image, batch.present, how.response)
    factor = changed.factor[:, None, None, None].to(image)
    if batch.truth is None:
        return Square(image * factor)
    levels = torch.from_numpy(shape_levels()).to(image)[: shapes.shape[1], None, None]
    return Square(image * factor, truth * factor, shapes * factor + (1 - factor) * levels)


def _noisy(name: str, image: Tensor, changed: Changes, draws: Draws) -> Tensor:
    """Images with white noise of each one's own deviation added."""
    if not changed.noise.any():
        return image
    own = draws.each(f"noise for {name}")
    noise = torch.stack([torch.randn(image.shape[1:], generator=generator) for generator in own])
    return torch.addcmul(image, changed.noise[:, None, None, None].to(image), noise.to(image))


def noise(name: str, places: Tensor, span: int, draws: Draws) -> Tensor:
    """Numbers (B, N) between 0 and 1 that say which tokens are hidden, those of the greatest.

    Args:
        name: tells the draws of encoders apart.
        places: (N,) of the tokens on their line or grid.
        span: neighbours on the line that are hidden or kept together, up to the last of them; 1 for none.
        draws: of the step.
    """
    own = draws.uniform(f"hide from the {name} encoder", len(places))
    if span == 1:
        return own
    count = int(places[-1]) // span + 2
    together = draws.uniform(f"spans of the {name} encoder", count + 1)
    # Spans begin anywhere, so that none of their borders is learned.
    first = (together[:, -1:] * span).long()
    chosen = together.gather(1, (places + first) // span)
    # Inside a span that is hidden in part, any of its tokens may be.
    return chosen + 1e-4 * own


def standardised(image: Tensor, present: Tensor | None) -> Tensor:
    """Images (B, C, H, W) in which each pixel's spectrum has mean 0 and variance 1 over the bands that are there.

    A spectrum that varies little against those of its image is mostly noise, and is scaled up less.
    """
    known = image if present is None else image[:, present]
    variance, mean = torch.var_mean(known, dim=1, keepdim=True, correction=0)
    floor = 0.05 * variance.mean(dim=(2, 3), keepdim=True) + 1e-6
    return (image - mean) / (variance + floor).sqrt()


def _resampled(image: Tensor, present: Tensor | None, response: Tensor) -> Tensor:
    """What another sensor makes of the bands that are there."""
    columns = response.to(image)
    if present is not None:
        image, columns = image[:, present], columns[:, present.to(columns.device)]
    return torch.einsum("sc,bchw->bshw", columns, image)


def _seen_bands(
    augmentation: AugmentationSettings, batch: Images, generator: torch.Generator
) -> tuple[Tensor | None, Tensor | None]:
    """Which bands a step sees, and what another sensor makes of them."""
    num_bands = batch.image.shape[1]
    present = torch.ones(num_bands, dtype=torch.bool) if batch.present is None else batch.present
    if _number(generator) >= augmentation.complete:
        ways = ["gap", "end", *(augmentation.sensors if num_bands == len(CANONICAL) else ())]
        way = _chosen(generator, ways)
        if way in ("gap", "end"):
            lost = _lost(way, augmentation.widest_gap, num_bands, generator)
            left, response = present & ~lost, None
        else:
            count = _CAMERA_BANDS[0] + int(_number(generator) * (_CAMERA_BANDS[1] - _CAMERA_BANDS[0] + 1))
            response, covered = _sensor_response(way, count, present.numpy().tobytes())
            left = present & covered
        if int(left.sum()) >= min(_LEAST_BANDS, num_bands):
            return left, response
    return (None if bool(present.all()) else present), None


def _lost(way: str, widest: float, num_bands: int, generator: torch.Generator) -> Tensor:
    """The bands (C,) of a gap somewhere, or of all beyond a wavelength on one side."""
    width = int(_number(generator) * widest * num_bands)
    first = int(_number(generator) * (num_bands - width + 1))
    if way == "end":
        first = 0 if _number(generator) < 0.25 else num_bands - width
    index = torch.arange(num_bands)
    return (index >= first) & (index < first + width)


@lru_cache(maxsize=256)
def _sensor_response(sensor: str, count: int, present: bytes) -> tuple[Tensor, Tensor]:
    """The matrix (100, 100) from canonical bands by way of a sensor's back to canonical ones, and what it covers."""
    if sensor == CAMERA:
        centres = np.linspace(*_CAMERA_RANGE, count)
        widths = np.full(count, centres[1] - centres[0])
    else:
        centres, widths = sensor_bands(sensor)
    known = np.frombuffer(present, dtype=bool)
    steps = np.full(len(CANONICAL), CANONICAL_STEP)
    there, seen = resampling_matrix(CANONICAL, steps, known, targets=centres, target_fwhm=widths)
    back, covered = response_matrix(centres, widths, seen)
    return torch.from_numpy(back @ there).float(), torch.from_numpy(covered)


def _number(generator: torch.Generator) -> float:
    return float(torch.rand((), generator=generator, dtype=torch.float64))


def _chosen(generator: torch.Generator, items: Sequence[Item]) -> Item:
    return items[int(_number(generator) * len(items))]

"""A scene on smaller pixels: by itself, or with the detail of a sharper companion of the same ground.

Pixels that lack a number in some band lack all numbers in the result; what they would show plays no part in others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.footprints import Spread, seen
from hypersigma.data.kriging import Colours, evened, kriged
from hypersigma.data.placement import Placement
from hypersigma.data.resampled import ResampledSource
from hypersigma.data.resize import resized
from hypersigma.data.wald import WaldConfig, back_projected
from hypersigma.errors import InputError
from hypersigma.georef import Georef, LookupTable
from hypersigma.tiling import Window

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
Finer = Callable[[Image, int], Image]
SpreadChoice = Literal["auto", "mean", "gaussian"]

_FINER = 1.05  # pixels of a companion in one of the scene, from which on it is sharper
_LEAST_SIDE = 4  # common pixels each way
_PIXELS_A_BAND = 2  # complete pixels for each number of a regression
_TRANSFERS = (0.1, 0.2, 0.3, 0.4, 0.5)  # of the Gaussians that are tried
_CLEARLY = 0.05  # less in the log of the variance that is left


class Lies(NamedTuple):
    """How a companion lies on a scene.

    Attributes:
        down: the scene's pixels on the companion's.
        window: of the scene; fine: of the companion.
        across: the companion's pixels in one of the scene, down and across.
        places: (2, h, w) of the companion's pixels on the scene, counted from the outer corner of the window.
    """

    down: Placement
    window: Window
    fine: Window
    across: tuple[float, float]
    places: NDArray[np.float64]

    def seen(self, image: Image, spread: Spread, offset: tuple[float, float] = (0.0, 0.0)) -> Image:
        """What the scene's pixels, moved by parts of one, see of an image on the companion's pixels."""
        rows, cols = (
            np.arange(start, start + length, dtype=np.float64) + 0.5 + by
            for start, length, by in zip(self.window[:2], self.window[2:], offset, strict=True)
        )
        corner = np.array([self.fine.row, self.fine.col])[:, None, None]
        return seen(image, self.down(rows, cols) - corner, self.across, spread)


@dataclass(frozen=True, kw_only=True, eq=False)
class Match:
    """A scene, and what a sharper companion of the same ground tells of it.

    Attributes:
        georef: of the companion's pixels.
        lies: how the companion lies on the scene.
        image: (bands, rows, cols), the part of the scene that both show.
        sharp: (companion bands, h, w), its gaps filled.
        shown: (h, w), where it has data.
        known: (rows, cols), pixels of the scene that both have data of.
        spread: what the scene's pixels are taken to see of smaller ones.
        coarse: (companion bands, rows, cols), the companion as the scene's pixels see it, NaN where not known.
        matrix: (1 + companion bands, bands), the regression of the scene on that.
        residual: (bands, rows, cols), what it leaves.
        explained: (bands,) share of the variance of each band that it tells.
    """

    georef: Georef
    lies: Lies
    image: Image
    sharp: Image
    shown: Mask
    known: Mask
    spread: Spread
    coarse: Image
    matrix: NDArray[np.float64]
    residual: Image
    explained: NDArray[np.float64]

    @property
    def ratio(self) -> float:
        """Pixels of the companion along one of the scene."""
        return math.sqrt(math.prod(self.lies.across))

    @property
    def window(self) -> Window:
        """The part of the scene that both show."""
        return self.lies.window

    def sharpened(self, rounds: int = 10) -> Image:
        """The scene on the companion's pixels (bands, h, w), NaN where either lacks data.

        The regression tells each band on the companion's own pixels (hyper-sharpening; Selva and others, 2015), and
        what it left is kriged onto them. What the scene's pixels would see of the result is then brought into line with
        what they saw, so many rounds of back-projection.
        """
        result = self.regressed()
        result += self._kriged()
        for _ in range(rounds):
            left = np.where(self.known, self.image - self.lies.seen(result, self.spread), np.float32(0))
            for band, differs in zip(result, left, strict=True):
                band += self.onto(differs)
        result[:, ~self.both] = np.nan
        return result

    @property
    def both(self) -> Mask:
        """Where (h, w) both have data."""
        return self.shown & _on_data(self.image, self.lies.places)

    def regressed(self) -> Image:
        """What the regression tells on the companion's pixels (bands, h, w)."""
        result: Image = np.tensordot(self.matrix[1:].T.astype(np.float32), self.sharp, axes=1)
        result += self.matrix[0].astype(np.float32)[:, None, None]
        return result

    def onto(self, band: NDArray[Any]) -> NDArray[Any]:
        """A band (rows, cols) without gaps on the companion's pixels (h, w), by cubic splines."""
        fine: NDArray[Any] = ndimage.map_coordinates(band, self.lies.places - 0.5, order=3, mode="mirror")
        return fine

    def _kriged(self) -> Image:
        """What the regression left, on the companion's pixels."""
        part, offset = self.spread.part
        offsets = [(row, col) for row in (-offset, offset) for col in (-offset, offset)]
        parts = np.stack([self.lies.seen(self.sharp, part, by) for by in offsets])
        parts, fine = evened(parts, self.sharp, self.known)
        return kriged(self.residual, self.known, Colours(parts, np.array(offsets), fine, self.lies.places))


def enlarged(image: Image, config: WaldConfig, rounds: int, finer: Finer | None = None) -> Image:
    """An image (bands, rows, cols) enlarged, and brought into line with itself.

    Args:
        image: NaN where there is no data.
        config: how many pixels, and what the image saw of them.
        rounds: of back-projection.
        finer: what enlarges images without gaps by a scale; None for bicubic interpolation.

    Raises:
        InputError: no pixel has numbers in all bands.
    """
    full, known = filled(image)
    shape = (image.shape[1] * config.scale, image.shape[2] * config.scale)
    fine = resized(full, shape) if finer is None else finer(full, config.scale)
    fine = back_projected(fine, full, config, rounds=rounds)
    fine[:, ~known.repeat(config.scale, axis=0).repeat(config.scale, axis=1)] = np.nan
    return fine


def matched(cube: Cube, companion: Cube, spread: SpreadChoice = "auto", transfer: float = WaldConfig.transfer) -> Match:
    """What a sharper companion tells of a scene: a regression of each band on its bands, with a constant.

    Args:
        cube: the scene.
        companion: with smaller pixels, in any bands.
        spread: what the scene's pixels see of smaller ones, as of `Spread`; "auto": a Gaussian, unless with a box or
            another Gaussian the regression leaves 5 % less.
        transfer: of that Gaussian, contrast that is left at half a wave a pixel, as of `WaldConfig`.

    Raises:
        InputError: one has no georeference or is in sensor geometry, both share no ground, the companion is not
            sharper, or too few pixels have data.
    """
    own, other = placed(cube), placed(companion)
    down = Placement.of(own, cube.shape[1:], other, companion.shape[1:])
    up = Placement.of(other, companion.shape[1:], own, cube.shape[1:])
    window, fine = _overlap(cube, companion, down), _overlap(companion, cube, up)
    across = down.pixels_across(window)
    if min(across) < _FINER:
        raise InputError(
            f"the companion {companion.name} is not sharper than {cube.name}: {math.sqrt(math.prod(across)):.3g} of "
            "its pixels lie along one of the scene; give an image with smaller pixels"
        )
    lies = Lies(down, window, fine, across, up.centres(fine) - np.array([window.row, window.col])[:, None, None])
    image, (sharp, shown) = cube.read(window), filled(companion.read(fine))
    known = complete(image) & _covered(companion, down, window, across)
    needed = _PIXELS_A_BAND * (1 + len(sharp))
    if np.count_nonzero(known) < needed:
        raise InputError(
            f"{cube.name}: {np.count_nonzero(known)} pixels have data in the scene and in the companion, where "
            f"{needed} are needed; give images that share more ground"
        )
    chosen = Spread.of("mean" if spread == "mean" else "gaussian", transfer)
    if spread == "auto":
        chosen = _told_by(image, sharp, known, lies, expected=chosen)
    coarse = lies.seen(sharp, chosen)
    matrix, left, explained = _regressed(image[:, known], coarse[:, known])
    residual = np.zeros(image.shape, dtype=np.float32)
    residual[:, known] = left.T
    coarse[:, ~known] = np.nan
    place = other.windowed(fine)
    return Match(
        georef=Georef(place.transform, place.crs or own.crs),
        lies=lies,
        image=image,
        sharp=sharp,
        shown=shown,
        known=known,
        spread=chosen,
        coarse=coarse,
        matrix=matrix,
        residual=residual,
        explained=explained,
    )


def _told_by(image: Image, sharp: Image, known: Mask, lies: Lies, expected: Spread) -> Spread:
    """The spread with which a companion explains most of a scene, or where none explains clearly more the expected one.

    What counts is the mean over bands of the log of the variance that is left.
    """

    def left(spread: Spread) -> float:
        _, _, explained = _regressed(image[:, known], lies.seen(sharp, spread)[:, known])
        return float(np.log(np.maximum(1 - explained, np.finfo(np.float64).eps)).mean())

    others = (Spread.of("mean", transfer=0.5), *(Spread.of("gaussian", each) for each in _TRANSFERS))
    # where a companion tells one part of the variance, what it does not tell moves the least a little
    return min((expected, *others), key=lambda spread: left(spread) - (_CLEARLY if spread == expected else 0.0))


def _regressed(spectra: Image, told: Image) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Regression of spectra (bands, n) on a companion's (companion bands, n), with a constant.

    Returns:
        (1 + companion bands, bands) constants and coefficients, what they leave (n, bands), and the share (bands,) of
        variance that is explained.
    """
    known = np.concatenate([np.ones((1, told.shape[1])), told]).T.astype(np.float64)
    numbers = spectra.T.astype(np.float64)
    matrix = np.asarray(np.linalg.lstsq(known, numbers, rcond=None)[0], dtype=np.float64)
    left = numbers - known @ matrix
    spread = np.maximum(numbers.var(axis=0), np.finfo(np.float64).tiny)
    explained: NDArray[np.float64] = 1 - left.var(axis=0) / spread
    return matrix, left, explained


def _on_data(image: Image, places: NDArray[np.float64]) -> Mask:
    """Which places (2, h, w) lie on pixels of the scene that have data."""
    size = np.array(image.shape[1:])[:, None, None]
    with np.errstate(invalid="ignore"):
        inside = ((places >= 0) & (places <= size)).all(axis=0)
    row, col = np.minimum(np.where(inside, places, 0.5).astype(np.intp), size - 1)
    return np.asarray(inside & complete(image)[row, col])


def filled(image: Image) -> tuple[Image, Mask]:
    """An image (bands, rows, cols) in which incomplete pixels are those nearest to them; and which are complete.

    Raises:
        InputError: none is.
    """
    known: Mask = complete(image)
    if not known.any():
        raise InputError(f"no pixel has numbers in all {len(image)} bands; give a scene with data")
    if known.all():
        return image, known
    rows, cols = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return image[:, rows, cols], known


def complete(image: Image) -> Mask:
    """Which pixels (rows, cols) have numbers in all bands."""
    return np.asarray(np.isfinite(image).all(axis=0))


def placed(cube: Cube) -> Georef:
    """The affine georeference of a scene.

    Raises:
        InputError: there is none.
    """
    if cube.georef is None:
        raise InputError(
            f"{cube.name} has no georeference, which tells how a companion lies on a scene; add one to both"
        )
    if isinstance(cube.georef, LookupTable):
        raise InputError(f"{cube.name} is in sensor geometry; orthorectify it onto a map first")
    return cube.georef


def _overlap(cube: Cube, other: Cube, placement: Placement) -> Window:
    """The pixels of a scene that the other one shows.

    Raises:
        InputError: there are too few.
    """
    window = placement.overlap()
    if window is None or min(window.height, window.width) < _LEAST_SIDE:
        found = "no ground" if window is None else f"{window.height} x {window.width} pixels"
        raise InputError(
            f"{cube.name} shares {found} with {other.name}; at least {_LEAST_SIDE} x {_LEAST_SIDE} pixels must be "
            "common: are they of the same place?"
        )
    return window


def _covered(companion: Cube, placement: Placement, window: Window, across: tuple[float, float]) -> Mask:
    """Which pixels of a window of the scene hold nothing but data of the companion."""
    known = np.where(complete(companion.read()), 1.0, np.nan).astype(np.float32)
    samples = (math.ceil(across[0] - 0.01), math.ceil(across[1] - 0.01))
    shown = ResampledSource(Cube.from_array(known[None]), placement, window, samples)
    return complete(shown.read(np.arange(1), Window(0, 0, window.height, window.width)))

"""What a scene is made of, found from the scene alone: faults, noise of every band, and the subspace of its spectra.

Statistics are those of the whole scene, or of blocks all over a large one; columns are looked at from top to bottom.
Everything is found in turns: faults that the other bands tell need a subspace, and a subspace needs sound numbers.
The directions of the subspace are regressed on images of them that are clean already, and shrunk as spectra are smooth;
what is left of a direction of noise alone is rough, and is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.data.faults import NO_FAULTS, Faults, Image, Known, Read, find_faults
from hypersigma.data.noise_level import strips
from hypersigma.data.smooth_spectra import processes, shrunk
from hypersigma.data.spectral_subspace import SpectralSubspace, fit_subspace
from hypersigma.tiling import Window, spread_blocks

Floats = NDArray[np.float64]
Clean = Callable[[Image], Image]

_MOST_PIXELS, _MOST_NUMBERS = 1 << 16, 1 << 23  # that statistics are taken of
_BLOCK = 128  # pixels; side of the blocks of a large scene
_EXTRA = 6  # directions beyond those that stand out by themselves, to be judged by how smooth they are
_ROUNDS = 2
_CREDIBLE = 1e4  # times the noise at most that a sensor's signal is; more are bands made of others
_CERTAIN = 4.0  # deviations of the mean of a column that noise does not reach
_FEWEST_ROWS = 16
_IMPULSE, _BESIDE = 5.0, 2.5  # deviations of a number that is an impulse, and of its neighbours that are not
_MOST_IMPULSES = 0.1  # share of the bands of a pixel; where there are more it is of another material
_SOUND = 0.9  # share of the numbers of a band that are not lost, for it to tell of the subspace at first
_WHOLE = 50  # pixels a band that lack nothing, for the others to be left out at first
_FEWEST_VALUES = 16
_SPREAD = 1.5  # pixels; of the means that gaps are filled with at first


class Part(NamedTuple):
    """A part of a scene (bands, rows, cols) without offsets, and which of its numbers are sound."""

    image: Image
    known: Known


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneModel:
    """What a scene is made of.

    Attributes:
        faults: of its columns and values.
        subspace: of its spectra, with the noise of each band.
    """

    faults: Faults
    subspace: SpectralSubspace

    def part(self, image: Image, col: int) -> Part:
        """A part (bands, rows, cols) of the scene from column `col` on, with impulses among what is not sound."""
        return without_impulses(Part(*self.faults.repaired(image, col)), self.subspace)

    def coefficients(self, part: Part) -> Image:
        """The part in the subspace (directions, rows, cols)."""
        return self.subspace.coefficients(part.image, None if part.known.all() else part.known)

    def cleaned(self, part: Part, clean: Clean) -> Image:
        """The part in the subspace, cleaned by what cleans images (directions, rows, cols) with noise of variance 1."""
        white, root = self.whitened(part)
        cleaned = clean(white)
        return cleaned if root is None else np.tensordot(np.linalg.inv(root), cleaned, axes=1).astype(np.float32)

    def whitened(self, part: Part) -> tuple[Image, Floats | None]:
        """The part in the subspace (directions, rows, cols) with noise of variance 1, and what brings it to that.

        Where numbers are missing there is more noise; a matrix (directions, directions) brings it to 1 on average.
        """
        coefficients = self.coefficients(part)
        if part.known.all():
            return coefficients, None
        known = part.known[self.subspace.used].reshape(int(self.subspace.used.sum()), -1)
        values, vectors = np.linalg.eigh(self.subspace.information(known).mean(axis=0))
        root: Floats = (vectors * np.sqrt(np.maximum(values, np.finfo(np.float32).eps))) @ vectors.T
        return np.tensordot(root, coefficients, axes=1).astype(np.float32), root


def find_model(read: Read, shape: tuple[int, int, int], clean: Clean, rank: int | None = None) -> SceneModel:
    """The model of a scene.

    Args:
        read: a window of the scene (bands, rows, cols).
        shape: bands, rows and columns of it.
        clean: what cleans images (directions, rows, cols) whose noise has unit variance.
        rank: number of directions; None finds it.

    Raises:
        InputError: too few pixels have numbers, no band varies, or there are not so many directions.
    """
    most = min(_MOST_PIXELS, _MOST_NUMBERS // shape[0])
    small = shape[1] * shape[2] <= most
    windows = [Window(0, 0, *shape[1:])] if small else spread_blocks(*shape[1:], _BLOCK, most)
    sample = [read(window) for window in windows]
    faults = find_faults(read, shape, sample)
    extra = _EXTRA if rank is None else 0

    def seen() -> list[Part]:
        return [Part(*faults.repaired(image, window.col)) for image, window in zip(sample, windows, strict=True)]

    parts = seen()
    for _ in range(_ROUNDS):
        subspace = _fitted(parts, rank, extra)
        least = max(len(subspace.vectors) - extra, 1)
        subspace = _refreshed(subspace, parts, clean, least, rank)
        faults = _with_offsets(faults, subspace, read, shape)
        parts = [without_impulses(part, subspace) for part in seen()]
        if not faults.any and all(part.known.all() for part in parts):
            break
    subspace = _refreshed(subspace, parts, clean, least, rank)
    return SceneModel(faults=faults, subspace=subspace)


def _fitted(parts: Sequence[Part], rank: int | None, extra: int) -> SpectralSubspace:
    """The subspace as bands tell it of which few numbers are lost, at least half of all; the others have no part.

    Pixels that lack none of these tell it, if they are enough; else gaps are filled.
    """
    share = np.mean([part.known.mean(axis=(1, 2)) for part in parts], axis=0)
    sound = share >= min(_SOUND, float(np.median(share)))
    some = [Part(part.image[sound], part.known[sound]) for part in parts]
    if sum(int(part.known.all(axis=0).sum()) for part in some) >= _WHOLE * np.count_nonzero(sound):
        images = [np.where(part.known.all(axis=0), part.image, np.float32(np.nan)) for part in some]
        share = np.ones_like(share)
    else:
        images = [_filled(part) for part in some]
    found = fit_subspace(_beside(images), rank, extra)
    # What was filled has no noise, and noise was told from all.
    own = found.deviations / np.sqrt(share[sound])
    deviations, mean, vectors = np.zeros(len(share)), np.zeros(len(share)), np.zeros((len(found.vectors), len(share)))
    deviations[sound], mean[sound], vectors[:, sound] = own, found.mean, found.vectors
    return SpectralSubspace(deviations=deviations, mean=mean, vectors=vectors)


def _beside(images: Sequence[Image]) -> Image:
    """Parts as one image, side by side, with a column of nothing between them."""
    rows = max(image.shape[1] for image in images)
    gaps = [np.full((len(image), rows, image.shape[2] + 1), np.nan, dtype=np.float32) for image in images]
    for gap, image in zip(gaps, images, strict=True):
        gap[:, : image.shape[1], :-1] = image
    return images[0] if len(images) == 1 else np.concatenate(gaps, axis=2)


def _filled(part: Part) -> Image:
    """A part whose gaps are means of what is around them in the band."""
    result = part.image.copy()
    for band, known in zip(result, part.known, strict=True):
        if known.all():
            continue
        sound = known & np.isfinite(band)
        weight = ndimage.gaussian_filter(sound.astype(np.float32), _SPREAD)
        total = ndimage.gaussian_filter(np.where(sound, band, 0.0), _SPREAD)
        mean = band[sound].mean() if sound.any() else 0.0
        means = np.where(weight > 1e-3, total / np.maximum(weight, 1e-3), mean)
        band[~known] = means[~known]
    return result


def residual(part: Part, subspace: SpectralSubspace) -> Image:
    """What the subspace leaves of a part, over the deviations of the noise; 0 where nothing is known."""
    made: Image = part.image.copy()
    subspace.restore(made, subspace.coefficients(part.image, None if part.known.all() else part.known))
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(part.image - made, subspace.deviations[:, None, None].astype(np.float32), out=made)
    made[~np.isfinite(made) | ~part.known] = 0.0
    return made


def without_impulses(part: Part, subspace: SpectralSubspace) -> Part:
    """A part with single numbers of single bands that are far from what the others tell taken as not sound."""
    left = residual(part, subspace)
    sign, padded = np.sign(left), np.pad(left, ((1, 1), (0, 0), (0, 0)))
    beside = np.maximum(padded[:-2] * sign, padded[2:] * sign)
    impulses = (np.abs(left) > _IMPULSE) & (beside < _BESIDE)
    impulses[:, impulses.mean(axis=0) > _MOST_IMPULSES] = False
    return part._replace(known=part.known & ~impulses)


def made_up(subspace: SpectralSubspace) -> NDArray[np.bool_]:
    """Bands (bands,) with less noise than any sensor has: others tell them, as where spectra were interpolated."""
    return subspace.used & (np.abs(subspace.mean) > _CREDIBLE * np.nan_to_num(subspace.deviations))


def _with_offsets(faults: Faults, subspace: SpectralSubspace, read: Read, shape: tuple[int, int, int]) -> Faults:
    """Faults with what columns are off by, as far as noise does not reach it."""
    bands, rows, cols = shape
    total, count = np.zeros((bands, cols)), np.zeros((bands, cols))
    for strip in strips(shape):
        image = read(Window(strip.start, 0, min(strip.stop, rows) - strip.start, cols))
        part = without_impulses(Part(*faults.repaired(image, 0)), subspace)
        total += residual(part, subspace).sum(axis=1, dtype=np.float64)
        count += (part.known & np.isfinite(part.image)).sum(axis=1)
    means = total / np.maximum(count, 1)
    far = (np.abs(means) * np.sqrt(count) > _CERTAIN) & (count >= _FEWEST_ROWS)
    told = made_up(subspace)
    if told.sum() > subspace.used.sum() / 2:
        # the others were told by them as well
        told[:] = True
    # there columns differ by how spectra were interpolated
    far[told] = False
    offsets = np.where(far, means * np.nan_to_num(subspace.deviations)[:, None], 0.0)
    return replace(faults, offsets=faults.offsets + offsets.astype(np.float32))


def _refreshed(
    subspace: SpectralSubspace, parts: Sequence[Part], clean: Clean, least: int, rank: int | None
) -> SpectralSubspace:
    """The subspace of the spectra that images of it, cleaned, make most likely; of all bands that vary.

    Args:
        subspace: the one to go on from.
        parts: of the scene.
        clean: what cleans images.
        least: directions that are kept however rough they are.
        rank: number of directions, or None for those that are smooth.
    """
    model = SceneModel(faults=NO_FAULTS, subspace=subspace)
    seen = subspace.used | _varied(parts)
    pixels = _flat([part.image[seen] for part in parts])
    complete = np.isfinite(pixels).all(axis=0)
    known = _flat([part.known[seen] for part in parts])[:, complete].astype(np.bool_)
    pixels = pixels[:, complete]
    images = _flat([model.cleaned(part, clean) for part in parts])[:, complete].astype(np.float64)
    images -= images.mean(axis=1, keepdims=True)
    _, turn = np.linalg.eigh(images @ images.T)
    images = turn.T[::-1] @ images
    told = _Regression(pixels, known, images)
    # What more than noise is left of a band is little, so that it is told well enough where it is not known yet.
    noise = np.where(subspace.used[seen], subspace.deviations[seen], told.deviations)
    spectra = list(_smooth(told.loadings, told.errors * noise, told.mean))
    strong = np.sqrt(np.square(images).mean(axis=1))
    kept = [
        spectrum * power / noise
        for index, ((spectrum, smoothness), power) in enumerate(zip(spectra, strong, strict=True))
        if rank is not None or index < least or smoothness > 0
    ]
    # where nothing stands out the strongest is left, so that there is a subspace
    kept = kept or [spectra[0][0] * strong[0] / noise]
    _, _, directions = np.linalg.svd(np.stack(kept), full_matrices=False)
    vectors, mean, deviations = np.zeros((len(directions), len(seen))), np.zeros(len(seen)), subspace.deviations.copy()
    vectors[:, seen], mean[seen], deviations[seen] = directions, told.mean, noise
    return SpectralSubspace(deviations=deviations, mean=mean, vectors=vectors)


class _Regression:
    """Bands regressed on images, each where it is known.

    Attributes:
        mean: (bands,).
        loadings: (images, bands); errors: their deviations for noise of unit variance.
        deviations: (bands,) of what is left.
    """

    def __init__(self, pixels: Image, known: Known, images: Floats) -> None:
        num, bands = len(images), len(pixels)
        self.mean, self.deviations = np.empty(bands), np.empty(bands)
        self.loadings, self.errors = np.empty((num, bands)), np.empty((num, bands))
        for band, (values, sound) in enumerate(zip(pixels, known, strict=True)):
            some = images if sound.all() else images[:, sound]
            own = values[sound].astype(np.float64)
            centre = some.mean(axis=1, keepdims=True)
            power = np.linalg.pinv((some - centre) @ (some - centre).T, hermitian=True)
            loading = power @ ((some - centre) @ own)
            self.mean[band] = own.mean() - loading @ centre[:, 0]
            self.loadings[:, band], self.errors[:, band] = loading, np.sqrt(np.maximum(np.diag(power), 1e-30))
            left = own - self.mean[band] - loading @ some
            self.deviations[band] = np.sqrt(np.square(left).sum() / max(len(own) - num - 1, 1))


def _varied(parts: Sequence[Part]) -> Known:
    """Bands (bands,) that vary, and are known well enough."""

    def spread(band: int) -> float:
        values = np.concatenate([part.image[band][part.known[band]] for part in parts])
        values = values[np.isfinite(values)]
        return float(np.ptp(values)) if len(values) >= _FEWEST_VALUES else 0.0

    return np.array([spread(band) > 0 for band in range(len(parts[0].image))])


def _smooth(loadings: Floats, deviations: Floats, mean: Floats) -> Iterator[tuple[Floats, float]]:
    """Spectra (bands,) shrunk, and how smooth they are, of those with noise (directions, bands)."""
    kinds = processes(mean, deviations[0] / deviations[0].mean())
    for spectrum, deviation in zip(loadings, deviations, strict=True):
        yield shrunk(spectrum, deviation, kinds)


def _flat(images: Sequence[NDArray[np.float32] | Known]) -> NDArray[np.float32]:
    """Pixels (n, all pixels) of images (n, rows, cols)."""
    result: NDArray[np.float32] = np.concatenate([image.reshape(len(image), -1) for image in images], axis=1)
    return result

"""What a network sees of a scene: bands of any sensor brought to fixed, standardised channels.

Bands go to the canonical grid (or stay native), are reduced to components that whiten the sensor's noise (or
kept), and spread within regions at several widths; beside these copies stand openings and closings by reconstruction
that tell small shapes from large ones. All is standardised. Statistics are fitted once, labels never seen, and saved
with the model, so that a window of any scene gives the same channels wherever it is cut.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.components import Components, fit_mnf, fit_pca, fit_scaling
from hypersigma.data.diffusion import STEPS, Bonds, mean_square_difference, spread
from hypersigma.data.filters import morphological_profile
from hypersigma.errors import ConfigError, InputError
from hypersigma.spectra import CANONICAL, response_matrix
from hypersigma.tiling import Window, blocks, strips

Array = NDArray[np.float32]

_MAX_PIXELS = 1 << 18  # for statistics, spread evenly over the scenes
_BLOCK = 64  # pixels; side of the blocks that statistics are read in
_NUM_GUIDES = 5  # leading components that tell regions apart
_NUM_SHAPED = 3  # leading principal components that are opened and closed
_ROWS_AT_ONCE = 32
GROWTH = 48  # pixels that an opened shape may grow back by


@dataclass(frozen=True, kw_only=True)
class FrontEndConfig:
    """How bands become channels.

    Attributes:
        bands: "canonical", the grid of 100 bands that fits any sensor, or "native", the sensor's own bands.
        reduction: "mnf" (noise-whitened components), "pca" (as published), or "none".
        num_components: components kept by a reduction.
        spreading: weights of a pixel's own value when channels spread within regions (see `data.diffusion`), one
            stacked copy each; the smaller, the wider; 0 = as it is.
        num_spread: leading components that are spread; the rest is noise that would only be spread out.
        contrast: how much smaller than usual differences between neighbours must be to be bridged.
        shapes: radii in pixels of the discs whose openings and closings by reconstruction of the leading principal
            components are stacked as well: what is small and how large it is.
        statistics: pixels that components and scaling are fitted on, labels never seen: "scene", all pixels of
            the scenes that are learned from, or "labelled", the labelled training pixels and their neighbours.
    """

    bands: Literal["canonical", "native"] = "canonical"
    reduction: Literal["mnf", "pca", "none"] = "mnf"
    num_components: int = 40
    spreading: tuple[float, ...] = (0.0, 0.1, 0.01, 0.003)
    num_spread: int = 20
    contrast: float = 2.0
    shapes: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    statistics: Literal["scene", "labelled"] = "scene"

    def __post_init__(self) -> None:
        if min(self.num_components, self.num_spread) < 1:
            raise ConfigError(
                f"num_components ({self.num_components}) and num_spread ({self.num_spread}) must be at least 1"
            )
        if not self.spreading or min(self.spreading) < 0 or self.contrast < 0:
            raise ConfigError(f"spreading must be weights, 0 or more, and contrast too, not {list(self.spreading)}")
        if min(self.shapes, default=1) < 1:
            raise ConfigError(f"shapes must be numbers of pixels, 1 or more, not {list(self.shapes)}")


@dataclass(frozen=True, kw_only=True, eq=False)
class FrontEnd:
    """A fitted front end.

    Attributes:
        config: its settings.
        bands: those of the sensor it was fitted on (of several scenes: of the first one's).
        used: indices of the canonical bands it uses; of native bands all those in `bands`.
        components: the reduction (or plain centring) of the used bands.
        guide_scale: mean squared difference of neighbours in the leading components, each over its deviation.
        deviation: (channels,) that each channel is divided by.
    """

    config: FrontEndConfig
    bands: Bands
    used: NDArray[np.intp]
    components: Components
    guide_scale: float
    deviation: Array

    @property
    def num_channels(self) -> int:
        """Channels that come out."""
        return len(self.deviation)

    @property
    def halo(self) -> int:
        """Pixels around a window that its channels depend on."""
        widest = max(self.config.shapes) + GROWTH if self.config.shapes else 0
        return max(STEPS, widest) if any(self.config.spreading) else widest

    @property
    def narrow(self) -> NDArray[np.intp]:
        """Channels that look at a pixel's nearest surroundings alone: the first copy, and shapes."""
        sizes = [self.num_copied(own) for own in self.config.spreading]
        return np.concatenate([np.arange(sizes[0]), np.arange(sum(sizes), self.num_channels)])

    @cached_property
    def bands_told(self) -> tuple[Array, NDArray[np.float64]]:
        """What the first channels tell of the used bands: matrix (used, channels of the first copy), offset (used,)."""
        back = self.components.restoring if self.components.back is None else self.components.back
        return self._of_channels(back), self.components.mean

    def _of_channels(self, back: NDArray[np.float64]) -> Array:
        """A way back (bands, components) as one from the channels of the first copy."""
        num_first = self.num_copied(self.config.spreading[0])
        told = back[:, :num_first] * self.deviation[:num_first]
        # A component that never changes has an infinite deviation, and its channel is zero.
        result: Array = np.where(np.isfinite(told), told, 0.0).astype(np.float32)
        return result

    @cached_property
    def plain(self) -> Array:
        """From narrow channels to what a plain answer is told (features, narrow): the bands as components tell them.

        Components of noise are small in bands, so that an answer which is held back from large weights trusts them
        little. Shapes stay as they are.
        """
        bands = self._of_channels(self.components.restoring)
        num_first = bands.shape[1]
        num_shapes = len(self.narrow) - num_first
        features = np.zeros((len(bands) + num_shapes, len(self.narrow)), dtype=np.float32)
        features[: len(bands), :num_first] = bands
        features[len(bands) :, num_first:] = np.eye(num_shapes)
        return features

    @cached_property
    def principal(self) -> Array:
        """From components to the leading principal components of the bands that they tell (shaped, components)."""
        if self.config.reduction == "none":
            # Bands over the whole spectrum do as well.
            return np.eye(len(self.components.matrix), dtype=np.float32)[_spaced(len(self.components.matrix))]
        # The last components are noise, of which a single bad band can make a principal component.
        return self.components.principal(self.config.num_spread, _NUM_SHAPED)

    def num_copied(self, own: float) -> int:
        """Components in the copy with this weight of a pixel's own value."""
        return min(len(self.components.matrix), self.config.num_spread) if own else len(self.components.matrix)

    def read(self, cube: Cube, window: Window) -> Array:
        """Channels of a window: (channels, height, width), NaN where a used band has no data.

        Raises:
            InputError: the cube lacks bands that the front end was fitted on, or wavelengths to find them by.
        """
        _, rows, cols = cube.shape
        seen = window.grown(self.halo, rows, cols)
        reduced = self.reduced(cube, seen)
        channels: Array = self._channels(reduced)[:, *window.inside(seen).slices]
        channels /= self.deviation[:, None, None]
        return channels

    def _channels(self, reduced: Array) -> Array:
        """All channels (channels, h, w) of components (components, h, w), not yet standardised."""
        guide = self.guide(reduced)
        bonds = Bonds.of(guide, self.guide_scale, self.config.contrast) if any(self.config.spreading) else None
        copied = [(reduced[: self.num_copied(own)], own) for own in self.config.spreading]
        calls: list[Callable[[], Array]] = [
            partial(spread, values, bonds, own) if bonds and own else partial(np.asarray, values)
            for values, own in copied
        ]
        if self.config.shapes:
            shaped = np.tensordot(self.principal, reduced, axes=1)
            calls += [partial(morphological_profile, band[None], self.config.shapes, GROWTH) for band in shaped]
        return np.concatenate(at_once(calls))

    def reduced(self, cube: Cube, window: Window) -> Array:
        """Components (components, h, w) of a window, NaN = no data; errors as of `read`."""
        return self.components.apply(_spectra(self, cube, window))

    def bonds(self, cube: Cube, window: Window) -> Bonds:
        """How strongly the pixels of a window hold together."""
        guide = self.guide(self.reduced(cube, window))
        return Bonds.of(guide, self.guide_scale, self.config.contrast)

    def guide(self, reduced: Array) -> Array:
        """What tells regions apart (guides, h, w), of components (components, h, w)."""
        return _guide(self.config, self.components, reduced)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The numbers that make it up, by name, to be saved."""
        found: dict[str, NDArray[Any]] = {
            "band_indices": np.array(self.bands.indices, dtype=np.int64),
            "num_bands": np.array(self.bands.total),
            "used": self.used,
            "mean": self.components.mean,
            "matrix": self.components.matrix,
            "values": self.components.values,
            "guide_scale": np.array(self.guide_scale),
            "deviation": self.deviation,
        }
        if self.bands.wavelengths is not None:
            found["wavelengths"] = np.array(self.bands.wavelengths)
        if self.bands.fwhm is not None:
            found["fwhm"] = np.array(self.bands.fwhm)
        return found

    @classmethod
    def of_arrays(cls, config: FrontEndConfig, arrays: Mapping[str, NDArray[Any]]) -> FrontEnd:
        """A front end from its settings and saved numbers.

        Raises:
            KeyError: a number is missing.
        """
        # Bands without wavelengths have neither; models of earlier versions lack widths.
        wavelengths, fwhm = (tuple(arrays[key].tolist()) if key in arrays else None for key in ("wavelengths", "fwhm"))
        return cls(
            config=config,
            bands=Bands(tuple(arrays["band_indices"].tolist()), int(arrays["num_bands"].item()), wavelengths, fwhm),
            used=arrays["used"],
            components=Components(mean=arrays["mean"], matrix=arrays["matrix"], values=arrays["values"]),
            guide_scale=float(arrays["guide_scale"]),
            deviation=arrays["deviation"],
        )


def fit_front_end(
    config: FrontEndConfig, cubes: Sequence[Cube], labelled: Sequence[NDArray[np.bool_]] | None = None
) -> FrontEnd:
    """A front end fitted on the pixels of scenes.

    Args:
        config: its settings.
        cubes: scenes that are learned from.
        labelled: (rows, cols) bool a scene, the labelled pixels; needed for statistics "labelled".

    Raises:
        InputError: the scenes have no wavelengths though canonical bands are asked for, differ in their bands, or
            have no pixel with data; or labelled pixels are asked for and there are none.
    """
    bare = _unfitted(config, cubes)
    masks: list[NDArray[np.bool_] | None] = [None] * len(cubes)
    if config.statistics == "labelled":
        if labelled is None or not any(mask.any() for mask in labelled):
            raise InputError("statistics: labelled  needs labelled pixels, and there are none; use statistics: scene")
        masks = [_near(mask) for mask in labelled]
    samples = [
        block for cube, mask in zip(cubes, masks, strict=True) for block in _samples(bare, cube, mask, len(cubes))
    ]
    if not samples:
        raise InputError("no pixel has data in all bands; check the no-data value and mark bad bands as not valid")
    components = _reduction(config, samples)
    reduced = [components.apply(block) for block in samples]
    scale = float(np.mean([mean_square_difference(_guide(config, components, block)) for block in reduced]))
    known = replace(bare, components=components, guide_scale=scale)
    # Blocks end where windows go on, but the deviation of a spread channel is near enough.
    deviation = fit_scaling([known._channels(block) for block in reduced]).deviation
    return replace(known, deviation=deviation.astype(np.float32))


def at_once(calls: Sequence[Callable[[], Array]]) -> list[Array]:
    """What calls return, in their order, each from a thread, as many at once as there are processors."""
    with ThreadPoolExecutor(min(len(calls), os.cpu_count() or 1)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def _unfitted(config: FrontEndConfig, cubes: Sequence[Cube]) -> FrontEnd:
    """A front end that knows its bands, those that all scenes have, and nothing else yet."""
    bands = Bands.of(cubes[0])
    for cube in cubes[1:]:
        # Scenes of another sensor meet on the canonical grid; native bands must be the same.
        if config.bands == "native":
            _check_native(bands, cube)
        if not bands.fault(cube):
            bands = bands.restricted(cube)
    used = np.array(bands.indices, dtype=np.intp)
    if config.bands == "canonical":
        used = np.flatnonzero(np.logical_and.reduce([_canonical(cube, _own(bands, cube))[1] for cube in cubes]))
    if not len(used):
        raise InputError("the scenes have no band in common; check their wavelengths and which bands are valid")
    centring = Components(mean=np.zeros(len(used)), matrix=np.eye(len(used)), values=np.ones(len(used)))
    nothing = np.ones(0, np.float32)
    return FrontEnd(config=config, bands=bands, used=used, components=centring, guide_scale=1.0, deviation=nothing)


def _guide(config: FrontEndConfig, components: Components, reduced: Array) -> Array:
    """What tells regions apart (guides, h, w), standardised."""
    chosen, deviation = guides(config, components)
    guide: Array = reduced[chosen] / deviation[:, None, None]
    return guide


def guides(config: FrontEndConfig, components: Components) -> tuple[NDArray[np.intp], Array]:
    """Which components tell regions apart, the leading ones or bands over the whole spectrum, and their deviations."""
    count = len(components.matrix)
    chosen = np.arange(min(_NUM_GUIDES, count))
    if config.reduction == "none":
        # The first bands are the noisiest, not the most telling.
        chosen = _spaced(count)
    deviation = np.sqrt(np.maximum(components.values[chosen], 1e-30)).astype(np.float32)
    return chosen, deviation


def _spaced(num_bands: int) -> NDArray[np.intp]:
    """Some bands spread over the whole spectrum."""
    places: NDArray[np.intp] = np.unique(np.linspace(0, num_bands - 1, _NUM_GUIDES + 2)[1:-1].round().astype(np.intp))
    return places


def _reduction(config: FrontEndConfig, samples: Sequence[Array]) -> Components:
    """The components that the settings ask for."""
    bands = samples[0].shape[0]
    if config.reduction == "mnf":
        return fit_mnf(samples, min(config.num_components, bands))
    if config.reduction == "pca":
        return fit_pca(samples, min(config.num_components, bands))
    scaling = fit_scaling(samples)
    return Components(mean=scaling.mean, matrix=np.eye(bands), values=np.square(scaling.deviation))


def _check_native(bands: Bands, cube: Cube) -> None:
    """Raise InputError unless a cube has the native bands that a front end was fitted on."""
    fault = bands.fault(cube)
    if fault:
        raise InputError(f"{fault}; use a scene of the same sensor, or fit with  bands: canonical")


def _canonical(cube: Cube, own: Bands) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The matrix to the canonical grid (100, bands) of some bands of a cube, and which canonical bands it gives."""
    if cube.wavelengths is None:
        raise InputError(
            f"{cube.name} has no wavelengths, so its bands cannot be brought to the canonical grid: "
            "give --wavelengths FIRST:LAST or --sensor NAME, or use  bands: native"
        )
    return response_matrix(cube.wavelengths, cube.fwhm, own.mask)


def _own(bands: Bands, cube: Cube) -> Bands:
    """The bands of a cube that are read; of the sensor fitted on the same ones, whatever this scene lacks itself."""
    return Bands.of(cube) if bands.fault(cube) else bands


def _spectra(front_end: FrontEnd, cube: Cube, window: Window) -> Array:
    """The used bands of a window, canonical or native: (used, height, width)."""
    bands, used = front_end.bands, front_end.used
    if front_end.config.bands == "native":
        _check_native(bands, cube)
        return bands.read(cube, window)
    own = _own(bands, cube)
    matrix, covered = _canonical(cube, own)
    lacking = CANONICAL[used[~covered[used]]]
    if len(lacking):
        raise InputError(
            f"{cube.name} does not cover {len(lacking)} of the {len(used)} canonical bands that the model was fitted "
            f"on (around {', '.join(f'{centre:.0f}' for centre in lacking[:6])} nm{' ...' if len(lacking) > 6 else ''})"
            "; use a sensor that covers them, or fit on scenes of both sensors"
        )
    weights = matrix[used][:, own.indices].astype(np.float32)
    taken = np.empty((len(used), window.height, window.width), dtype=np.float32)
    # a scene has more bands than come out: they pass a few rows at a time
    for part in strips(window, _ROWS_AT_ONCE):
        taken[:, part.inside(window).slices[0]] = np.tensordot(weights, own.read(cube, part), axes=1)
    return taken


def _samples(bare: FrontEnd, cube: Cube, mask: NDArray[np.bool_] | None, num_cubes: int) -> Iterator[Array]:
    """Blocks of the used bands (used, h, w) of a scene for statistics, as many as the budget of pixels allows."""
    _, rows, cols = cube.shape
    windows = [window for window in blocks(rows, cols, _BLOCK) if mask is None or mask[window.slices].any()]
    budget = max(1, _MAX_PIXELS // num_cubes // (_BLOCK * _BLOCK))
    if len(windows) > budget:
        # A draw, always the same: regular steps might run along a border without data.
        windows = [windows[place] for place in np.random.default_rng(0).permutation(len(windows))]
    for window in windows:
        block = _spectra(bare, cube, window)
        if mask is not None:
            block = np.where(mask[window.slices], block, np.float32(np.nan))
        if np.isfinite(block).all(axis=0).any():
            yield block
            budget -= 1
        if not budget:
            return


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels (rows, cols) within one pixel of the marked ones: noise is told from neighbours."""
    from scipy.ndimage import binary_dilation

    grown: NDArray[np.bool_] = binary_dilation(mask, np.ones((3, 3), dtype=bool))
    return grown

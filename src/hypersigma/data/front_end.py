"""What a network sees of a scene: bands of any sensor brought to fixed, standardised channels.

Bands go to the canonical grid (or stay native), are reduced to components that whiten the sensor's noise (or
kept), smoothed at several scales, and standardised. All statistics are fitted once, without labels, and saved
with the model, so that a window of any scene gives the same channels wherever it is cut.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.components import Components, fit_mnf, fit_pca, fit_scaling
from hypersigma.data.filters import gaussian
from hypersigma.errors import ConfigError, InputError
from hypersigma.spectra import CANONICAL, response_matrix
from hypersigma.tiling import Window, blocks

Array = NDArray[np.float32]

_MAX_PIXELS = 1 << 18  # for statistics, spread evenly over the scenes
_BLOCK = 64  # pixels; side of the blocks that statistics are read in
_REACH = 4.0  # a Gaussian is cut at this many standard deviations


@dataclass(frozen=True, kw_only=True)
class FrontEndConfig:
    """How bands become channels.

    Attributes:
        bands: "canonical", the grid of 100 bands that fits any sensor, or "native", the sensor's own bands.
        reduction: "mnf" (noise-whitened components), "pca" (as published), or "none".
        num_components: components kept by a reduction.
        scales: standard deviations in pixels of the Gaussians whose outputs are stacked; 0 = as it is.
        statistics: pixels that components and scaling are fitted on, labels never seen: "scene", all pixels of
            the scenes that are learned from, or "labelled", the labelled training pixels and their neighbours.
    """

    bands: Literal["canonical", "native"] = "canonical"
    reduction: Literal["mnf", "pca", "none"] = "mnf"
    num_components: int = 20
    scales: tuple[float, ...] = (0.0, 2.0, 4.0)
    statistics: Literal["scene", "labelled"] = "scene"

    def __post_init__(self) -> None:
        if self.num_components < 1:
            raise ConfigError(f"num_components must be at least 1, not {self.num_components}")
        if not self.scales or min(self.scales) < 0:
            raise ConfigError(f"scales must be numbers of pixels, 0 or more, not {list(self.scales)}")


@dataclass(frozen=True, kw_only=True, eq=False)
class FrontEnd:
    """A fitted front end.

    Attributes:
        config: its settings.
        wavelengths: (bands,) nm of the native bands it was fitted on, or None (unknown, or canonical).
        used: indices of the bands it uses: of the canonical grid, or of the cube's bands.
        components: the reduction (or plain standardising) of the used bands.
        deviation: (channels,) that each channel is divided by.
        num_bands: bands of the sensor it was fitted on.
    """

    config: FrontEndConfig
    wavelengths: NDArray[np.float64] | None
    used: NDArray[np.intp]
    components: Components
    deviation: Array
    num_bands: int

    @property
    def num_channels(self) -> int:
        """Channels that come out."""
        return len(self.deviation)

    @property
    def halo(self) -> int:
        """Pixels around a window that its channels depend on."""
        return math.ceil(_REACH * max(self.config.scales))

    @property
    def present(self) -> NDArray[np.bool_] | None:
        """(100,) which canonical bands hold data where channels are bands; None where channels are components."""
        if self.config.reduction != "none" or self.config.bands == "native":
            return None
        present = np.zeros(len(CANONICAL), dtype=bool)
        present[self.used] = True
        return present

    def read(self, cube: Cube, window: Window) -> Array:
        """Channels of a window: (channels, height, width), NaN where a used band has no data.

        Raises:
            InputError: the cube lacks bands that the front end was fitted on.
        """
        _, rows, cols = cube.shape
        seen = window.grown(self.halo, rows, cols)
        reduced = self.components.apply(_bands(self, cube, seen))
        stack = np.concatenate([gaussian(reduced, sigma) if sigma else reduced for sigma in self.config.scales])
        inner_rows, inner_cols = window.inside(seen).slices
        channels: Array = stack[:, inner_rows, inner_cols] / self.deviation[:, None, None]
        return channels

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The numbers that make it up, by name, to be saved."""
        found = {
            "used": self.used,
            "mean": self.components.mean,
            "matrix": self.components.matrix,
            "values": self.components.values,
            "deviation": self.deviation,
            "num_bands": np.array(self.num_bands),
        }
        return found if self.wavelengths is None else found | {"wavelengths": self.wavelengths}

    @classmethod
    def of_arrays(cls, config: FrontEndConfig, arrays: dict[str, NDArray[Any]]) -> FrontEnd:
        """A front end from its settings and saved numbers."""
        return cls(
            config=config,
            wavelengths=arrays.get("wavelengths"),
            used=arrays["used"],
            components=Components(mean=arrays["mean"], matrix=arrays["matrix"], values=arrays["values"]),
            deviation=arrays["deviation"],
            num_bands=int(arrays["num_bands"]),
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
        InputError: the scenes have no wavelengths though canonical bands are asked for, or differ in their bands.
    """
    used = _common_bands(config, cubes)
    bare = FrontEnd(
        config=config,
        wavelengths=cubes[0].wavelengths if config.bands == "native" else None,
        used=used,
        components=_identity(len(used)),
        deviation=np.ones(0, dtype=np.float32),
        num_bands=cubes[0].shape[0],
    )
    masks = labelled if config.statistics == "labelled" and labelled is not None else [None] * len(cubes)
    samples = [
        block for cube, mask in zip(cubes, masks, strict=True) for block in _samples(bare, cube, mask, len(cubes))
    ]
    components = _reduction(config, samples)
    reduced = [components.apply(block) for block in samples]
    variance = np.square(fit_scaling(reduced).deviation)
    # A smoothed channel varies less than the one it comes from; on blocks its deviation is near enough.
    deviations = [_deviation(reduced, sigma, variance) for sigma in config.scales]
    return FrontEnd(
        config=config,
        wavelengths=bare.wavelengths,
        used=used,
        components=components,
        deviation=np.concatenate(deviations).astype(np.float32),
        num_bands=bare.num_bands,
    )


def _deviation(reduced: Sequence[Array], sigma: float, variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """(channels,) standard deviations of smoothed channels; infinite where a channel is constant."""
    if not sigma:
        return np.sqrt(variance)
    return fit_scaling([gaussian(block, sigma) for block in reduced]).deviation


def _reduction(config: FrontEndConfig, samples: Sequence[Array]) -> Components:
    """The components that the settings ask for."""
    if not samples:
        raise InputError("no pixel has data in all bands; check the no-data value and mark bad bands as not valid")
    bands = samples[0].shape[0]
    if config.reduction == "mnf":
        return fit_mnf(samples, min(config.num_components, bands))
    if config.reduction == "pca":
        return fit_pca(samples, min(config.num_components, bands))
    scaling = fit_scaling(samples)
    return Components(mean=scaling.mean, matrix=np.eye(bands), values=np.square(scaling.deviation))


def _identity(bands: int) -> Components:
    return Components(mean=np.zeros(bands), matrix=np.eye(bands), values=np.ones(bands))


def _common_bands(config: FrontEndConfig, cubes: Sequence[Cube]) -> NDArray[np.intp]:
    """Indices of the bands that every scene has."""
    if config.bands == "native":
        for cube in cubes[1:]:
            _check_native(cube, cubes[0].shape[0], cubes[0].wavelengths)
        return np.flatnonzero(np.logical_and.reduce([cube.valid for cube in cubes]))
    common = np.logical_and.reduce([_canonical(cube)[1] for cube in cubes])
    if not common.any():
        raise InputError("the scenes have no canonical band (400-2500 nm) in common; check their wavelengths")
    return np.flatnonzero(common)


def _canonical(cube: Cube) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The matrix to the canonical grid (100, bands) of a cube, and which canonical bands it gives."""
    if cube.wavelengths is None:
        raise InputError(
            f"{cube.name} has no wavelengths, so its bands cannot be brought to the canonical grid: "
            "give --wavelengths FIRST:LAST or --sensor NAME, or use  bands: native"
        )
    return response_matrix(cube.wavelengths, cube.fwhm, cube.valid)


def _check_native(cube: Cube, num_bands: int, wavelengths: NDArray[np.float64] | None) -> None:
    """Raise InputError unless a cube has the native bands that a front end was fitted on."""
    if cube.shape[0] != num_bands:
        raise InputError(
            f"{cube.name} has {cube.shape[0]} bands, the model was fitted on {num_bands} native bands; use a scene "
            "of the same sensor, or fit with  bands: canonical"
        )
    if wavelengths is None or cube.wavelengths is None:
        return
    apart = float(np.abs(cube.wavelengths - wavelengths).max())
    spacing = float(np.median(np.diff(wavelengths))) if num_bands > 1 else 1.0
    if apart > spacing:
        raise InputError(
            f"the bands of {cube.name} lie up to {apart:.0f} nm away from those the model was fitted on; use a "
            "scene of the same sensor, or fit with  bands: canonical"
        )


def _bands(front_end: FrontEnd, cube: Cube, window: Window) -> Array:
    """The used bands of a window, canonical or native: (used, height, width)."""
    if front_end.config.bands == "native":
        _check_native(cube, front_end.num_bands, front_end.wavelengths)
        return cube.read(window, front_end.used)
    matrix, valid = _canonical(cube)
    lacking = CANONICAL[front_end.used[~valid[front_end.used]]]
    if len(lacking):
        raise InputError(
            f"{cube.name} does not cover {len(lacking)} of the {len(front_end.used)} canonical bands that the model "
            f"was fitted on (around {', '.join(f'{centre:.0f}' for centre in lacking[:6])} nm"
            f"{' ...' if len(lacking) > 6 else ''}); use a sensor that covers them, or fit on scenes of both sensors"
        )
    values = cube.read(window)
    taken: Array = np.tensordot(matrix[front_end.used][:, cube.used].astype(np.float32), values, axes=1)
    return taken


def _samples(bare: FrontEnd, cube: Cube, mask: NDArray[np.bool_] | None, num_cubes: int) -> Iterator[Array]:
    """Blocks of the used bands (used, h, w) of a scene for statistics, evenly spread, within the pixel budget."""
    _, rows, cols = cube.shape
    windows = list(blocks(rows, cols, _BLOCK))
    budget = max(1, _MAX_PIXELS // num_cubes // (_BLOCK * _BLOCK))
    step = max(1, math.ceil(len(windows) / budget))
    for window in windows[::step]:
        seen = slice(None) if mask is None else _near(mask)[window.slices]
        if mask is not None and not np.any(seen):
            continue
        block = _bands(bare, cube, window)
        if mask is not None:
            block = np.where(seen, block, np.nan)
        if np.isfinite(block).all(axis=0).any():
            yield block


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels (rows, cols) within one pixel of the marked ones: noise is told from neighbours."""
    from scipy.ndimage import binary_dilation

    grown: NDArray[np.bool_] = binary_dilation(mask, np.ones((3, 3)))
    return grown

"""What pre-trained encoders are fed: any scene's numbers brought to the scale that they were trained on.

Reflectance stays as it is, so that spectra keep their shape. Numbers of another kind hold sunlight and air as well,
which both are nearly the same all over a scene: encoders that were fed reflectance get them divided, band by band, by
the scene's mean spectrum, and times that of natural scenes (internal average relative reflectance, Kruse, 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.components import Components
from hypersigma.data.front_end import FrontEnd, FrontEndConfig
from hypersigma.errors import InputError
from hypersigma.natural_spectra import natural_spectra
from hypersigma.spectra import CANONICAL, response_matrix
from hypersigma.tiling import spread_blocks

CANONICAL_BANDS = FrontEndConfig(bands="canonical", reduction="none", spreading=(0.0,), shapes=())

# Factor for a quantity by what the encoders were fed; products of reflectance hold 10000 for 1.
_FACTORS = {
    "counts / 4000": {"counts": 1 / 4000, "reflectance": 10000 / 4000},
    "reflectance": {"reflectance": 1.0},
}
# nm; where air or detectors leave little light, sensors differ in the bands that they still deliver, and what these
# hold is noise: left out, features of one sensor are those of another.
_DIM = ((0.0, 430.0), (1320.0, 1500.0), (1760.0, 2020.0), (2400.0, np.inf))
_BRIGHT_QUANTILE, _BRIGHT = 0.98, 0.5
_NUM_BLOCKS, _BLOCK = 64, 32


class Gain(NamedTuple):
    """Factors (100,) of a scene's canonical bands, and a sentence where encoders were fed another quantity, else ""."""

    factor: NDArray[np.float64]
    note: str


def gain_for(radiometry: str, cubes: Sequence[Cube]) -> Gain:
    """The factors that bring scenes to what encoders were fed, such as "counts / 4000" or "reflectance".

    Raises:
        InputError: the scenes hold different quantities, or one holds no data.
    """
    quantities = sorted({cube.quantity for cube in cubes})
    if len(quantities) > 1:
        raise InputError(f"the scenes hold {' and '.join(quantities)}; bring them to one quantity first")
    (quantity,) = quantities
    known = _FACTORS.get(radiometry, {}).get(quantity)
    fed = f"the encoders were fed {radiometry}, the scene holds numbers of kind '{quantity}'"
    if known is None and radiometry == "reflectance" and all(cube.wavelengths is not None for cube in cubes):
        return Gain(_relative(cubes), f"{fed}: scaled band by band to the mean spectrum of natural scenes")
    factor = known or _BRIGHT / float(np.median([_bright(cube) for cube in cubes]))
    note = "" if radiometry.startswith(quantity) else f"{fed}: scaled by {factor:.3g}"
    return Gain(np.full(len(CANONICAL), factor), note)


def _relative(cubes: Sequence[Cube]) -> NDArray[np.float64]:
    """The factors (100,) that bring the mean spectrum of scenes to that of natural ones; 0 for bands none covers."""
    means = np.full((len(cubes), len(CANONICAL)), np.nan)
    for cube, mean in zip(cubes, means, strict=True):
        assert cube.wavelengths is not None
        matrix, covered = response_matrix(cube.wavelengths, cube.fwhm, cube.valid)
        values = sample_of(cube)
        by_band = np.zeros(cube.shape[0])
        by_band[cube.used] = np.nanmean(values, axis=1)
        mean[covered] = (matrix @ by_band)[covered]
    counts = np.isfinite(means).sum(axis=0)
    return relative_factors(np.nansum(means, axis=0) / np.maximum(counts, 1))


def relative_factors(mean: NDArray[Any]) -> NDArray[np.float64]:
    """The factors (..., 100) that bring mean spectra (..., 100) to that of natural scenes; 0 where next to none is."""
    least = 1e-3 * mean.max(axis=-1, keepdims=True, initial=0.0)
    factors: NDArray[np.float64] = np.divide(
        natural_spectra().mean, mean, out=np.zeros(mean.shape), where=mean > np.maximum(least, 1e-300)
    )
    return factors


def _bright(cube: Cube) -> float:
    """The value below which nearly all numbers of a sample of a scene lie."""
    values = sample_of(cube)
    values = values[np.isfinite(values)]
    bright = float(np.quantile(values, _BRIGHT_QUANTILE)) if values.size else 0.0
    if bright <= 0:
        raise InputError(f"{cube.name}: no numbers above 0 in a sample of the scene; check its no-data value and scale")
    return bright


def sample_of(cube: Cube) -> NDArray[np.float32]:
    """Numbers (used bands, n) of a sample of a scene, NaN where there is no data.

    Raises:
        InputError: the sample holds no data.
    """
    _, rows, cols = cube.shape
    windows = spread_blocks(rows, cols, _BLOCK, _NUM_BLOCKS * _BLOCK**2)
    values = [cube.read(window).reshape(len(cube.used), -1) for window in windows]
    sample: NDArray[np.float32] = np.concatenate(values, axis=1)
    if not np.isfinite(sample).any(axis=1).all():
        raise InputError(f"{cube.name}: no data in a sample of the scene; check its no-data value and scale")
    return sample


def require_wavelengths(cube: Cube) -> None:
    """Raise InputError unless a scene says its wavelengths: pre-trained encoders know bands by them."""
    if cube.wavelengths is None:
        raise InputError(
            f"{cube.name} has no wavelengths, and pre-trained encoders know bands by them: give them as "
            "--wavelengths FIRST:LAST or --sensor NAME (in Python open_cube(path, sensor=NAME))"
        )


def present_bands(front_end: FrontEnd) -> NDArray[np.bool_]:
    """Which canonical bands that encoders see the channels of a front end tell (100,)."""
    present = np.zeros(len(CANONICAL), dtype=bool)
    present[front_end.used] = True
    return present & clear_bands()


def clear_bands() -> NDArray[np.bool_]:
    """Which canonical bands encoders see (100,): all but those next to where air and detectors leave little light."""
    clear: NDArray[np.bool_] = ~np.any([(low <= CANONICAL) & (high >= CANONICAL) for low, high in _DIM], axis=0)
    return clear


def radiometric_front_end(cube: Cube, gain: NDArray[np.float64]) -> FrontEnd:
    """The front end that gives a scene's canonical bands times their gains, neither centred nor standardised.

    Raises:
        InputError: the scene has no wavelengths, or none between 400 and 2500 nm.
    """
    require_wavelengths(cube)
    assert cube.wavelengths is not None
    covered = response_matrix(cube.wavelengths, cube.fwhm, cube.valid)[1]
    used = np.flatnonzero(covered & clear_bands() & (gain > 0))
    if not len(used):
        raise InputError(
            f"{cube.name} has no band between {CANONICAL[0]:.0f} and {CANONICAL[-1]:.0f} nm that could be used, those "
            "that air absorbs left aside; check its wavelengths"
        )
    count = len(used)
    return FrontEnd(
        config=CANONICAL_BANDS,
        bands=Bands.of(cube),
        used=used,
        components=Components(mean=np.zeros(count), matrix=np.eye(count), values=np.ones(count)),
        guide_scale=1.0,
        deviation=(1 / gain[used]).astype(np.float32),
    )

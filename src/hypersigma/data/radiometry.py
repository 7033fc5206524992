"""What pre-trained encoders are fed: any scene's numbers brought to the scale that they were trained on.

A factor that stands fixed for the whole scene, so that spectra keep their shape; where the scene does not say
what its numbers are, one that puts its bright pixels where bright ground lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.components import Components
from hypersigma.data.front_end import FrontEnd, FrontEndConfig
from hypersigma.errors import InputError
from hypersigma.spectra import CANONICAL, response_matrix
from hypersigma.tiling import blocks

CANONICAL_BANDS = FrontEndConfig(bands="canonical", reduction="none", spreading=(0.0,), shapes=())

# Factor for a quantity by what the encoders were fed; products of reflectance hold 10000 for 1.
_FACTORS = {
    "counts / 4000": {"counts": 1 / 4000, "reflectance": 10000 / 4000},
    "reflectance": {"reflectance": 1.0},
}
_BRIGHT_QUANTILE, _BRIGHT = 0.98, 0.5
_NUM_BLOCKS, _BLOCK = 64, 32


class Gain(NamedTuple):
    """A factor for all numbers of a scene, and a sentence where the encoders were fed another quantity, else ""."""

    factor: float
    note: str


def gain_for(radiometry: str, cubes: Sequence[Cube]) -> Gain:
    """The factor that brings scenes to what encoders were fed, such as "counts / 4000" or "reflectance".

    Raises:
        InputError: the scenes hold different quantities, or one holds no data.
    """
    quantities = sorted({cube.quantity for cube in cubes})
    if len(quantities) > 1:
        raise InputError(f"the scenes hold {' and '.join(quantities)}; bring them to one quantity first")
    (quantity,) = quantities
    factor = _FACTORS.get(radiometry, {}).get(quantity)
    if factor is None:
        factor = _BRIGHT / float(np.median([_bright(cube) for cube in cubes]))
    note = f"the encoders were fed {radiometry}, the scene holds numbers of kind '{quantity}': scaled by {factor:.3g}"
    return Gain(factor, "" if radiometry.startswith(quantity) else note)


def _bright(cube: Cube) -> float:
    """The value below which nearly all numbers of a sample of a scene lie."""
    windows = list(blocks(*cube.shape[1:], _BLOCK))
    step = -(-len(windows) // _NUM_BLOCKS)
    values = np.concatenate([cube.read(window).ravel() for window in windows[::step]])
    values = values[np.isfinite(values)]
    bright = float(np.quantile(values, _BRIGHT_QUANTILE)) if values.size else 0.0
    if bright <= 0:
        raise InputError(f"{cube.name}: no numbers above 0 in a sample of the scene; check its no-data value and scale")
    return bright


def require_wavelengths(cube: Cube) -> None:
    """Raise InputError unless a scene says its wavelengths: pre-trained encoders know bands by them."""
    if cube.wavelengths is None:
        raise InputError(
            f"{cube.name} has no wavelengths, and pre-trained encoders know bands by them: give them as "
            "--wavelengths FIRST:LAST or --sensor NAME (in Python open_cube(path, sensor=NAME))"
        )


def present_bands(front_end: FrontEnd) -> NDArray[np.bool_] | None:
    """Which canonical bands the channels of a front end are (100,), or None where its channels are something else."""
    config = front_end.config
    if config.bands == "native" or config.reduction != "none" or (config.spreading, config.shapes) != ((0.0,), ()):
        return None
    present = np.zeros(len(CANONICAL), dtype=bool)
    present[front_end.used] = True
    return present


def radiometric_front_end(cube: Cube, gain: float) -> FrontEnd:
    """The front end that gives a scene's canonical bands times a gain, neither centred nor standardised.

    Raises:
        InputError: the scene has no wavelengths, or none between 400 and 2500 nm.
    """
    require_wavelengths(cube)
    assert cube.wavelengths is not None
    used = np.flatnonzero(response_matrix(cube.wavelengths, cube.fwhm, cube.valid)[1])
    if not len(used):
        raise InputError(
            f"{cube.name} has no band between {CANONICAL[0]:.0f} and {CANONICAL[-1]:.0f} nm that could be used; "
            "check its wavelengths"
        )
    count = len(used)
    return FrontEnd(
        config=CANONICAL_BANDS,
        bands=Bands.of(cube),
        used=used,
        components=Components(mean=np.zeros(count), matrix=np.eye(count), values=np.ones(count)),
        guide_scale=1.0,
        deviation=np.full(count, 1 / gain, dtype=np.float32),
    )

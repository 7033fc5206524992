"""Target spectra whose numbers are of another size than the scene's, brought to its scale, and what was done.

Detectors that weigh a target against the background's mean need both in the same numbers; a library of reflectance and
a scene of counts are not, and a spectrum in ten thousandths and a scene in fractions are not either.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube, Quantity
from hypersigma.data.radiometry import sample_of
from hypersigma.data.targets import Floats, Target
from hypersigma.errors import InputError

# Median numbers further apart than so are not of one scale; where both are said to be the same quantity, only what
# is near a hundred: a bright target in a scene of dark water is up to fifty times as bright.
_APART, _APART_ALIKE = 20.0, 60.0
_BRIGHT, _DARKEST, _BRIGHTEST = 0.999, 0.15, 1.5  # quantile of a scene's numbers, and what reflectance it may be
_NUM_STEPS = 20
_TUNING = 1.345  # standard deviations beyond which Huber's weights fall
_SIGMA_PER_MAD = 1.4826


def on_scene_scale(
    cube: Cube, spectra: Floats, quantity: Quantity, factors: Sequence[tuple[float, str]] = ()
) -> tuple[Floats, tuple[str, ...]]:
    """Target spectra (n, bands) in the scene's numbers, and a note where they had to be changed.

    Args:
        cube: the scene.
        spectra: in their own numbers, NaN where not known.
        quantity: what these are.
        factors: known ones that may bring them to the scene's numbers, with words for each; the first that does is
            taken, and that of the scene's stored numbers after them. Where none does, a robust gain is.

    Raises:
        InputError: neither a known factor nor a gain brings them there.
    """
    mean, sample = np.full(cube.shape[0], np.nan), sample_of(cube)
    mean[cube.used] = np.nanmean(sample, axis=1, dtype=np.float64)
    target = Target(spectra).spectrum
    shared = np.isfinite(mean) & np.isfinite(target)
    mean, target = mean[shared], target[shared]
    ratio = float(np.median(np.abs(mean)) / max(float(np.median(np.abs(target))), 1e-300))
    unlike = {quantity, cube.quantity} in ({"reflectance", "counts"}, {"reflectance", "radiance"})
    limit = _APART_ALIKE if quantity == cube.quantity != "unknown" else _APART
    if not unlike and _near(ratio, limit):
        return spectra, ()
    found = f"the spectrum's numbers ({quantity}) and the scene's ({cube.quantity}) have medians apart by {ratio:.3g}"
    counts = {quantity, cube.quantity} == {"reflectance", "counts"} and cube.quantity == "counts"
    for factor, words in (*factors, *_stored(cube), *(_usual(sample) if counts else ())):
        if _near(ratio / factor, _APART):
            return spectra * factor, (f"{found}: times {factor:g}, {words}",)
    gain = robust_gain(target, mean)
    if not np.isfinite(gain) or gain <= 0:
        raise InputError(f"{found}, and no gain brings one to the other; give the target in the scene's numbers")
    note = f"{found}: times {gain:.4g}, which brings it closest to the scene's mean spectrum"
    return spectra * gain, (note,)


def robust_gain(spectrum: Floats, goal: Floats) -> float:
    """The factor g that makes g * spectrum nearest to a goal, bands that do not fit having little weight.

    Least squares with Huber's weights, the spread told by the median absolute residual (Huber, 1964); both (bands,).
    """
    weights = np.ones(len(goal))
    gain = 0.0
    for _ in range(_NUM_STEPS):
        power = float(np.sum(weights * spectrum**2))
        gain = float(np.sum(weights * spectrum * goal)) / power if power > 0 else np.nan
        residual = np.abs(goal - gain * spectrum)
        spread = _TUNING * _SIGMA_PER_MAD * float(np.median(residual))
        weights = np.where(residual > spread, spread / np.maximum(residual, 1e-300), 1.0)
        if not weights.any():
            break
    return gain


def _near(ratio: float, limit: float) -> bool:
    return 1.0 / limit <= ratio <= limit


def _usual(sample: NDArray[np.float32]) -> list[tuple[float, str]]:
    """The factor that counts of reflectance have as a rule, told by the scene's brightest numbers.

    A gain that is fitted would make a dark target as bright as the scene; a factor keeps it dark.
    """
    bright = float(np.nanquantile(sample, _BRIGHT))
    likely = (factor for factor in (1e4, 1e3, 1e2) if _DARKEST < bright / factor < _BRIGHTEST)
    return [(factor, "as counts of reflectance are scaled as a rule") for factor in likely][:1]


def _stored(cube: Cube) -> list[tuple[float, str]]:
    """The factor of the scene's stored numbers: a spectrum may have been copied from the file as it stands."""
    plain = np.ndim(cube.scale) == 0 and not np.any(cube.offset)
    return [(float(cube.scale), "the scale of the scene's stored numbers")] if plain and cube.scale != 1.0 else []

"""What an instrument adds to a scene: noise by wavelength, columns that differ, dead elements, and air between.

Signal-to-noise ratios are nominal ones, near what the operators state for a ground of reflectance 0.3 or so. An
instrument that is not in the table gets the usual ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.simulate.settings import InstrumentConfig

REFERENCE = 0.3  # reflectance at which signal-to-noise ratios are stated
OPAQUE = ((1350.0, 1450.0), (1800.0, 1960.0))  # nm between which water vapour lets no light through

# (wavelength in nm, signal-to-noise ratio), straight lines between
_USUAL = ((400, 150), (600, 400), (1000, 300), (1700, 200), (2200, 120), (2500, 60))
_RATIOS = {
    "aviris": ((370, 200), (450, 600), (600, 900), (1250, 800), (1700, 600), (2200, 400), (2500, 150)),
    "aviris_1992": ((400, 60), (600, 150), (1000, 120), (1300, 120), (1700, 80), (2200, 50), (2500, 20)),
    "aviris_ng": ((350, 100), (450, 800), (600, 1500), (1300, 1200), (1700, 1000), (2200, 800), (2500, 200)),
    "emit": ((380, 150), (500, 700), (900, 600), (1600, 500), (2200, 300), (2490, 100)),
    "enmap": ((420, 350), (495, 500), (900, 350), (1000, 200), (1600, 200), (2200, 150), (2445, 60)),
    "hyperion": ((400, 50), (550, 161), (700, 147), (1025, 90), (1225, 110), (1575, 89), (2125, 40), (2500, 15)),
    "landsat8": ((443, 232), (482, 355), (561, 296), (655, 222), (865, 199), (1609, 261), (2201, 326)),
    "sentinel2": (
        (443, 129), (492, 154), (560, 168), (665, 142), (704, 117), (741, 89), (783, 105), (833, 174), (865, 72),
        (945, 114), (1374, 50), (1614, 100), (2202, 100),
    ),
}  # fmt: skip
# centre and half width in nm of weaker absorption (oxygen, water, carbon dioxide), and what it takes of the signal;
# the wings of the opaque bands are among them
_WEAK = (
    (762, 6, 0.5), (940, 25, 0.6), (1130, 28, 0.6), (1325, 30, 0.6), (1475, 30, 0.6), (1780, 30, 0.7),
    (1980, 30, 0.7), (2010, 12, 0.3), (2060, 12, 0.3), (2480, 40, 0.4),
)  # fmt: skip
_OPAQUE_NOISE = 0.3  # standard deviation of reflectance where there is no light to divide by
_COMMON = 0.7  # weight of what all bands of a column share; squared, half of the variance


def opaque(wavelengths: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the air is opaque in each band (bands,)."""
    inside: NDArray[np.bool_] = np.any([(low <= wavelengths) & (wavelengths <= high) for low, high in OPAQUE], axis=0)
    return inside


def transmission(wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share (bands,) of the signal that weaker absorption leaves."""
    left = np.ones(len(wavelengths))
    for centre, width, taken in _WEAK:
        left *= 1.0 - taken * np.exp2(-(((wavelengths - centre) / width) ** 2))
    return left


def noise_deviation(config: InstrumentConfig, sensor: str, wavelengths: NDArray[np.float64]) -> NDArray[np.float32]:
    """Standard deviation (bands,) of the noise at reflectance 0.3, before the factor that each scene draws."""
    if config.snr is not None:
        ratio = np.full(len(wavelengths), config.snr)
    else:
        centres, ratios = np.array(_RATIOS.get(sensor.lower().replace("-", "_").replace(" ", "_"), _USUAL)).T
        ratio = np.interp(wavelengths, centres, ratios)
    deviation = REFERENCE / ratio
    if config.absorption != "none":
        deviation = np.where(opaque(wavelengths), _OPAQUE_NOISE, deviation / transmission(wavelengths))
    return deviation.astype(np.float32)


def add_noise(
    generator: np.random.Generator, pixels: NDArray[np.float32], deviation: NDArray[np.float32], shot: float
) -> None:
    """Add noise to pixels (bands, rows, cols) in place.

    Its variance is deviation^2 (1 - shot + shot * reflectance / 0.3): photons bring a part that grows with the light,
    electronics one that does not.
    """
    if not deviation.any():
        return
    noise = generator.standard_normal(pixels.shape, dtype=np.float32)
    noise *= deviation[:, None, None]
    if shot > 0:
        growth = np.maximum(pixels, 0.0)
        growth *= np.float32(shot / REFERENCE)
        growth += np.float32(1.0 - shot)
        noise *= np.sqrt(growth, out=growth)
    pixels += noise


def add_columns(generator: np.random.Generator, config: InstrumentConfig, pixels: NDArray[np.float32]) -> None:
    """Give each detector column of pixels (bands, rows, cols) its own gain, and kill some, in place."""
    bands, _, cols = pixels.shape
    if config.striping > 0:
        common = generator.standard_normal(cols, dtype=np.float32)
        own = generator.standard_normal((bands, cols), dtype=np.float32)
        pixels *= (1.0 + np.float32(config.striping * _COMMON) * (common + own))[:, None, :]
    if config.dead_columns > 0:
        dead = generator.random((bands, cols)) < config.dead_columns
        pixels[np.broadcast_to(dead[:, None, :], pixels.shape)] = 0.0

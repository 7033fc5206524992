"""Light on the ground: terrain that faces the sun or turns away, shade, and the light of the sky."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.simulate.random_fields import Field, drawn, random_fields
from hypersigma.data.simulate.settings import LightConfig

_BLUE = 450.0  # nm at which shares of scattered light are stated
_SKY_FALL = 2.5  # exponent with which skylight falls with wavelength: between molecules (4) and haze (1.3)
_DARKEST = 0.05  # share of the sun that the deepest shade of a cloud lets through


def sunlight(generator: np.random.Generator, config: LightConfig, shade: Field) -> Field:
    """The sun's light on each pixel (rows, cols) as a share of that on a plain.

    It is cos(i) / cos(z), with i between the sun and the slope's normal and z the sun's zenith; 0 where the slope
    turns away, less where houses (`shade`) or a cloud stand before the sun.
    """
    shape = shade.shape
    relief, zenith = drawn(generator, config.relief), np.radians(drawn(generator, config.zenith))
    azimuth = generator.uniform(0.0, 2 * np.pi)
    rows, cols = shape
    (height,) = random_fields(generator, 1, (rows, cols), 4.5, max(shape))
    down, right = np.gradient(height)
    # the field's own slope depends on its exponent and the size of the scene
    steepness = relief / max(float(np.sqrt(np.mean(down**2 + right**2))), 1e-6)
    down, right = steepness * down, steepness * right
    towards = np.tan(zenith) * (np.cos(azimuth) * down + np.sin(azimuth) * right)
    light = np.maximum(1.0 - towards, 0.0) / np.sqrt(1.0 + down**2 + right**2)
    if generator.random() < config.shade:
        (cloud,) = random_fields(generator, 1, (rows, cols), 4.0, max(shape) / 2)
        edge = generator.uniform(0.5, 2.0)
        covered = 1.0 / (1.0 + np.exp(np.clip(8.0 * (edge - cloud), -50.0, 50.0)))
        light = light * (1.0 - (1.0 - generator.uniform(_DARKEST, 0.6)) * covered)
    if config.skylight > 0:
        light = light * (1.0 - shade)
    result: Field = light.astype(np.float32)
    return result


def skylight(config: LightConfig, wavelengths: NDArray[np.float64]) -> NDArray[np.float32]:
    """The share (bands,) of the light on a plain that comes from the sky."""
    return _falling(config.skylight, wavelengths, _SKY_FALL)


def scattered(share: float, wavelengths: NDArray[np.float64]) -> NDArray[np.float32]:
    """The share (bands,) of light that air scatters in from around a pixel, given at 450 nm."""
    return _falling(share, wavelengths, 1.5)


def _falling(share: float, wavelengths: NDArray[np.float64], exponent: float) -> NDArray[np.float32]:
    result: NDArray[np.float32] = np.minimum(share * (wavelengths / _BLUE) ** -exponent, 1.0).astype(np.float32)
    return result

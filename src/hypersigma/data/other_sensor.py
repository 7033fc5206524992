"""A scene as another sensor would see it: its spectra under that sensor's bands; or the part of it that both see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hypersigma.cube import Cube
from hypersigma.data.radiometry import require_wavelengths
from hypersigma.spectra import Floats, resampling_matrix, sensor_bands

# A camera of visible light and near infrared, as drones carry them: 30 even bands.
VNIR_CAMERA = "vnir_camera"
_CENTRES = np.linspace(400.0, 1000.0, 30)


def bands_of(sensor: str) -> tuple[Floats, Floats]:
    """Band centres and widths in nm of a sensor that is known by name, or of the camera.

    Raises:
        ConfigError: there is no such sensor.
    """
    if sensor == VNIR_CAMERA:
        return _CENTRES, np.full(len(_CENTRES), _CENTRES[1] - _CENTRES[0])
    return sensor_bands(sensor)


def seen_by(cube: Cube, sensor: str) -> Cube:
    """A scene with the bands of another sensor; those that the scene does not cover are not valid.

    Raises:
        InputError: the scene has no wavelengths.
        ConfigError: there is no such sensor.
    """
    require_wavelengths(cube)
    assert cube.wavelengths is not None
    centres, widths = bands_of(sensor)
    matrix, covered = resampling_matrix(cube.wavelengths, cube.fwhm, cube.valid, targets=centres, target_fwhm=widths)
    seen = np.tensordot(matrix[:, cube.used].astype(np.float32), cube.read(), axes=1)
    other = Cube.from_array(
        seen, centres, widths, quantity=cube.quantity, georef=cube.georef, name=f"{cube.name} as {sensor}"
    )
    other = replace(other, sensor=sensor)
    return other.dropped(~covered[other.order], "not covered by the scene's own sensor")


def shared_with(cube: Cube, sensor: str) -> Cube:
    """A scene without the bands of its own that another sensor sees nothing of: none of its bands is that near.

    Raises:
        InputError: the scene has no wavelengths.
        ConfigError: there is no such sensor.
    """
    require_wavelengths(cube)
    assert cube.wavelengths is not None
    centres, widths = bands_of(sensor)
    away = np.logical_and.reduce(np.abs(cube.wavelengths[:, None] - centres) > widths, axis=1)
    return cube.dropped(away, f"not seen by {sensor}")

"""Simulated scenes: a library's materials on a ground, in the light of a day, as a sensor sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count as numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.labels import LabelledScene
from hypersigma.data.simulate.borrowed import structure_image
from hypersigma.data.simulate.instrument import add_columns, add_noise, noise_deviation, opaque
from hypersigma.data.simulate.light import scattered, skylight, sunlight
from hypersigma.data.simulate.materials import Mixture, Palette, mixture
from hypersigma.data.simulate.random_fields import Field, drawn
from hypersigma.data.simulate.settings import SimulationConfig
from hypersigma.data.simulate.structure import Ground, Layout, lay_out
from hypersigma.errors import ConfigError
from hypersigma.palette import default_legend
from hypersigma.products import SpectralLibrary
from hypersigma.readers._bands import Bands, BandTable, arrange
from hypersigma.spectra import sensor_bands

_DETAIL = 2  # rows of the ground that one row of the scene shows, so that borders fall inside pixels
NOT_COVERED, _ABSORBED = "a material's spectrum does not cover it", "absorbed by the air"


@dataclass(frozen=True, kw_only=True, eq=False)
class SimulatedScene:
    """A scene and the truth about it.

    Attributes:
        cube: what the sensor saw; bands that a material does not cover hold NaN and are marked.
        abundances: (materials, rows, cols) float32, at least 0, with sum 1 in each pixel: shares of the ground that a
            pixel shows, after the instrument's blur and before the air's.
        classes: (rows, cols) int32, 1 + index of the most abundant material.
        endmembers: (materials, bands) float32 reflectance on the cube's bands, the scene's gains in it; NaN where not
            covered.
        names: one a material, as in the library.
    """

    cube: Cube
    abundances: Field
    classes: NDArray[np.int32]
    endmembers: NDArray[np.float32]
    names: tuple[str, ...]

    def labelled(self) -> LabelledScene:
        """The scene with its classes as labels."""
        return LabelledScene(self.cube, self.classes, default_legend(self.names))


def simulate(
    library: SpectralLibrary,
    config: SimulationConfig | None = None,
    seed: int | Sequence[int] = 0,
    *,
    images: Sequence[Cube | NDArray[Any]] = (),
) -> SimulatedScene:
    """A simulated scene; the same for the same arguments. `Simulator` makes many of one library."""
    return Simulator(library, config, images=images).scene(seed)


def simulated_scenes(
    library: SpectralLibrary,
    config: SimulationConfig | None = None,
    seed: int = 0,
    *,
    images: Sequence[Cube | NDArray[Any]] = (),
    num_scenes: int | None = None,
) -> Iterator[SimulatedScene]:
    """Simulated scenes, without end where no number is given; the n-th is that of the seed (seed, n)."""
    simulator = Simulator(library, config, images=images)
    for index in numbers() if num_scenes is None else range(num_scenes):
        yield simulator.scene((seed, index))


class Simulator:
    """Makes scenes of one library, seen by one sensor: the library is brought to the sensor's bands once."""

    def __init__(
        self,
        library: SpectralLibrary,
        config: SimulationConfig | None = None,
        *,
        images: Sequence[Cube | NDArray[Any]] = (),
    ) -> None:
        """A simulator.

        Args:
            library: spectra of reflectance, at least as many as a scene may have materials.
            config: what scenes are like.
            images: cubes or arrays (channels, rows, cols) from which the kind "borrowed" takes its shapes.

        Raises:
            InputError: the library is too small, holds no reflectance, or shares no band with the sensor.
            ConfigError: shapes are to be borrowed, and there is no image.
        """
        self.config = config = config or SimulationConfig()
        if "borrowed" in config.structure.kinds and not images:
            raise ConfigError(
                "structure.kinds has 'borrowed', but there is no image; give images=[...], or other kinds"
            )
        self._images = [structure_image(image) for image in images]
        self._bands = _sensor(library, config.sensor)
        if config.sensor:
            assert self._bands.wavelengths is not None
            library = library.resampled(self._bands.wavelengths, self._bands.fwhm)
        self._palette = Palette(library, config.num_materials[1])
        self._deviation = noise_deviation(config.instrument, config.sensor, self._palette.wavelengths)

    def scene(self, seed: int | Sequence[int]) -> SimulatedScene:
        """The scene of a seed."""
        generator = np.random.default_rng(seed)
        least, most = self.config.num_materials
        count = int(generator.integers(least, most + 1))
        chosen = self._palette.draw(generator, count, round(count * drawn(generator, self.config.green)))
        gains = generator.uniform(*self.config.variability.gain, size=(len(chosen), 1))
        endmembers = self._palette.spectra[chosen] * gains.astype(np.float32)
        ground = self._ground(generator, len(chosen))
        missing = np.any(np.isnan(endmembers), axis=0)
        mixed = mixture(generator, self.config, ground, np.where(missing, 0.0, endmembers), self._palette.wavelengths)
        pixels = self._seen(generator, ground, mixed)
        pixels[missing] = np.nan
        return SimulatedScene(
            cube=self._cube(pixels, missing),
            abundances=ground.abundances,
            classes=(1 + ground.abundances.argmax(axis=0)).astype(np.int32),
            endmembers=endmembers,
            names=tuple(self._palette.names[index] for index in chosen),
        )

    def _ground(self, generator: np.random.Generator, num_materials: int) -> Layout:
        """A ground as the instrument resolves it."""
        config = self.config
        shape = (config.rows * _DETAIL, config.cols * _DETAIL)
        fine = lay_out(Ground(generator, config.structure, num_materials, shape, _DETAIL, self._images))
        sigma = _DETAIL * drawn(generator, config.instrument.blur)
        abundances = _coarser(ndimage.gaussian_filter(fine.abundances, (0.0, sigma, sigma)))
        texture, shade = _coarser(np.stack([fine.texture, fine.shade]))
        # sums are 1 but for rounding, and truth should not be
        abundances /= abundances.sum(axis=0)
        return Layout(abundances, fine.segments[::_DETAIL, ::_DETAIL], texture, shade)

    def _seen(self, generator: np.random.Generator, ground: Layout, mixed: Mixture) -> NDArray[np.float32]:
        """What the sensor sees of a mixture (bands, rows, cols)."""
        config, instrument, wavelengths = self.config, self.config.instrument, self._palette.wavelengths
        light = sunlight(generator, config.light, ground.shade).ravel()
        pixels = mixed.spectra.T @ mixed.shares
        sky = skylight(config.light, wavelengths)[:, None]
        pixels *= light + sky * (1.0 - light)
        if instrument.adjacency > 0:
            # from afar only the materials themselves are seen, not how they vary
            count, shape = len(ground.abundances), ground.shade.shape
            width = instrument.adjacency_width
            around = ndimage.gaussian_filter((mixed.shares[:count] * light).reshape(count, *shape), (0.0, width, width))
            share = scattered(instrument.adjacency, wavelengths)[:, None]
            pixels *= 1.0 - share
            pixels += (share * mixed.spectra[:count].T) @ around.reshape(count, -1)
        seen: NDArray[np.float32] = pixels.reshape(-1, config.rows, config.cols)
        add_noise(generator, seen, np.float32(drawn(generator, instrument.noise)) * self._deviation, instrument.shot)
        add_columns(generator, instrument, seen)
        return seen

    def _cube(self, pixels: NDArray[np.float32], missing: NDArray[np.bool_]) -> Cube:
        bands, waves = self._bands, self._palette.wavelengths
        cube = Cube.from_array(pixels, waves, bands.fwhm, quantity="reflectance", name="simulated scene")
        cube = replace(cube, valid=bands.valid, reasons=bands.reasons, sensor=self.config.sensor or None)
        cube = cube.dropped(missing, NOT_COVERED)
        return cube.dropped(opaque(waves), _ABSORBED) if self.config.instrument.absorption == "drop" else cube


def _sensor(library: SpectralLibrary, sensor: str) -> Bands:
    """A sensor's bands as a scene of it has them, or the library's own."""
    if not sensor:
        return arrange(
            BandTable(centres=library.wavelengths, unit="nm", fwhm=library.fwhm), len(library.wavelengths), library.name
        )
    centres, fwhm = sensor_bands(sensor)
    return arrange(BandTable(centres=centres, unit="nm", fwhm=fwhm), len(centres), sensor)


def _coarser(fields: Field) -> Field:
    """Means of fields (fields, rows, cols) over the rows and columns that make one pixel."""
    count, rows, cols = fields.shape
    blocks = fields.reshape(count, rows // _DETAIL, _DETAIL, cols // _DETAIL, _DETAIL)
    means: Field = blocks.mean(axis=(2, 4))
    return means

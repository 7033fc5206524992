"""Materials of a scene: spectra drawn from a library, how each varies, and light that two reflect in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.simulate.random_fields import Field, random_fields
from hypersigma.data.simulate.settings import SimulationConfig, VariabilityConfig
from hypersigma.data.simulate.structure import Layout
from hypersigma.errors import InputError
from hypersigma.products import SpectralLibrary

Spectra = NDArray[np.float32]

_NUM_SHAPES = 3  # independent ways in which a spectrum varies
_RED_EDGE, _FARTHEST = (670.0, 800.0), 40.0  # nm of red and near infrared, and how far a band may be off
_STEEP = 2.5  # how many times as bright plants are beyond the red edge; soils stay below 2
_COVERED = 0.9  # of the bands that the best covered spectrum has


class Palette:
    """Spectra of a library on a sensor's bands, from which scenes draw.

    Attributes:
        names: one a spectrum.
        spectra: (spectra, bands) float32, NaN where a spectrum does not cover a band.
        wavelengths: (bands,) nm.
    """

    def __init__(self, library: SpectralLibrary, least: int) -> None:
        """The spectra that cover a sensor's bands about as well as any does.

        Raises:
            InputError: no reflectance, fewer than `least` spectra, or none that covers a band.
        """
        if library.quantity != "reflectance":
            raise InputError(
                f"{library.name}: its numbers are of kind '{library.quantity}'; scenes are made of reflectance: "
                "give read_library the scale that makes them such"
            )
        covered = np.isfinite(library.spectra).sum(axis=1)
        if not covered.any():
            raise InputError(f"{library.name}: its wavelengths meet no band of the sensor; choose another sensor")
        library = library.select(covered >= _COVERED * covered.max())
        if len(library) < least:
            raise InputError(
                f"{library.name}: {len(library)} spectra cover the sensor's bands, {least} materials are asked for; "
                "give a larger library or fewer num_materials"
            )
        self.names = library.names
        self.spectra: Spectra = library.spectra.astype(np.float32)
        self.wavelengths = library.wavelengths
        groups = np.array(library.groups or library.names)
        # a spectrum that shares its name with others is a group with them, and as good as one of them
        self._groups = [np.flatnonzero(groups == group) for group in np.unique(groups)]
        green = _is_green(self.spectra, self.wavelengths)
        self._green_groups = [members[green[members]] for members in self._groups if green[members].any()]
        self._num_green = int(green.sum())

    def draw(self, generator: np.random.Generator, count: int, num_green: int) -> NDArray[np.intp]:
        """Indices of different spectra, at least `num_green` of them of plants where the library has so many.

        They are of as many groups as there are: each group is as likely, however large.
        """
        chosen: list[int] = []
        _draw(generator, self._green_groups, chosen, min(num_green, self._num_green))
        _draw(generator, self._groups, chosen, count)
        return generator.permutation(np.array(chosen, dtype=np.intp))


def _is_green(spectra: Spectra, wavelengths: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each spectrum is one of green plants, by its red edge; of none is it known without the bands."""
    red, infrared = (int(np.abs(wavelengths - goal).argmin()) for goal in _RED_EDGE)
    if max(abs(wavelengths[red] - _RED_EDGE[0]), abs(wavelengths[infrared] - _RED_EDGE[1])) > _FARTHEST:
        return np.zeros(len(spectra), dtype=bool)
    # NaN is not greater than anything
    green: NDArray[np.bool_] = spectra[:, infrared] > _STEEP * np.maximum(spectra[:, red], 1e-3)
    return green


def _draw(generator: np.random.Generator, groups: Sequence[NDArray[np.intp]], chosen: list[int], count: int) -> None:
    """Add different members of groups to those chosen until there are so many."""
    while len(chosen) < count:
        for group in generator.permutation(len(groups))[: count - len(chosen)]:
            left = np.setdiff1d(groups[group], chosen)
            chosen += [int(generator.choice(left))] if len(left) else []


class Mixture(NamedTuple):
    """A scene's reflectance as a matrix product: `spectra`.T (bands, terms) @ `shares` (terms, pixels).

    The first terms are the materials themselves.
    """

    spectra: Spectra
    shares: Field


def mixture(
    generator: np.random.Generator,
    config: SimulationConfig,
    layout: Layout,
    endmembers: Spectra,
    wavelengths: NDArray[np.float64],
) -> Mixture:
    """The mixture of endmembers (materials, bands) on a ground.

    In the generalised bilinear model (Halimi, Altmann, Dobigeon, Tourneret, "Nonlinear unmixing of hyperspectral
    images using a generalized bilinear model", IEEE TGRS 49(11), 2011) a pixel is
    sum_i a_i e_i + sum_{i<j} g_ij a_i a_j e_i e_j with 0 <= g_ij <= 1, products taken band by band. Here g_ij is one
    number a scene, at most `config.bilinear`.
    """
    segments = layout.segments
    count = int(segments.max()) + 1
    variability = config.variability
    normal = generator.standard_normal((1 + _NUM_SHAPES, count), dtype=np.float32)
    logarithm = variability.brightness * normal[0][segments] + variability.texture * layout.texture
    brightness = np.exp(np.clip(logarithm, -1.5, 1.0))
    shares = layout.abundances * brightness
    terms, weights = [endmembers], [shares]
    if variability.spectral > 0:
        fields = random_fields(generator, _NUM_SHAPES, segments.shape, 3.0, max(segments.shape) / 4)
        # half from parcel to parcel, half from place to place
        amounts = (fields + normal[1:][:, segments]) / np.sqrt(2.0, dtype=np.float32)
        shapes = _shapes(generator, variability, len(endmembers), wavelengths)
        for amount, shape in zip(amounts, shapes, strict=True):
            terms.append(endmembers * shape)
            weights.append(shares * amount)
    if config.bilinear > 0:
        first, second = np.triu_indices(len(endmembers), 1)
        strength = generator.uniform(0.0, config.bilinear, size=(len(first), 1, 1)).astype(np.float32)
        terms.append(endmembers[first] * endmembers[second])
        weights.append(strength * layout.abundances[first] * layout.abundances[second])
    return Mixture(np.concatenate(terms), np.concatenate(weights).reshape(-1, segments.size))


def _shapes(
    generator: np.random.Generator, config: VariabilityConfig, num_materials: int, wavelengths: NDArray[np.float64]
) -> Spectra:
    """Smooth relative changes (shapes, materials, bands), of the standard deviation asked for when summed up."""
    first, last = float(wavelengths.min()), float(wavelengths.max())
    knots = np.arange(first, last + 2 * config.correlation, config.correlation)
    heights = generator.standard_normal((len(knots), _NUM_SHAPES * num_materials))
    place = (wavelengths - first) / config.correlation
    left = np.floor(place).astype(np.intp)
    # a cosine between knots keeps the variance nearly even along the axis, and has no kinks
    share = 0.5 - 0.5 * np.cos(np.pi * (place - left))
    blend = np.hypot(share, 1.0 - share)[:, None]
    curves = ((1.0 - share)[:, None] * heights[left] + share[:, None] * heights[left + 1]) / blend
    scaled = config.spectral / np.sqrt(_NUM_SHAPES) * curves.T
    result: Spectra = scaled.reshape(_NUM_SHAPES, num_materials, -1).astype(np.float32)
    return result

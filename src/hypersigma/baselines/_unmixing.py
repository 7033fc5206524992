"""What unmixing methods share: endmembers from a sample of the scene, abundances window by window, the outer door.

An unmixer says how endmembers are found among spectra and how much of each is in a spectrum. What it has found is all
that is saved: plain numbers, and never code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma import config as configuration
from hypersigma.baselines._bundles import bundled
from hypersigma.baselines._stored import load_arrays, method_of
from hypersigma.cube import Cube, Quantity
from hypersigma.data.bands import Bands
from hypersigma.data.endmember_count import Counted, counted
from hypersigma.data.method import Tiling
from hypersigma.data.threads import one_thread
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_maps import ABUNDANCES, SHADE, unmixing_arrays, unmixing_layers
from hypersigma.data.unmixing_sample import Sample, alike_note, sample_of
from hypersigma.errors import ConfigError, InputError
from hypersigma.georef import Georef
from hypersigma.metrics.unmixing import paired_angles
from hypersigma.products import Layer, SpectralLibrary
from hypersigma.tiling import Window

Floats = NDArray[np.float64]

LIBRARY = "endmembers"  # name of what is found
DESCRIPTION, _ARRAYS = "unmixing.yaml", "unmixing.safetensors"
_TILE = 256  # pixels


@dataclass(frozen=True, kw_only=True)
class Unmixer:
    """A way to unmix: the base of the files of this folder that have one.

    Attributes:
        shade: whether there is an endmember of zeros beside the others, which takes what shares lack to a sum of one.
        bundle: spectra for each endmember that is found, whose abundances are added up: for materials that vary.
    """

    shade: bool = False
    bundle: int = 1

    def __post_init__(self) -> None:
        if self.bundle < 1:
            raise ConfigError(f"a bundle holds 1 spectrum or more of an endmember, not {self.bundle}")

    @property
    def free_brightness(self) -> bool:
        """Whether a pixel may be any number of times as bright as its mixture."""
        return False

    @property
    def takes_many(self) -> bool:
        """Whether there may be more endmembers than bands: where few of them explain a pixel."""
        return False

    @property
    def how(self) -> str:
        """What holds for the abundances, to end a sentence with."""
        return "at least 0, with sum one"

    def sample(self, inputs: Sequence[UnmixingScene], bands: Bands) -> tuple[Sample, list[str]]:
        """The pixels that endmembers are sought among, and notes on them.

        Raises:
            InputError: none has data.
        """
        return sample_of(inputs, bands)

    def separate(self, spectra: NDArray[Any], num: int, seed: int) -> Floats:
        """Endmembers (num, bands) found among spectra (bands, n) with data.

        Raises:
            InputError: there are not so many.
        """
        raise NotImplementedError

    def found(self, sample: Sample, num: int, seed: int) -> tuple[Unmixer, Floats]:
        """The unmixer as a scene settles it, itself by default, and the endmembers (num, bands) that it finds there.

        Raises:
            InputError: there are not so many.
        """
        return self, self.separate(sample.spectra, num, seed)

    def given(self, sample: Sample, endmembers: Floats) -> tuple[Unmixer, Floats]:
        """The same with endmembers (K, bands) of a library, which stay as they are by default."""
        return self, endmembers

    def abundances(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        """Abundances (K, n) of endmembers (K, bands) in spectra (bands, n), NaN where one lacks a number."""
        raise NotImplementedError

    def amounts(self, spectra: NDArray[Any], endmembers: Floats) -> Floats:
        """The same with shade, where it is asked for, as the last of (K + 1, n).

        With a free brightness shade is what a pixel lacks to that of its mixture; else its endmember is zero.
        """
        if not self.shade:
            return self.abundances(spectra, endmembers)
        if not self.free_brightness:
            return self.abundances(spectra, np.concatenate([endmembers, np.zeros((1, endmembers.shape[1]))]))
        shares = self.abundances(spectra, endmembers)
        lit = np.minimum(brightness(spectra, endmembers.T @ shares), 1.0)
        return np.concatenate([shares * lit, (1.0 - lit)[None]])

    def fit(self, inputs: Sequence[UnmixingScene], seed: int) -> FittedUnmixing:
        """Find the endmembers of scenes together, or take those of their library.

        Raises:
            InputError: scenes have other bands, no pixel has data, or they do not hold so many endmembers.
        """
        return fit_unmixer(self, inputs, seed)


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedUnmixing:
    """An unmixing after fitting.

    Attributes:
        method: its settings.
        bands: that were used.
        endmembers: (K, used bands), in the scene's numbers.
        names: one an endmember.
        groups: the material of each endmember, whose abundances are added up; the names where each is one of its own.
        quantity: what the numbers are.
        fwhm: nm of all bands, or None where unknown.
        seed: of the search.
        counted: how many endmembers there were found to be, and why, where that was asked; None in a loaded one.
        notes: what a person should know of the fit; empty in a loaded one.
    """

    method: Unmixer
    bands: Bands
    endmembers: Floats
    names: tuple[str, ...]
    groups: tuple[str, ...]
    quantity: Quantity
    fwhm: tuple[float, ...] | None
    seed: int
    counted: Counted | None = None
    notes: tuple[str, ...] = ()

    @property
    def materials(self) -> tuple[str, ...]:
        """Names of the materials, in the order of their first endmembers; shade, if there is any, comes last."""
        return (*dict.fromkeys(self.groups), *((SHADE,) if self.method.shade else ()))

    @property
    def libraries(self) -> tuple[SpectralLibrary, ...]:
        """The endmembers as a library, on the used bands."""
        used = list(self.bands.indices)
        waves = None if self.bands.wavelengths is None else np.asarray(self.bands.wavelengths)[used]
        return (
            SpectralLibrary(
                names=self.names,
                wavelengths=np.arange(1.0, len(used) + 1) if waves is None else waves,
                spectra=self.endmembers,
                fwhm=None if self.fwhm is None or waves is None else np.asarray(self.fwhm)[used],
                quantity=self.quantity,
                groups=self.groups,
                name=LIBRARY,
                numbered=waves is None,
            ),
        )

    @property
    def tiling(self) -> Tiling:
        return Tiling(tile=_TILE)

    def predict(self, cube: Cube, window: Window) -> NDArray[np.float32]:
        """Abundances, residual and angle (K + 2, h, w) of a window, NaN where a used band has no data.

        Raises:
            InputError: the cube has other bands than those fitted on.
        """
        values = self.bands.read(cube, window)
        spectra = values.reshape(len(values), -1)
        known = np.isfinite(spectra).all(axis=0)
        materials = self.materials
        result = np.full((len(materials) + 2, spectra.shape[1]), np.nan, dtype=np.float32)
        with one_thread():
            own = spectra[:, known]
            shares = self.method.amounts(own, self.endmembers)
            lit = shares[: len(self.endmembers)]
            result[-2:, known] = left_of(own, self.endmembers, lit, free=self.method.free_brightness)
        groups = (*self.groups, SHADE)[: len(shares)]
        for row, material in enumerate(materials):
            members = [index for index, group in enumerate(groups) if group == material]
            result[row, known] = shares[members].sum(axis=0)
        return result.reshape(-1, window.height, window.width)

    def finish(self, quantities: NDArray[np.float32], cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        """Abundances, residual and angle of a window."""
        return unmixing_arrays(quantities)

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        assert len(arrays[ABUNDANCES]) == len(self.materials)
        units = "" if self.quantity == "unknown" else self.quantity
        return unmixing_layers(arrays, georef, self.materials, how=self.method.how, units=units)

    def save(self, folder: Path) -> None:
        """Write the settings as YAML and the endmembers as safetensors into a folder."""
        from safetensors.numpy import save_file

        description = _Description(
            method=type(self.method).__module__,
            config=configuration.unstructure(self.method),
            bands=self.bands,
            names=self.names,
            groups=self.groups,
            quantity=self.quantity,
            fwhm=self.fwhm,
            seed=self.seed,
        )
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"endmembers": np.ascontiguousarray(self.endmembers)}, folder / _ARRAYS)
        configuration.save_yaml(description, folder / DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved unmixing is, in words and small numbers; the endmembers stand beside."""

    method: str
    config: dict[str, Any]
    bands: Bands
    names: tuple[str, ...]
    groups: tuple[str, ...]
    quantity: Quantity
    fwhm: tuple[float, ...] | None
    seed: int


def load(folder: Path) -> FittedUnmixing:
    """An unmixing that was saved into a folder.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the endmembers are missing or damaged, or the description names no unmixer.
    """
    where = folder / DESCRIPTION
    description = configuration.load_yaml(where, _Description)
    endmembers = load_arrays(folder / _ARRAYS, "endmembers")["endmembers"]
    kind = type(method_of(description.method, Unmixer, where))
    return FittedUnmixing(
        method=configuration.structure(description.config, kind, str(where)),
        bands=description.bands,
        endmembers=endmembers,
        names=description.names,
        groups=description.groups,
        quantity=description.quantity,
        fwhm=description.fwhm,
        seed=description.seed,
    )


def left_of(spectra: NDArray[Any], endmembers: Floats, shares: Floats, *, free: bool = False) -> Floats:
    """Residual and angle (2, n) between spectra (bands, n) and what endmembers and shares (K, n) make of them.

    The residual is the root mean squared error over the bands. Where brightness is `free`, a mixture is first brought
    to the spectrum's. The angle is in radians, NaN where either is zero.
    """
    made = endmembers.T @ shares
    if free:
        made = made * brightness(spectra, made)
    errors = np.sqrt(np.square(spectra - made).mean(axis=0))
    return np.stack([errors, paired_angles(spectra.T, made.T)])


def brightness(spectra: NDArray[Any], made: Floats) -> Floats:
    """How many times (n,) a mixture (bands, n) is best taken to make a spectrum (bands, n); 0 or more."""
    power = np.square(made).sum(axis=0)
    along = (spectra * made).sum(axis=0)
    factor: Floats = np.maximum(np.where(power > 0, along / np.where(power > 0, power, 1.0), 0.0), 0.0)
    return factor


def with_sum_one(amounts: Floats) -> Floats:
    """Amounts (K, n) over their sum; equal shares where there are none."""
    total = amounts.sum(axis=0)
    shares: Floats = np.where(total == 0, 1.0 / len(amounts), amounts / np.where(total == 0, 1.0, total))
    return shares


def fit_unmixer(method: Unmixer, inputs: Sequence[UnmixingScene], seed: int) -> FittedUnmixing:
    """The endmembers of scenes together, found or given, in an order that the scenes decide.

    Endmembers that are found are sorted by how much of the scenes is made of them.

    Raises:
        InputError: scenes have other bands or ask for other endmembers, no pixel has data, or there are too few.
    """
    first = _alike(inputs)
    bands = _bands(inputs)
    sample, notes = method.sample(inputs, bands)
    told: Counted | None = None
    with one_thread():
        if first.count is None:
            assert first.library is not None
            endmembers = first.library.spectra[:, list(bands.indices)]
            names, groups = first.library.names, first.library.groups or first.library.names
            if len(endmembers) > len(bands.indices) and not method.takes_many:
                raise InputError(
                    f"{first.library.name}: {len(endmembers)} spectra for {len(bands.indices)} bands, which leaves "
                    "their shares open; name those in the scene with  --spectra NAME,NAME  or use  --method sunsal"
                )
            method, endmembers = method.given(sample, endmembers)
        else:
            if first.count == "auto":
                told = counted(sample)
                notes.append(told.note)
            num = first.count if told is None else told.num_endmembers
            assert isinstance(num, int)
            method, endmembers, names, groups = _found(method, sample, num, seed)
            notes += filter(None, [alike_note(sample, endmembers, names)] if method.bundle == 1 else [])
    cube = first.cube
    return FittedUnmixing(
        method=method,
        bands=bands,
        endmembers=np.ascontiguousarray(endmembers, dtype=np.float64),
        names=names,
        groups=groups,
        quantity=cube.quantity,
        fwhm=None if cube.fwhm is None else tuple(float(width) for width in cube.fwhm),
        seed=seed,
        counted=told,
        notes=tuple(notes),
    )


def _found(
    method: Unmixer, sample: Sample, num: int, seed: int
) -> tuple[Unmixer, Floats, tuple[str, ...], tuple[str, ...]]:
    """The method as the scene settles it, endmembers found in a sample, their names, and the material of each."""
    method, endmembers = method.found(sample, num, seed)
    shares = method.amounts(sample.spectra, endmembers)[:num]
    endmembers = endmembers[np.argsort(-shares.mean(axis=1), kind="stable")]
    materials = tuple(f"endmember {index + 1}" for index in range(num))
    if method.bundle == 1:
        return method, endmembers, materials, materials
    endmembers, owners = bundled(lambda part: method.found(part, num, seed)[1], sample, endmembers, method.bundle, seed)
    if len(endmembers) > sample.spectra.shape[0] and not method.takes_many:
        raise InputError(
            f"{num} endmembers of {method.bundle} spectra each are more than the {sample.spectra.shape[0]} bands, "
            f"which leaves their shares open; ask for bundles of {sample.spectra.shape[0] // num} or less"
        )
    groups = tuple(materials[owner] for owner in owners)
    names = tuple(f"{material} ({groups[:place].count(material) + 1})" for place, material in enumerate(groups))
    return method, endmembers, names, groups


def _alike(inputs: Sequence[UnmixingScene]) -> UnmixingScene:
    """The first of scenes that ask for the same endmembers.

    Raises:
        InputError: there is none, or they ask for others.
    """
    if not inputs:
        raise InputError("no scene; give one that is to be unmixed")
    first = inputs[0]
    for scene in inputs[1:]:
        if scene.count != first.count or (scene.library is None) != (first.library is None):
            raise InputError(f"{scene.cube.name} asks for other endmembers than {first.cube.name}; unmix them apart")
    return first


def _bands(inputs: Sequence[UnmixingScene]) -> Bands:
    """The bands that all scenes use, and that the endmembers of a library have."""
    bands = Bands.of(inputs[0].cube)
    for scene in inputs[1:]:
        bands = bands.restricted(scene.cube)
    first = inputs[0]
    if first.count is None and first.library is not None:
        known: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(first.library.spectra))
        bands = Bands(tuple(band for band in bands.indices if known[band]), bands.total, bands.wavelengths)
    return bands

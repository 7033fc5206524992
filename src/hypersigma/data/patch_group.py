"""Patches of one sensor: what a group of a store holds in common, and how its numbers become reflectance again."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube, Quantity
from hypersigma.errors import InputError
from hypersigma.spectra import CANONICAL, response_matrix

PATCH = 64  # pixels; side of a patch
EXACT = "as in the source"
_REFLECTANCE_STEP = 5e-5
_NO_DATA = np.iinfo(np.int16).min
_HALF_RANGE = (1e-3, 6e4)  # half precision keeps 11 bits of typical numbers between these


@dataclass(frozen=True, kw_only=True)
class Group:
    """The band table and storage that all patches of a group share; bands in ascending wavelength.

    Attributes:
        sensor: the sensor's name, "" where unknown.
        quantity: what the numbers are after scaling.
        dtype: type of the stored numbers, such as "int16".
        num_bands: bands of a patch.
        wavelengths, fwhm: nm, one a band, or None where unknown.
        scale, offset: quantity = stored * scale + offset; one number, or one a band.
        nodata: stored number that means "no data", or None.
        precision: what storing took from the source's numbers.
    """

    sensor: str
    quantity: Quantity
    dtype: str
    num_bands: int
    wavelengths: tuple[float, ...] | None = None
    fwhm: tuple[float, ...] | None = None
    scale: float | tuple[float, ...] = 1.0
    offset: float | tuple[float, ...] = 0.0
    nodata: float | None = None
    precision: str = EXACT

    def __post_init__(self) -> None:
        for label in ("wavelengths", "fwhm", "scale", "offset"):
            value = getattr(self, label)
            if isinstance(value, tuple) and len(value) != self.num_bands:
                raise InputError(f"{len(value)} {label} for patches of {self.num_bands} bands; one a band is needed")

    @classmethod
    def of(cls, cube: Cube, dtype: str | None = None) -> Group:
        """The group that a scene's valid bands belong to.

        Whole numbers stay as they are. Real reflectance is rounded to steps of 5e-5, far below any sensor's noise;
        other real numbers are kept to half precision where a sample of them allows.

        Args:
            cube: the scene.
            dtype: type of whole numbers to keep it in, where the source holds such as real ones.
        """
        used = cube.used
        storage: dict[str, Any] = {"scale": _listed(cube.scale, used), "offset": _listed(cube.offset, used)}
        if dtype is not None or cube.source.dtype.kind != "f":
            storage |= {"dtype": dtype or cube.source.dtype.name, "nodata": cube.nodata}
        elif cube.quantity == "reflectance":
            storage = {"dtype": "int16", "scale": _REFLECTANCE_STEP, "nodata": float(_NO_DATA)}
            storage["precision"] = f"rounded to {_REFLECTANCE_STEP:g} between -1.6 and 1.6"
        else:
            half = _fits_half(cube)
            storage |= {"dtype": "float16" if half else "float32", "scale": 1.0, "offset": 0.0}
            storage["precision"] = "half precision" if half else "single precision"
        return cls(
            sensor=cube.sensor or "",
            quantity=cube.quantity,
            num_bands=len(used),
            wavelengths=_rounded(cube.wavelengths, used),
            fwhm=_rounded(cube.fwhm, used),
            **storage,
        )

    @property
    def name(self) -> str:
        """A folder's name: sensor, number of bands, and a few letters that tell other tables apart."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.sensor.split("(")[0].lower()).strip("-") or "unknown"
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:8]
        return f"{slug}-{self.num_bands}-{digest}"

    @property
    def raw_bytes(self) -> int:
        """Bytes of a patch before compression."""
        return self.num_bands * PATCH * PATCH * np.dtype(self.dtype).itemsize

    @property
    def exact(self) -> bool:
        """Whether the stored numbers are those of the source."""
        return self.precision == EXACT

    def stored(self, values: NDArray[Any]) -> NDArray[Any]:
        """Numbers of the source (whole ones as stored there, real ones scaled, NaN for no data) as they are kept."""
        if self.exact or self.dtype != "int16":
            return np.ascontiguousarray(values, dtype=self.dtype)
        steps = np.rint(values / np.float32(_REFLECTANCE_STEP))
        limit = np.iinfo(np.int16).max
        kept = np.where(np.isfinite(values), np.clip(steps, -limit, limit), _NO_DATA)
        return np.ascontiguousarray(kept, dtype=np.int16)

    def missing(self, stored: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Where stored numbers are no data; None where none are."""
        absent: NDArray[np.bool_] | None = None
        if stored.dtype.kind == "f":
            absent = ~np.isfinite(stored)
        if self.nodata is not None:
            marked = stored == self.nodata
            absent = marked if absent is None else absent | marked
        return absent if absent is not None and absent.any() else None

    def values(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Stored numbers (..., bands, rows, cols) as the quantity they are, NaN where there is no data."""
        scale, offset = (np.asarray(term, dtype=np.float32) for term in (self.scale, self.offset))
        values: NDArray[np.float32] = stored.astype(np.float32)
        values = values * _by_band(scale) + _by_band(offset)
        absent = self.missing(stored)
        if absent is not None:
            values[absent] = np.nan
        return values


def canonical(
    patches: NDArray[Any], group: Group, used: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Patches on the canonical grid: (n, 100, rows, cols) float32, zero where not covered, and what is covered (100,).

    Reflectance comes as reflectance, any other quantity as stored * scale + offset. A pixel without data gets its
    band's mean over the patch, so that it draws no edge; screening leaves few of them.

    Args:
        patches: (n, bands, rows, cols) as stored.
        group: what they share.
        used: (bands,) False for bands that these patches lack.

    Raises:
        InputError: the group's wavelengths are not known.
    """
    mask = np.ones(group.num_bands, dtype=bool) if used is None else np.asarray(used, dtype=bool)
    matrix, constant, present = _canonical_matrix(group, mask.tobytes())
    result = np.empty((len(patches), len(CANONICAL), *patches.shape[2:]), dtype=np.float32)
    for patch, row in zip(patches, result, strict=True):
        values = patch.astype(np.float32)
        absent = group.missing(patch)
        if absent is not None:
            _fill(values, absent)
        row[:] = (matrix @ values.reshape(group.num_bands, -1)).reshape(row.shape)
        if constant.any():
            row += constant[:, None, None]
    return result, present.copy()


@lru_cache(maxsize=256)
def _canonical_matrix(group: Group, used: bytes) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_]]:
    """The matrix (100, bands) that takes stored numbers to the canonical grid, its constants, what is covered."""
    from scipy.sparse import csr_matrix

    if group.wavelengths is None:
        raise InputError(f"{group.name}: patches without wavelengths cannot be brought to the canonical grid")
    matrix, present = response_matrix(group.wavelengths, group.fwhm, np.frombuffer(used, dtype=bool))
    scale, offset = (np.broadcast_to(np.asarray(term), group.num_bands) for term in (group.scale, group.offset))
    # A canonical band looks at a handful of the sensor's: a sparse product does a tenth of the work.
    return csr_matrix((matrix * scale).astype(np.float32)), (matrix @ offset).astype(np.float32), present


def _fill(values: NDArray[np.float32], absent: NDArray[np.bool_]) -> None:
    """Put each band's mean where it has no data, zero where it has none at all."""
    known = ~absent
    sums = np.where(known, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
    means = (sums / np.maximum(known.sum(axis=(1, 2)), 1)).astype(np.float32)
    np.copyto(values, means[:, None, None], where=absent)


def _by_band(term: NDArray[np.float32]) -> NDArray[np.float32]:
    return term if term.ndim == 0 else term[:, None, None]


def _listed(term: float | NDArray[np.float64], used: NDArray[np.intp]) -> float | tuple[float, ...]:
    """Scale or offset of the used bands: one number where all are alike."""
    values = np.asarray(term, dtype=np.float64)
    chosen = np.broadcast_to(values, len(used)) if values.ndim == 0 else values[used]
    return float(chosen[0]) if np.all(chosen == chosen[0]) else tuple(float(value) for value in chosen)


def _rounded(values: NDArray[np.float64] | None, used: NDArray[np.intp]) -> tuple[float, ...] | None:
    # files write the same table with more or fewer digits
    return None if values is None else tuple(round(float(value), 3) for value in values[used])


def _fits_half(cube: Cube) -> bool:
    """Whether a sample of a scene's numbers lies where half precision has all of its bits."""
    from hypersigma.screening import statistics

    found = statistics(cube, max_pixels=4096)
    largest = np.nanmax(np.abs(np.stack([found.low, found.high])[:, cube.valid]), axis=0, initial=0.0)
    low, high = _HALF_RANGE
    return bool(largest.max() < high and np.median(largest) > low)

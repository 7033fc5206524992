"""Images cleaned by what is alike in them: groups of like patches, and in each the best linear filter.

A group of like patches is taken as a draw from one Gaussian. Its mean and covariance are told by an image that is
already cleaner, and each patch becomes what is expected of it given its noise (non-local Bayes; Lebrun, Buades and
Morel, 2013). The mean is that of the noisy patches, shrunk towards that of the cleaner ones (James and Stein, 1961).
The channels of a group are first turned so that they do not vary together, and patches are alike in all at once.
Patches of several sizes are put together, each group weighing as much as the error that is left in it is small: small
patches follow details, large ones average more of what has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hypersigma.errors import ConfigError

Image = NDArray[np.float32]
Indices = NDArray[np.intp]

_NUMBERS_AT_ONCE = 1 << 21
_SHRINKAGE = np.float32(0.5)  # of the variance of a mean that counts as noise; tuned on other scenes than reported
_TINY = np.float32(1e-12)


@dataclass(frozen=True, kw_only=True)
class PatchFilterConfig:
    """How patches are grouped.

    Attributes:
        sides: of patches in pixels, small and large ones.
        members: patches of a group, for each side.
        reach: pixels up, down and to the sides in which patches are looked for.
    """

    sides: tuple[int, ...] = (4, 8)
    members: tuple[int, ...] = (32, 64)
    reach: int = 12

    def __post_init__(self) -> None:
        if not self.sides or len(self.sides) != len(self.members):
            raise ConfigError(
                f"{len(self.sides)} sides and {len(self.members)} members; expected as many, one at least"
            )
        if min(self.reach, *self.sides) < 1 or min(self.members) < 2:
            raise ConfigError(f"sides and reach must be at least 1, and members 2; found {self}")


def filtered(noisy: Image, clean: Image, config: PatchFilterConfig) -> Image:
    """A noisy image (channels, rows, cols) filtered by what a cleaner one of it tells; the noise has unit variance.

    Patches of images smaller than one are the whole image, and groups where there are few patches all of them.
    """
    channels, rows, cols = noisy.shape
    total, count = np.zeros((channels, rows * cols)), np.zeros(rows * cols)
    for side, members in zip(config.sides, config.members, strict=True):
        size = min(side, rows), min(side, cols)
        within = (np.arange(size[0])[:, None] * cols + np.arange(size[1])).ravel()
        views = [sliding_window_view(image, size, axis=(1, 2)) for image in (noisy, clean)]
        for top, left in _groups(clean, size, config.reach, members):
            step = max(1, _NUMBERS_AT_ONCE // (top.shape[1] * channels * len(within)))
            for start in range(0, len(top), step):
                part = top[start : start + step], left[start : start + step]
                groups = (view[:, *part].reshape(channels, *part[0].shape, -1).transpose(1, 0, 2, 3) for view in views)
                expected, error = _expected(*groups)
                weights = np.repeat(1 / error, part[0].shape[1])
                places = (part[0] * cols + part[1]).ravel()
                for pixel, offset in enumerate(within):
                    here = places + offset
                    count += np.bincount(here, weights, minlength=rows * cols)
                    for channel in range(channels):
                        values = weights * expected[:, channel, :, pixel].ravel()
                        total[channel] += np.bincount(here, values, minlength=rows * cols)
    return (total / count).reshape(noisy.shape).astype(np.float32)


def _expected(noisy: Image, clean: Image) -> tuple[Image, NDArray[np.float32]]:
    """What is expected of groups of noisy patches (groups, channels, members, pixels) given cleaner ones.

    Beside it the mean squared error (groups,) that it should have.
    """
    mean = clean.mean(axis=2, keepdims=True)
    deviation = clean - mean
    flat = deviation.reshape(*deviation.shape[:2], -1)
    _, turn = np.linalg.eigh(flat @ flat.transpose(0, 2, 1))
    noisy, deviation, mean = (_turned(part, turn.transpose(0, 2, 1)) for part in (noisy, deviation, mean))
    covariance = deviation.transpose(0, 1, 3, 2) @ deviation / np.float32(max(deviation.shape[2] - 1, 1))
    identity = np.eye(covariance.shape[-1], dtype=np.float32)
    weights = np.linalg.solve(covariance + identity, covariance)
    seen = noisy.mean(axis=2, keepdims=True)
    # The mean of the noisy patches lacks the bias of the cleaner ones, and counts as far as it is no noise itself.
    power = ((seen - mean) ** 2).mean(axis=3, keepdims=True)
    mean += (seen - mean) * np.maximum(1 - _SHRINKAGE / (noisy.shape[2] * np.maximum(power, _TINY)), 0)
    kept = np.trace(weights, axis1=-2, axis2=-1).mean(axis=1) / np.float32(len(identity))
    return _turned((noisy - seen) @ weights + mean, turn), np.maximum(kept, 0) + np.float32(1 / noisy.shape[2])


def _turned(groups: Image, turn: Image) -> Image:
    """Groups (groups, channels, members, pixels) with their channels turned by (groups, channels, channels)."""
    result: Image = (turn @ groups.reshape(*groups.shape[:2], -1)).reshape(groups.shape)
    return result


def _groups(image: Image, size: tuple[int, int], reach: int, num: int) -> Iterator[tuple[Indices, Indices]]:
    """Top rows and left columns (groups, members) of like patches, for some rows of groups at a time."""
    rows, cols = image.shape[1:]
    # Half of a patch, and a pixel, between those that have a group of their own.
    tops, lefts = (_starts(length, side, (side + 2) // 2) for length, side in zip((rows, cols), size, strict=True))
    steps = np.arange(-reach, reach + 1)
    offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    at_once = max(1, _NUMBERS_AT_ONCE // (len(offsets) * len(lefts)))
    for start in range(0, len(tops), at_once):
        some = tops[start : start + at_once]
        # Only the strip that these patches and those around them lie in.
        first = max(int(some[0]) - reach, 0)
        strip = image[:, first : int(some[-1]) + reach + size[0]]
        distances = _distances(strip, (some - first, lefts), offsets, size)
        members = min(num, int(np.isfinite(distances).sum(axis=0).min()))
        nearest = np.argpartition(distances, members - 1, axis=0)[:members].T
        corners = np.stack(np.meshgrid(some, lefts, indexing="ij"), axis=-1).reshape(-1, 1, 2)
        found = corners + offsets[nearest]
        yield found[..., 0], found[..., 1]


def _starts(length: int, side: int, stride: int) -> Indices:
    """First pixels of patches on a line, the last of which ends with it."""
    last = length - side
    return np.unique(np.append(np.arange(0, last + 1, stride), last))


def _distances(
    image: Image, corners: tuple[Indices, Indices], offsets: NDArray[np.int_], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Squared distances (offsets, corners) of patches from those at an offset; infinite outside the image."""
    rows, cols = image.shape[1:]
    (tops, lefts), (height, width) = corners, size
    result = np.full((len(offsets), len(tops), len(lefts)), np.inf, dtype=np.float32)
    for distances, (down, right) in zip(result, offsets, strict=True):
        top, bottom, left, end = max(0, -down), min(rows, rows - down), max(0, -right), min(cols, cols - right)
        in_rows, in_cols = (tops >= top) & (tops + height <= bottom), (lefts >= left) & (lefts + width <= end)
        if not in_rows.any() or not in_cols.any():
            continue
        moved = image[:, top + down : bottom + down, left + right : end + right]
        squares = ((image[:, top:bottom, left:end] - moved) ** 2).sum(axis=0, dtype=np.float64)
        sums = np.pad(squares.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        one, other = (tops[in_rows] - top)[:, None], lefts[in_cols] - left
        boxes = sums[one + height, other + width] - sums[one, other + width]
        distances[np.ix_(in_rows, in_cols)] = boxes - sums[one + height, other] + sums[one, other]
    # A patch is always like itself, whatever round-off says.
    result[(offsets == 0).all(axis=1)] = -1.0
    return result.reshape(len(offsets), -1)

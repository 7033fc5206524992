"""Images cleaned by what is alike in them: groups of like patches, and in each the best linear filter.

A group of like patches is taken as a draw from one Gaussian. Its mean and covariance are told by an image that is
already cleaner, and each patch becomes what is expected of it given its noise (non-local Bayes; Lebrun, Buades and
Morel, 2013). The mean is that of the noisy patches, shrunk towards that of the cleaner ones (James and Stein, 1961).
The channels of a group are first turned so that they do not vary together, and patches are alike in all at once.
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

_NUMBERS_AT_ONCE = 1 << 22
_SHRINKAGE = np.float32(0.5)  # of the variance of a mean that counts as noise; tuned on other scenes than reported
_TINY = np.float32(1e-12)


@dataclass(frozen=True, kw_only=True)
class PatchFilterConfig:
    """How patches are grouped.

    Attributes:
        patch: side of a patch in pixels.
        reach: pixels up, down and to the sides in which patches are looked for.
        stride: pixels between patches that have a group of their own.
        members: patches of a group.
    """

    patch: int = 5
    reach: int = 10
    stride: int = 3
    members: int = 32

    def __post_init__(self) -> None:
        if min(self.patch, self.reach, self.stride) < 1 or self.members < 2:
            raise ConfigError(f"patch, reach and stride must be at least 1, and members 2; found {self}")
        if self.stride > self.patch:
            raise ConfigError(f"patches of {self.patch} pixels every {self.stride} leave pixels out; lower the stride")


def filtered(noisy: Image, clean: Image, config: PatchFilterConfig) -> Image:
    """A noisy image (channels, rows, cols) filtered by what a cleaner one of it tells; the noise has unit variance.

    Patches of images smaller than one are the whole image, and groups where there are few patches all of them.
    """
    channels, rows, cols = noisy.shape
    height, width = min(config.patch, rows), min(config.patch, cols)
    total, count = np.zeros((channels, rows * cols)), np.zeros(rows * cols)
    within = (np.arange(height)[:, None] * cols + np.arange(width)).ravel()
    views = [sliding_window_view(image, (height, width), axis=(1, 2)) for image in (noisy, clean)]
    for top, left in _groups(clean, (height, width), config):
        step = max(1, _NUMBERS_AT_ONCE // (top.shape[1] * channels * height * width))
        for start in range(0, len(top), step):
            part = top[start : start + step], left[start : start + step]
            groups = (view[:, *part].reshape(channels, *part[0].shape, -1).transpose(1, 0, 2, 3) for view in views)
            expected = _expected(*groups)
            places = (part[0] * cols + part[1]).ravel()
            for pixel, offset in enumerate(within):
                here = places + offset
                count += np.bincount(here, minlength=rows * cols)
                for channel in range(channels):
                    sums = np.bincount(here, expected[:, channel, :, pixel].ravel(), minlength=rows * cols)
                    total[channel] += sums
    return (total / count).reshape(noisy.shape).astype(np.float32)


def _expected(noisy: Image, clean: Image) -> Image:
    """What is expected of groups of noisy patches (groups, channels, members, pixels) given cleaner ones."""
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
    return _turned((noisy - seen) @ weights + mean, turn)


def _turned(groups: Image, turn: Image) -> Image:
    """Groups (groups, channels, members, pixels) with their channels turned by (groups, channels, channels)."""
    result: Image = (turn @ groups.reshape(*groups.shape[:2], -1)).reshape(groups.shape)
    return result


def _groups(image: Image, size: tuple[int, int], config: PatchFilterConfig) -> Iterator[tuple[Indices, Indices]]:
    """Top rows and left columns (groups, members) of like patches, for some rows of groups at a time."""
    rows, cols = image.shape[1:]
    tops, lefts = (_starts(length, side, config.stride) for length, side in zip((rows, cols), size, strict=True))
    steps = np.arange(-config.reach, config.reach + 1)
    offsets = np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)
    at_once = max(1, _NUMBERS_AT_ONCE // (len(offsets) * len(lefts)))
    for start in range(0, len(tops), at_once):
        some = tops[start : start + at_once]
        # Only the strip that these patches and those around them lie in.
        first = max(int(some[0]) - config.reach, 0)
        strip = image[:, first : int(some[-1]) + config.reach + size[0]]
        distances = _distances(strip, (some - first, lefts), offsets, size)
        members = min(config.members, int(np.isfinite(distances).sum(axis=0).min()))
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

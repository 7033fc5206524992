"""From a detector's scores to objects: a threshold at a stated false-alarm rate, and what lies above it as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammainccinv

from hypersigma.cube import Cube
from hypersigma.errors import ConfigError, InputError
from hypersigma.products import Detection, Objects
from hypersigma.tiling import Window

_TAIL, _CENSORED = 0.03, 0.002  # shares of the background that its tail is fitted to, and of which only the count is
_FEWEST_EXCESSES = 100  # that a tail is fitted to; the tail of a small scene is a larger share, up to the next line
_HIGHEST_RATE = 0.1
_FEWEST = 30  # excesses below which there is no fit
_MOST_TARGETS = 0.03  # share of pixels that may be set apart as targets
_CHANCE = 1e-5  # how rare a gap of the background must be to be taken for the one below the targets
_STRETCH = 2.0  # spacings of a tail of shape 1 grow by this within one window
_FEWEST_SPACINGS = 30  # that the usual spacing is a mean of
_SMALL = 1e-6  # a shape as small as this stands for 0, where the formula is 0 / 0


def find_objects(
    score: NDArray[Any], mask: NDArray[np.bool_], cube: Cube, *, name: str = "objects", most: int = 500
) -> Objects:
    """The connected pixels of a mask as objects, by descending peak score.

    Pixels are connected over edges and corners. Of a scene of any size only the spectra at the peaks are read.

    Args:
        score: (rows, cols), higher where a target is likelier; pixels that are not finite belong to no object.
        mask: (rows, cols) pixels that count as found, such as those above a threshold.
        cube: the scene that was searched.
        name: of the result.
        most: number of objects to keep; a note says how many of lower scores are left out.

    Raises:
        InputError: scores, mask and scene differ in size, or the scene cannot be read.
    """
    if not score.shape == mask.shape == cube.shape[1:]:
        raise InputError(
            f"{name}: scores {score.shape} and mask {mask.shape} of a scene of {cube.shape[1:]} rows and columns; "
            "give all three the same size"
        )
    from scipy import ndimage

    labels, num_found = ndimage.label(mask & np.isfinite(score), structure=np.ones((3, 3), dtype=bool))
    rows, cols = np.nonzero(labels)
    owners, values = labels[rows, cols], score[rows, cols].astype(np.float64)
    # within an object the highest score comes first, of equals the first in the picture
    order = np.lexsort((-values, owners))
    peaks = order[np.searchsorted(owners[order], np.arange(1, num_found + 1))]
    ranked = peaks[np.argsort(-values[peaks], kind="stable")][:most]
    positions = [(int(rows[index]), int(cols[index])) for index in ranked]
    boxes = ndimage.find_objects(labels)
    found = tuple(
        _detection(number, peak, _window(boxes[owners[index] - 1]), score, labels, spectrum)
        for number, (index, peak, spectrum) in enumerate(
            zip(ranked, positions, _spectra(cube, positions), strict=True), start=1
        )
    )
    left_out = num_found - len(found)
    note = f"{num_found} objects were found; the {len(found)} of the highest scores are listed"
    return Objects(
        name=name,
        found=found,
        georef=cube.georef,
        wavelengths=None if cube.wavelengths is None else cube.wavelengths[cube.used],
        num_left_out=left_out,
        notes=(note,) if left_out else (),
    )


def _window(box: tuple[slice, slice]) -> Window:
    rows, cols = box
    return Window(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start)


def _detection(
    number: int,
    peak: tuple[int, int],
    window: Window,
    score: NDArray[Any],
    labels: NDArray[Any],
    spectrum: NDArray[np.float32],
) -> Detection:
    """One object from what is known of all of them."""
    pixels = labels[window.slices] == labels[peak]
    rows, cols = np.nonzero(pixels)
    return Detection(
        id=number,
        window=window,
        mask=pixels,
        peak=peak,
        centroid=(window.row + float(rows.mean()) + 0.5, window.col + float(cols.mean()) + 0.5),
        peak_score=float(score[peak]),
        mean_score=float(score[window.slices][pixels].mean(dtype=np.float64)),
        spectrum=spectrum,
    )


def _spectra(cube: Cube, positions: list[tuple[int, int]]) -> list[NDArray[np.float32]]:
    """Spectra (bands,) of pixels, read from top to bottom, as compressed files are read block by block."""
    read = {(row, col): cube.read(Window(row, col, 1, 1))[:, 0, 0] for row, col in sorted(positions)}
    return [read[position] for position in positions]


def robust_threshold(scores: NDArray[Any], false_alarm_rate: float) -> float:
    """A threshold that a stated share of the background exceeds, estimated without truth.

    The generalised Pareto distribution is fitted to what exceeds u, the 97 % quantile of the background (Pickands,
    1975, "Statistical inference using extreme order statistics"; Coles, 2001, "An Introduction to Statistical Modeling
    of Extreme Values", section 4.3). With zeta the share of pixels above u, shape xi and scale sigma

        threshold = u + sigma / xi * ((false_alarm_rate / zeta) ** -xi - 1).

    Targets, up to 3 % of the pixels, are set apart first, by the gap between their scores and those of the background;
    what is above the 99.8 % quantile of the rest enters the fit by its count only. Targets whose scores begin where
    those of the background end, without a gap, raise the threshold. Of rates above zeta, and of few pixels, the
    quantile itself is taken, and never more than the middle of the gap. At 1e-3 and some thousand pixels the rate that
    is met is within a factor of 3 of the stated one, where there is a gap.

    Args:
        scores: of any shape, higher for targets; numbers that are not finite are left out.
        false_alarm_rate: share of the background above the threshold, between 0 and 1; above 0.1 it counts as 0.1.

    Returns:
        The threshold, not below the 90 % quantile of the background; of constant scores their value.

    Raises:
        ConfigError: the rate is not between 0 and 1.
        InputError: no score is finite.
    """
    if not 0 < false_alarm_rate < 1:
        raise ConfigError(f"a false-alarm rate of {false_alarm_rate:g}: give a share between 0 and 1, such as 0.001")
    ordered = np.sort(scores[np.isfinite(scores)]).astype(np.float64)
    if not len(ordered):
        raise InputError("no pixel has a score, so that there is no threshold; does the scene have data?")
    num_targets = _num_targets(_spread(ordered))
    background = ordered[: len(ordered) - num_targets]
    # nothing of the background lies beyond the middle of the gap, whatever a tail of few pixels may promise
    middle = float(ordered[-num_targets - 1 : len(ordered) - num_targets + 1].mean()) if num_targets else np.inf
    tail = min(max(_TAIL, _FEWEST_EXCESSES / len(background)), _HIGHEST_RATE)
    start = float(np.quantile(background, 1 - tail))
    excess = background[np.searchsorted(background, start, side="right") :] - start
    share = len(excess) / len(background)
    if share <= false_alarm_rate or len(excess) < _FEWEST:
        usual = float(np.quantile(background, 1 - min(false_alarm_rate, _HIGHEST_RATE), method="higher"))
        return min(usual, middle)
    num_exact = max(1, len(excess) - round(_CENSORED * len(background)))
    shape, scale = _fitted_tail(excess, num_exact)
    return min(start + float(scale / shape * ((false_alarm_rate / share) ** -shape - 1)), middle)


def _spread(ordered: NDArray[Any]) -> NDArray[np.float64]:
    """Ascending scores, equal ones spread over the smallest step between scores, as they were before rounding."""
    levels, counts = np.unique(ordered, return_counts=True)
    step = float(np.diff(levels).min()) if len(levels) > 1 else 0.0
    # how far a score lies below the last one of its level, from 0 to nearly 1
    below = (np.repeat(np.cumsum(counts), counts) - 1 - np.arange(len(ordered))) / np.repeat(counts, counts)
    return ordered - step * below


def _num_targets(ordered: NDArray[np.float64]) -> int:
    """How many of the highest scores lie above a gap that the background's tail does not explain.

    The k-th highest of independent exponential numbers exceeds the next one by 1 / k in the mean, so that
    k * (difference), the normalised spacing, is exponential with one mean (Renyi, 1953, "On the theory of order
    statistics"); in other tails that mean changes slowly. Mean spacings of windows of 1, 4, 16, ... are compared with
    the mean of as many below as lie above; w exponential numbers have a mean that is gamma distributed.
    """
    most = int(_MOST_TARGETS * len(ordered))
    last = min(2 * most + _FEWEST_SPACINGS, len(ordered) - 1)
    spacings = np.arange(1, last + 1) * -np.diff(ordered[::-1][: last + 1])
    total = np.concatenate([[0.0], np.cumsum(spacings)])
    found, strongest, width = 0, 1.0, 1
    while 2 * width <= most:
        rank = np.arange(1 if width == 1 else 2 * width, most + 1)
        end = np.minimum(rank + np.maximum(rank, _FEWEST_SPACINGS), last)
        usual = (total[end] - total[rank]) / (end - rank)
        here = (total[rank] - total[rank - width]) / width
        # where the background is constant there is no spacing to compare with
        limit = usual * _STRETCH * gammainccinv(width, _CHANCE) / width
        excess = np.divide(here, limit, out=np.zeros_like(here), where=limit > 0)
        best = int(np.argmax(excess))
        if excess[best] > strongest:
            window = spacings[rank[best] - width : rank[best]]
            found, strongest = int(rank[best]) - width + 1 + int(np.argmax(window)), float(excess[best])
        width *= 4
    return found


def _fitted_tail(excess: NDArray[np.float64], num_exact: int) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution by censored maximum likelihood.

    Of n ascending excesses y > 0 the lowest r are known, the others only to exceed the r-th. With t = xi / sigma the
    best shape is xi = (sum log(1 + t y_i) + (n - r) log(1 + t y_r)) / r, which leaves a search for t alone
    (Grimshaw, 1993, "Computing maximum likelihood estimates for the generalized Pareto distribution").
    """
    unit = excess[num_exact - 1]
    known, num_censored = excess[:num_exact] / unit, len(excess) - num_exact

    def shape_of(stretch: float) -> tuple[float, float, float]:
        """Shape, t in units of 1 / y_r and mean logarithm, for log(1 + t y_r)."""
        slope = np.expm1(stretch)
        mean = float(np.mean(np.log1p(slope * known)))
        return mean + num_censored * stretch / num_exact, slope, mean

    def loss(stretch: float) -> float:
        """The negative log-likelihood of one known excess."""
        shape, slope, mean = shape_of(_away_from_zero(stretch))
        return mean - float(np.log(slope / shape))

    # a shape between -1 (uniform) and 1 (no mean) gives log(1 + t y_r) between these bounds
    bound = float(np.log(len(excess) / max(num_censored, 1)))
    found = minimize_scalar(loss, bounds=(-bound, bound), method="bounded", options={"xatol": 1e-4})
    shape, slope, _ = shape_of(_away_from_zero(float(found.x)))
    return shape, shape / slope * float(unit)


def _away_from_zero(number: float) -> float:
    return number if abs(number) > _SMALL else _SMALL

"""From a detector's scores to objects: a threshold at a stated false-alarm rate, and what lies above it as vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hypersigma.cube import Cube
from hypersigma.errors import ConfigError, InputError
from hypersigma.products import Detection, Objects
from hypersigma.tiling import Window

_TAIL = 0.1  # share of the scores that the tail is fitted to
_MOST_TARGETS = 0.05  # share of the pixels that may be targets
_FEWEST = 30  # exceedances that a tail can be fitted to
_MOST = 4000  # exceedances that it is fitted to: more tell nothing new and take long
_SHAPE_DEVIATION = 0.2  # tails of backgrounds from Gaussian to lognormal have shapes from -0.2 to 0.3
_DECISIVE = 7.0  # gain of log-likelihood by which targets are believed in
_SHARES = (0.3, 0.1, 0.03, 0.005)  # of the exceedances, at which the search for targets begins
_UNLIKELY = 1e10  # of parameters outside their bounds

Floats = NDArray[np.float64]


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
    """The score that a share of the background exceeds, without knowing which pixels are background.

    Peaks over threshold (Pickands, 1975; Coles, 2001, chapter 4): above the 90 % quantile u, scores of background
    follow a generalised Pareto distribution, P(score - u > x) = (1 + shape x / scale)^(-1 / shape). Targets, at most
    5 % of the pixels, are a second component there, lognormal in score - u, which is believed in where it makes
    the scores decisively likelier. Both are fitted together by maximum likelihood, under a normal prior of deviation
    0.2 on the shape. With p the share of background above u, the threshold is
    u + scale ((p / rate)^shape - 1) / shape. It is never so low that more than rate + 5 % of the pixels exceed it.

    Targets well apart from the background do not move it. Where several per cent of targets overlap the background's
    tail, no one can tell them from it, and the threshold comes out too high: fewer false alarms than asked, and
    fewer targets.

    Args:
        scores: any shape, higher where a target is likelier; numbers that are not finite mean no data.
        false_alarm_rate: share of the background that may exceed the threshold (>), between 0 and 1.

    Raises:
        ConfigError: the rate does not lie between 0 and 1.
        InputError: there is no score at all.
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise ConfigError(f"a false-alarm rate of {false_alarm_rate:g}: give a share between 0 and 1, such as 0.001")
    values = np.sort(scores[np.isfinite(scores)], axis=None).astype(np.float64)
    if not values.size:
        raise InputError("no pixel has a score, so that there is no threshold; does the scene have data?")
    start = float(np.quantile(values, 1.0 - _TAIL))
    beyond = values[values > start] - start
    if false_alarm_rate >= _TAIL or len(beyond) < _FEWEST:
        return float(np.quantile(values, 1.0 - false_alarm_rate, method="higher"))
    tail = _fitted_tail(beyond)
    share = len(beyond) / len(values)
    background = share * (1.0 - tail.targets) / (1.0 - share * tail.targets)
    lowest = float(np.quantile(values, max(0.0, 1.0 - false_alarm_rate - _MOST_TARGETS)))
    return max(start + tail.exceeded_by(false_alarm_rate / background), lowest)


class _Tail(NamedTuple):
    """A generalised Pareto distribution, and the share of what lies there that is targets."""

    scale: float
    shape: float
    targets: float

    def exceeded_by(self, share: float) -> float:
        """The excess that a share of the background in the tail exceeds."""
        depth = -np.log(min(share, 1.0))
        stretched = depth if abs(self.shape) < 1e-6 else np.expm1(self.shape * depth) / self.shape
        return float(self.scale * stretched)


def _fitted_tail(beyond: Floats) -> _Tail:
    """The tail of ascending positive exceedances: with targets where they are decisively likelier, else without."""
    from scipy.optimize import minimize

    step = -(-len(beyond) // _MOST)
    unit = float(np.median(beyond))
    excesses = beyond[(len(beyond) - 1) % step :: step] / unit

    def best(cost: Callable[[Floats], float], first: list[float]) -> tuple[Floats, float]:
        # begun anew from where it ended: the simplex often shrinks before it arrives
        for _ in range(2):
            done = minimize(cost, first, method="Nelder-Mead", options={"maxiter": 800, "xatol": 2e-3, "fatol": 5e-3})
            first = done.x.tolist()
        return done.x, float(done.fun)

    plain, plain_cost = best(lambda given: _plain_cost(given, excesses), [0.4, 0.0])
    starts = [_with_targets(np.log(excesses), share) for share in _SHARES]
    mixed, mixed_cost = min(
        (best(lambda given: _mixed_cost(given, excesses), first) for first in starts), key=lambda found: found[1]
    )
    if plain_cost - mixed_cost > _DECISIVE:
        return _Tail(unit * float(np.exp(mixed[0])), float(mixed[1]), _share(mixed[2]))
    return _Tail(unit * float(np.exp(plain[0])), float(plain[1]), 0.0)


def _with_targets(logarithms: Floats, share: float) -> list[float]:
    """Where a search begins whose targets are the highest share: log scale, shape, logit, log-mean, log-deviation."""
    highest = logarithms[logarithms >= np.quantile(logarithms, 1.0 - share)]
    spread = max(float(highest.std()), 0.15)
    return [0.4, 0.0, float(np.log(share / (0.5 - share))), max(float(np.median(highest)), 1.2), float(np.log(spread))]


def _share(logit: float) -> float:
    """The share of targets among the exceedances: between 0 and the most that there may be."""
    return float(_MOST_TARGETS / _TAIL / (1.0 + np.exp(-logit)))


def _plain_cost(given: Floats, excesses: Floats) -> float:
    """Negative log-posterior of log scale and shape where all is background."""
    if abs(given[1]) > 1.0:
        return _UNLIKELY
    return float(-_log_pareto(given, excesses).sum() + _prior(given[1]))


def _mixed_cost(given: Floats, excesses: Floats) -> float:
    """Negative log-posterior of background and targets."""
    _, shape, logit, centre, log_spread = given
    # targets lie beyond three medians and keep some spread, so that they do not stand for the background or one pixel
    inside = abs(shape) <= 1.0 and abs(logit) < 9.0 and centre > np.log(3.0)
    if not (inside and np.log(0.05) < log_spread < np.log(1.5)):
        return _UNLIKELY
    share, logarithms = _share(logit), np.log(excesses)
    standard = (logarithms - centre) / np.exp(log_spread)
    lognormal = -logarithms - log_spread - 0.5 * np.log(2.0 * np.pi) - 0.5 * standard**2
    both = np.logaddexp(np.log1p(-share) + _log_pareto(given, excesses), np.log(share) + lognormal)
    return float(-both.sum() + _prior(shape))


def _log_pareto(given: Floats, excesses: Floats) -> Floats:
    """Log-density of the generalised Pareto distribution of log scale and shape given[:2]."""
    log_scale, shape = given[:2]
    relative = excesses / np.exp(log_scale)
    if abs(shape) < 1e-6:
        density: Floats = -log_scale - relative
        return density
    base = 1.0 + shape * relative
    # a negative shape has an end, beyond which there is nothing; a large number instead of infinity leads back
    reached: Floats = np.where(base > 0, -log_scale - (1.0 + 1.0 / shape) * np.log(np.maximum(base, 1e-300)), -745.0)
    return reached


def _prior(shape: float) -> float:
    return float(0.5 * (shape / _SHAPE_DEVIATION) ** 2)

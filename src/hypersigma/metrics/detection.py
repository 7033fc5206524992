"""Figures of a detection: from scores of anomalies or of a target and a truth that marks them.

Pd is the share of target pixels, Pf the share of background pixels whose score is at least a threshold tau.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from hypersigma.errors import InputError

Floats = NDArray[np.float64]
Truth = NDArray[np.bool_]

FALSE_ALARM_LEVELS = (1e-2, 1e-3, 1e-4)
_RESOLUTION = 2.0**-23  # of the single precision that score layers are stored in
_PUBLISHED_DIGITS = 4


class Roc(NamedTuple):
    """Receiver operating characteristic: one point a distinct score, from the highest, after the point (0, 0).

    Attributes:
        false_alarm_rate: (points,) Pf, ascending from 0 to 1.
        detection_rate: (points,) Pd, ascending from 0 to 1.
        thresholds: (points,) descending; the first is infinite, as nothing is detected there.
    """

    false_alarm_rate: Floats
    detection_rate: Floats
    thresholds: Floats

    def area(self) -> float:
        """Area under Pd over Pf: the chance that a target pixel scores above a background pixel, ties counting half."""
        return _area(self.false_alarm_rate, self.detection_rate)

    def detection_at(self, false_alarm_rate: float) -> float:
        """The largest Pd at a Pf that is not above a level."""
        last = np.searchsorted(self.false_alarm_rate, false_alarm_rate, side="right") - 1
        return float(self.detection_rate[last])


def roc(scores: ArrayLike, truth: ArrayLike) -> Roc:
    """The receiver operating characteristic of scores; equal scores are passed together.

    Args:
        scores: any shape, higher where a target is likelier; NaN = no data, left out.
        truth: of the same shape, true (or above 0) on targets.

    Raises:
        InputError: shapes differ, a score is infinite, or the truth lacks targets or background.
    """
    return _roc(*_defined(scores, truth))


def undefined(truth: ArrayLike) -> str | None:
    """Why a truth has no ROC, as a sentence, or None where it has one.

    Args:
        truth: true (or above 0) on targets, of the pixels that have a score.
    """
    marked = np.asarray(truth) > 0
    if not marked.size:
        return "no pixel has a score; rates of detection and of false alarms, and their areas, are undefined"
    if not marked.any():
        return "the truth marks no pixel that has a score; detection rate, AUC and average precision are undefined"
    if marked.all():
        return "the truth marks every pixel that has a score; false alarm rate, AUC and average precision are undefined"
    return None


def detection_scores(scores: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Figures of scores by short name, all finite; none at all where `undefined` has something to say.

    Scores are scaled to 0..1 (of a constant map: 0) where thresholds count. Over all thresholds, Pd and Pf are
    steps whose areas are the mean scaled scores of target and of background. Published tables join the steps by
    slopes, which raises auc_pd_tau where targets are few: compare with those by `published_scores` only.

    - auc: area under (Pf, Pd), as `Roc.area`.
    - auc_pf_tau: area under (tau, Pf): how high the background lies; lower is better.
    - auc_pd_tau: area under (tau, Pd): how high targets lie.
    - auc_overall: auc + auc_pd_tau - auc_pf_tau.
    - auc_snr: auc_pd_tau / auc_pf_tau, the divisor at least 2^-23, below which single precision sees no background.
    - ap: average precision, the sum of precision times the growth of Pd.
    - pd_at_1e-2, pd_at_1e-3, pd_at_1e-4: largest Pd at a Pf not above.

    Source: Chang, "An Effective Evaluation Tool for Hyperspectral Target Detection: 3D Receiver Operating
    Characteristic Curve Analysis", IEEE TGRS 2021.

    Args:
        scores: any shape, higher where a target is likelier; NaN = no data, left out.
        truth: of the same shape, true (or above 0) on targets.

    Raises:
        InputError: shapes differ, or a score is infinite.
    """
    known, marked = _known(scores, truth)
    if undefined(marked) is not None:
        return {}
    curve, scaled = _roc(known, marked), _scaled(known)
    area, background, target = curve.area(), float(scaled[~marked].mean()), float(scaled[marked].mean())
    levels = {f"pd_at_1e{round(np.log10(level))}": curve.detection_at(level) for level in FALSE_ALARM_LEVELS}
    return {
        "auc": area,
        "auc_pf_tau": background,
        "auc_pd_tau": target,
        "auc_overall": area + target - background,
        "auc_snr": target / max(background, _RESOLUTION),
        "ap": _average_precision(curve, int(marked.sum()), int((~marked).sum())),
        **levels,
    }


def published_scores(scores: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """The five areas as the published code computes them, for comparison with published tables.

    Scores are scaled to 0..1 and the first point of the ROC (0, 0) is dropped, which cuts the corner before the first
    false alarm; areas are trapezia; each is rounded to 4 digits, and auc_overall and auc_snr are computed from
    rounded areas and rounded again. Where the background's area rounds to 0, there is no auc_snr.

    Source: HyperSIGMA, the code of its anomaly and target detection.

    Args:
        scores: any shape, higher where a target is likelier; NaN = no data, left out.
        truth: of the same shape, true (or above 0) on targets.

    Raises:
        InputError: shapes differ, a score is infinite, or the truth lacks targets or background.
    """
    known, marked = _defined(scores, truth)
    false_alarm_rate, detection_rate, thresholds = (points[1:] for points in _roc(_scaled(known), marked))
    pairs = {
        "auc": (false_alarm_rate, detection_rate),
        "auc_pf_tau": (thresholds, false_alarm_rate),
        "auc_pd_tau": (thresholds, detection_rate),
    }
    areas = {name: round(abs(_area(*pair)), _PUBLISHED_DIGITS) for name, pair in pairs.items()}
    overall = areas["auc"] + areas["auc_pd_tau"] - areas["auc_pf_tau"]
    areas["auc_overall"] = round(overall, _PUBLISHED_DIGITS)
    if areas["auc_pf_tau"] > 0:
        areas["auc_snr"] = round(areas["auc_pd_tau"] / areas["auc_pf_tau"], _PUBLISHED_DIGITS)
    return areas


def scaled_parts(scores: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Scores (pixels,) of background and of target, brought to 0..1 by the extremes of both; a constant map is 0.

    Args:
        scores: any shape; NaN = no data, left out.
        truth: of the same shape, true (or above 0) on targets.

    Raises:
        InputError: shapes differ, a score is infinite, or the truth lacks targets or background.
    """
    known, marked = _defined(scores, truth)
    scaled = _scaled(known)
    return scaled[~marked], scaled[marked]


def object_scores(mask: ArrayLike, truth: ArrayLike) -> dict[str, float]:
    """Figures of whole objects, which are pixels that touch at sides or corners; those without a value are left out.

    - object_precision: share of detected objects that touch a true one; left out where nothing is detected.
    - object_recall: share of true objects of which a pixel is detected; left out where there is none.
    - object_f1: harmonic mean of both, 0 where nothing is found; left out where there is no true object.

    Args:
        mask: (rows, cols), true (or above 0) where something is detected.
        truth: (rows, cols), true (or above 0) on targets.

    Raises:
        InputError: they are no maps, or shapes differ.
    """
    detected, marked = np.asarray(mask) > 0, np.asarray(truth) > 0
    _require_same_shape("mask", detected, marked)
    if detected.ndim != 2:
        raise InputError(f"a mask of shape {detected.shape}; objects need a map (rows, columns)")
    right, num_detections = _num_touching(detected, marked)
    found, num_targets = _num_touching(marked, detected)
    figures = {}
    if num_detections:
        figures["object_precision"] = right / num_detections
    if num_targets:
        figures["object_recall"] = recall = found / num_targets
        # without a detection precision is unknown, but nothing is found all the same
        precision = figures.get("object_precision", 0.0)
        figures["object_f1"] = 2 * precision * recall / (precision + recall) if found else 0.0
    return figures


def _num_touching(objects: Truth, others: Truth) -> tuple[int, int]:
    """How many objects of a map hold a pixel of another map, and how many there are."""
    numbered, count = ndimage.label(objects, structure=np.ones((3, 3)))
    touched = np.unique(numbered[objects & others])
    return len(touched), int(count)


def _roc(scores: Floats, truth: Truth) -> Roc:
    order = np.argsort(-scores, kind="stable")
    descending = scores[order]
    # The last of equal scores: a threshold lets all of them pass or none.
    last = np.append(np.flatnonzero(np.diff(descending)), len(descending) - 1)
    hits = np.cumsum(truth[order])[last]
    false_alarms = last + 1 - hits
    return Roc(
        np.concatenate([[0.0], false_alarms / false_alarms[-1]]),
        np.concatenate([[0.0], hits / hits[-1]]),
        np.concatenate([[np.inf], descending[last]]),
    )


def _average_precision(curve: Roc, num_targets: int, num_background: int) -> float:
    hits, false_alarms = num_targets * curve.detection_rate[1:], num_background * curve.false_alarm_rate[1:]
    return float(np.sum(np.diff(curve.detection_rate) * hits / (hits + false_alarms)))


def _area(x: Floats, y: Floats) -> float:
    """Area under straight lines between points, negative where x descends."""
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]))) / 2


def _scaled(scores: Floats) -> Floats:
    """Scores brought to 0..1 by their extremes; a constant map is 0 throughout."""
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def _defined(scores: ArrayLike, truth: ArrayLike) -> tuple[Floats, Truth]:
    """As `_known`, of a truth that has a ROC.

    Raises:
        InputError: it has none.
    """
    known, marked = _known(scores, truth)
    reason = undefined(marked)
    if reason is not None:
        raise InputError(f"{reason}; give a truth with targets and background")
    return known, marked


def _known(scores: ArrayLike, truth: ArrayLike) -> tuple[Floats, Truth]:
    """Scores (pixels,) that are there, and whether each is one of a target.

    Raises:
        InputError: shapes differ, or a score is infinite.
    """
    values, marked = np.asarray(scores, dtype=np.float64), np.asarray(truth) > 0
    _require_same_shape("scores", values, marked)
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise InputError(f"{infinite} scores are infinite; finite scores are needed, NaN where there is no data")
    present = ~np.isnan(values)
    return values[present], marked[present]


def _require_same_shape(name: str, one: NDArray[np.generic], truth: Truth) -> None:
    if one.shape != truth.shape:
        raise InputError(f"{name} of shape {one.shape} for a truth of shape {truth.shape}; both need the same shape")

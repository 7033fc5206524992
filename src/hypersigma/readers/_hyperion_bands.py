"""The bands of EO-1 Hyperion, and those that the list published with HyperGlobal-450K leaves out."""

from __future__ import annotations

NUM_BANDS, NUM_VNIR = 242, 70

_UNCALIBRATED = "not used by the published list: uncalibrated, or in the overlap of the detectors"
_VAPOUR = "not used by the published list: water vapour absorbs"
_DROPPED = (
    (1, 7, _UNCALIBRATED),
    (58, 76, _UNCALIBRATED),
    (121, 126, _VAPOUR),
    (167, 180, _VAPOUR),
    (222, 242, "not used by the published list: uncalibrated, or too dark"),
)


def dropping_reasons() -> list[str]:
    """Why each of the 242 bands is not used, "" for the 175 that are."""
    reasons = [""] * NUM_BANDS
    for first, last, reason in _DROPPED:
        reasons[first - 1 : last] = [reason] * (last + 1 - first)
    return reasons

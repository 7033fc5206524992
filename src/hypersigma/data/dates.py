"""From two scenes as they are to a pair of dates: one grid, one light if asked, and what a person should know."""

from __future__ import annotations

from hypersigma.cube import Cube
from hypersigma.data.normalisation import normalisation
from hypersigma.data.pair import Pair
from hypersigma.data.pair_checks import pair_findings
from hypersigma.data.pair_grid import on_one_grid
from hypersigma.data.registration import Shift, residual_shift, shifted
from hypersigma.data.sharpness import equally_sharp
from hypersigma.errors import InputError

WORTH_REMOVING = 0.2  # pixels


def paired(before: Cube, after: Cube, *, register: bool = True, normalise: bool = False) -> Pair:
    """Two dates on the grid of the first one, cut to the ground that both show.

    Args:
        before: the first date.
        after: the second one, perhaps of another sensor or on another grid.
        register: whether a shift that is left between them is removed from the second, and the sharper one blurred as
            the other is.
        normalise: whether the second is brought to the light of the first.

    Raises:
        InputError: the dates share no ground or no bands, one holds no data, or nothing looks unchanged that a
            normalisation could go by.
    """
    before, after, notes = on_one_grid(before, after)
    findings = pair_findings(before, after)
    shift = residual_shift(before, after)
    removed = register and shift.reliable and shift.length > WORTH_REMOVING
    if removed:
        after = shifted(after, shift)
    told = [*notes, *findings, *([] if removed else [_said(shift, register)])]
    if register and shift.reliable:
        before, after, blurred = equally_sharp(before, after)
        told += [blurred] if blurred else []
    pair = Pair.of(before, after, tuple(told))
    if normalise:
        found = normalisation(pair)
        pair = Pair.of(before, found.applied(after), (*pair.notes, found.note))
    return pair


def dates_of(cube: Cube) -> tuple[Cube, ...]:
    """What a network sees of a scene: the scene itself; of a pair both dates, the second in the light of the first.

    Dates of different sensors stay in the light that each has.
    """
    if not isinstance(cube, Pair):
        return (cube,)
    try:
        return cube.before, normalisation(cube).applied(cube.after)
    except InputError:
        return cube.before, cube.after


def _said(shift: Shift, register: bool) -> str:
    """What is to be known of a shift that was left as it is."""
    if not shift.reliable:
        return "no shift between the dates could be measured: they look too little alike"
    told = f"the second date lies {shift.rows:+.2f} rows and {shift.cols:+.2f} columns off the first"
    if shift.length <= WORTH_REMOVING:
        return f"{told}: they are registered"
    return f"{told}; it was left so"

"""How many endmembers a scene holds, with the evidence that a person can judge it by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.num_endmembers import Dimension, hfc, hysime, scene_moments
from hypersigma.errors import InputError

_FALSE_ALARM_RATE = 1e-3


@dataclass(frozen=True, eq=False)
class Counted:
    """A number of endmembers and what it rests on.

    Attributes:
        num_endmembers: the number.
        hysime, hfc: by signal subspace, and by virtual dimensionality of whitened bands.
    """

    num_endmembers: int
    hysime: Dimension
    hfc: Dimension

    @property
    def note(self) -> str:
        """The number in a sentence."""
        return (
            f"{self.num_endmembers} endmembers: HySime finds {self.hysime.num_endmembers} directions of signal, NWHFC "
            f"{self.hfc.num_endmembers}; the smaller number was taken, at least 1"
        )


def counted(spectra: NDArray[Any]) -> Counted:
    """The number of endmembers among spectra (bands, n): the smaller one of HySime's and NWHFC's, at least 1.

    Both count what stands out of noise, and spectra that vary within a material do as well.

    Raises:
        InputError: there are not more pixels than bands.
    """
    try:
        found = scene_moments(spectra)
        signal, virtual = hysime(found), hfc(found, _FALSE_ALARM_RATE)
    except (InputError, np.linalg.LinAlgError) as error:
        raise InputError(f"the number of endmembers cannot be told: {error}; give it (--endmembers N)") from error
    number = min(signal.num_endmembers, virtual.num_endmembers)
    return Counted(max(1, number), signal, virtual)

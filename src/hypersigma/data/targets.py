from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Target:
    spectra: Any
    names: Any = ()
    notes: Any = ()
    pixels: Any = None

    @property
    def spectrum(self):
        return self.spectra.mean(0)

"""Area filter: what vanishes from a scene's components when small bright and dark shapes are filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.baselines._area import area_profile
from hypersigma.baselines._components import ComponentDetector
from hypersigma.baselines._detector import Array
from hypersigma.errors import ConfigError

TASK = "anomaly_detection"

_LEVELS = 255  # steps between a component's least and greatest number


@dataclass(frozen=True, kw_only=True)
class AreaFilter(ComponentDetector):
    """Sum over components of |area opening - component| + |area closing - component| (Kang et al., 2017).

    Attributes:
        area: pixels; shapes that are smaller stand out.
    """

    area: int = 45
    smoothing: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.area < 1:
            raise ConfigError(f"area must be at least one pixel, not {self.area}")

    @property
    def reach(self) -> int:
        # a shape of fewer pixels that touches the window cannot reach further
        return self.area

    def component_scores(self, components: Array, levels: NDArray[Any]) -> NDArray[Any]:
        spans = np.maximum(levels[:, 1] - levels[:, 0], 1e-30)
        scaled = (components - levels[:, 0, None, None]) / spans[:, None, None] * _LEVELS
        inner = slice(self.area, -self.area)
        profiles = [area_profile(np.clip(np.round(image), 0, _LEVELS), self.area)[inner, inner] for image in scaled]
        result: NDArray[Any] = np.sum(profiles, axis=0)
        return result


METHOD = AreaFilter()

"""HyperSIGMA: a vision-transformer foundation model for hyperspectral images, from a scene on disk to a map.

The public names are resolved when they are first used, so that `import hypersigma` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypersigma.cube import Cube
    from hypersigma.engine.features import load_backbone
    from hypersigma.engine.model import load_model
    from hypersigma.engine.run import run
    from hypersigma.readers import open_cube

__version__ = "0.1.0"

__all__ = ["Cube", "__version__", "load_backbone", "load_model", "open_cube", "run"]

_HOMES = {
    "Cube": "hypersigma.cube",
    "load_backbone": "hypersigma.engine.features",
    "load_model": "hypersigma.engine.model",
    "open_cube": "hypersigma.readers",
    "run": "hypersigma.engine.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hypersigma' has no attribute '{name}'; it has {', '.join(sorted(_HOMES))}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    # found once, Python does not come back here for it
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

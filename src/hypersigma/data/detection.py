from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class DetectionScene:
    cube: Any
    truth: Any = None
    target: Any = None
    ignored: Any = None


def only_scene(s):
    assert len(s) == 1
    return s[0]

"""report.json: what was run, with what, and what came of it, for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hypersigma.products import Report
from hypersigma.writers._atomic import replaced_file


def write(report: Report, path: Path) -> Path:
    """Write a report as JSON and return the path.

    Raises:
        OutputError: the file cannot be written.
    """
    with replaced_file(path) as partial:
        partial.write_text(json.dumps(content(report), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return path


def content(report: Report) -> dict[str, Any]:
    """A report as plain data; numbers that are none (NaN, infinities) become None."""
    keys = ("task", "scene", "settings", "seed", "seconds", "peak_memory_mb", "metrics", "layers")
    return {key: plain(getattr(report, key)) for key in keys}


def plain(value: Any) -> Any:
    """Anything a report holds as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    # JSON knows no NaN, and strict readers refuse a file that has one.
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)

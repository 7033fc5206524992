"""Where the real scenes lie that some tests read: a folder `shared` beside the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data_path(name: str = "") -> Path:
    """A file or folder of the real data, such as "indian_pines/92AV3C.spc"; skips the test where it is absent.

    The environment variable HYPERSIGMA_SHARED names another place than the folder beside the repository.
    """
    beside = Path(__file__).resolve().parents[2] / "shared"
    path = Path(os.environ.get("HYPERSIGMA_SHARED", beside)) / "data" / name
    if not path.exists():
        pytest.skip(f"real data are not here: {path}")
    return path

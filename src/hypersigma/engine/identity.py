"""What tells a model, and a prediction by it, from any other, so that only what is the same is gone on with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from hypersigma import __version__
from hypersigma.cube import Cube
from hypersigma.engine.anchors import fingerprint
from hypersigma.engine.devices import resolved


def model_identity(folder: Path, device: str) -> str:
    """Of a model in a folder (or in its folder "model"): what its files hold, and the kind of device that it uses."""
    place = folder / "model" if (folder / "model").is_dir() else folder
    digest = hashlib.sha256(resolved(device).type.encode())
    for path in sorted(path for path in place.rglob("*") if path.is_file()):
        digest.update(path.relative_to(place).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def prediction_identity(model: str, cube: Cube) -> dict[str, str]:
    """What decides the result of a model on a scene, by name."""
    bands = hashlib.sha256(cube.valid.tobytes())
    if cube.wavelengths is not None:
        bands.update(np.ascontiguousarray(cube.wavelengths).tobytes())
    return {
        "version": __version__,
        "model": model,
        "scene": fingerprint(cube),
        "bands": bands.hexdigest()[:32],
    }

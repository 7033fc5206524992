"""Every writer of layers writes a whole file or none."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from hypersigma.registry import load, names
from tests.layers import class_layer, cube_layer, score_layer

WRITERS = [
    name
    for name in names("hypersigma.writers")
    if list(inspect.signature(load("hypersigma.writers", name).write).parameters) == ["layer", "path"]
]


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("layer", [class_layer, score_layer, cube_layer], ids=lambda make: make.__name__)
def test_a_writer_leaves_nothing_but_its_file(name: str, layer: object, tmp_path: Path) -> None:
    written = load("hypersigma.writers", name).write(layer(), tmp_path / "layer")
    assert written.exists()
    assert written.stat().st_size > 100
    assert all(path.name.startswith("layer") for path in tmp_path.iterdir()), list(tmp_path.iterdir())

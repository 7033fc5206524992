"""The folder is the registry."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from hypersigma import registry
from hypersigma.errors import ConfigError


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of two names, one private file, and an __init__ that must not be imported."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "__init__.py").write_text("import sys\nsys.toys_imported = True\n")
    (folder / "top_hat.py").write_text("COLOUR = 'black'\n")
    (folder / "yo_yo.py").write_text("")
    (folder / "_private.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "toys"
    for name in [name for name in sys.modules if name.split(".")[0] == "toys"]:
        del sys.modules[name]


def test_files_are_names_and_nothing_is_imported(room: str) -> None:
    assert registry.names(room) == ["top_hat", "yo_yo"]
    assert room not in sys.modules


def test_a_name_may_be_written_with_either_dash(room: str) -> None:
    assert registry.load(room, "top_hat").COLOUR == "black"
    assert registry.load(room, "top-hat").COLOUR == "black"


def test_an_unknown_name_is_told_the_nearest(room: str) -> None:
    with pytest.raises(ConfigError, match="'top_hut' is not one of the toys: did you mean 'top_hat'"):
        registry.load(room, "top_hut")
    with pytest.raises(ConfigError, match="known: top_hat, yo_yo"):
        registry.load(room, "zzz")


def test_an_unknown_package_has_no_names() -> None:
    assert registry.names("hypersigma_has_no_such_package") == []
    assert registry.suggestion("a", []) == "known: none"


def test_entry_points_add_names(room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point = SimpleNamespace(name="kite", load=lambda: "the module")

    def entry_points(group: str, name: str = "kite") -> list[SimpleNamespace]:
        return [point] if group == room and name == "kite" else []

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    assert registry.names(room) == ["kite", "top_hat", "yo_yo"]
    assert registry.load(room, "kite") == "the module"

"""Tables of settings in the pages of tasks: every setting with the default that the code has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hypersigma import registry
from hypersigma.config import unstructure

PAGES = sorted((Path(__file__).parents[2] / "docs" / "tasks").glob("*.md"))


def told(page: Path) -> dict[str, Any]:
    """Defaults by key, as a page's table of settings has them."""
    section = page.read_text(encoding="utf-8").split("## Settings")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| `(.+?)` \| \S", section, re.MULTILINE)
    assert len(rows) == section.count("\n| `"), "a row of another form"
    assert len(rows) == len({key for key, _ in rows}), "a key stands twice"
    return {key: yaml.safe_load(default) for key, default in rows}


def flat(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_every_setting_with_its_default(page: Path) -> None:
    config = registry.load("hypersigma.tasks", page.stem).TASK.Config()
    assert told(page) == flat(yaml.safe_load(yaml.safe_dump(unstructure(config))))

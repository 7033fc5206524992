"""Metadata texts of USGS products written by code."""

from __future__ import annotations

from collections.abc import Mapping

Groups = Mapping[str, Mapping[str, object]]


def mtl_text(outer: str, groups: Groups) -> str:
    """A metadata text: groups inside one outer group; strings in quotes, numbers bare."""
    lines = [f"GROUP = {outer}"]
    for name, values in groups.items():
        lines.append(f"  GROUP = {name}")
        for key, value in values.items():
            lines.append(f"    {key} = " + (f'"{value}"' if isinstance(value, str) else f"{value}"))
        lines.append(f"  END_GROUP = {name}")
    return "\n".join([*lines, f"END_GROUP = {outer}", "END", ""])

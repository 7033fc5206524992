"""What became of every tensor of a file of weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["used", "resized", "dropped", "new"]


@dataclass(frozen=True)
class Entry:
    """One tensor: its name in the file (of a new one, in the network), what became of it, and why."""

    name: str
    fate: Fate
    reason: str = ""


@dataclass
class Receipt:
    """The entries of one import, in the order of the file."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, name: str, fate: Fate, reason: str = "") -> None:
        """Note what became of a tensor."""
        self.entries.append(Entry(name, fate, reason))

    def names(self, fate: Fate) -> list[str]:
        """The tensors that met this fate."""
        return [entry.name for entry in self.entries if entry.fate == fate]

    def lines(self) -> list[str]:
        """Counts a fate, then the tensors that were not simply used, those alike in fate and reason together."""
        counts = Counter(entry.fate for entry in self.entries)
        lines = [", ".join(f"{count} {fate}" for fate, count in counts.items())]
        alike: dict[tuple[Fate, str], list[str]] = {}
        for entry in self.entries:
            if entry.fate != "used":
                alike.setdefault((entry.fate, entry.reason), []).append(entry.name)
        for (fate, reason), names in alike.items():
            listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            lines.append(f"{fate}: {listed}: {reason}")
        return lines

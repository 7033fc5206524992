"""Tables that translate published names into ours and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from torch import Tensor

from hypersigma.errors import WeightsError
from hypersigma.weights.receipt import Receipt

# What the placeholders of a pattern stand for.
_PLACEHOLDERS = {"{i}": r"(?P<i>\d+)", "{p}": r"(?P<p>weight|bias)", "{rest}": r"(?P<rest>.*)"}


class Rule(NamedTuple):
    """A published name and ours, both with placeholders; without ours, the reason why it is left out."""

    published: str
    ours: str | None
    reason: str = ""


Table = tuple[Rule, ...]


def under(rules: Iterable[Rule], published: str, ours: str) -> Table:
    """The rules for a network that stands under these prefixes."""
    return tuple(
        rule._replace(published=published + rule.published, ours=None if rule.ours is None else ours + rule.ours)
        for rule in rules
    )


def translate(state: Mapping[str, Tensor], table: Table, receipt: Receipt) -> dict[str, Tensor]:
    """Published tensors under our names; what is left out goes to the receipt.

    Raises:
        WeightsError: a name that no rule knows.
    """
    patterns = [(_compiled(rule.published), rule) for rule in table]
    translated = {}
    for name, tensor in state.items():
        rule, found = _first_match(name, patterns)
        if rule.ours is None:
            receipt.add(name, "dropped", rule.reason)
        else:
            translated[rule.ours.format_map(found)] = tensor
    return translated


def publish(state: Mapping[str, Tensor], table: Table) -> dict[str, Tensor]:
    """Our tensors under their published names, those without one left out."""
    patterns = [(_compiled(rule.ours), rule) for rule in table if rule.ours is not None]
    published = {}
    for name, tensor in state.items():
        rule, found = _first_match(name, patterns)
        published[rule.published.format_map(found)] = tensor
    return published


def _first_match(name: str, patterns: list[tuple[re.Pattern[str], Rule]]) -> tuple[Rule, dict[str, str]]:
    for pattern, rule in patterns:
        match = pattern.fullmatch(name)
        if match:
            return rule, match.groupdict()
    raise WeightsError(f"'{name}' is not a tensor of the network these weights are said to be of: wrong network?")


def _compiled(pattern: str) -> re.Pattern[str]:
    # Names hold dots, which mean themselves; only the placeholders are patterns.
    expression = re.escape(pattern)
    for placeholder, meaning in _PLACEHOLDERS.items():
        expression = expression.replace(re.escape(placeholder), meaning)
    return re.compile(expression)

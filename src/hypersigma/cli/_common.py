"""The parameters that mean the same in every verb."""

from __future__ import annotations

from dataclasses import dataclass

from cyclopts import Group, Parameter


@Parameter(name="*", group=Group("Common", sort_key=99))
@dataclass(frozen=True, kw_only=True)
class Common:
    """Parameters of every verb.

    Attributes:
        device: Where to compute: auto, cpu, cuda or cuda:N.
        seed: Rules every random draw.
        json: Print the result as JSON and nothing else on standard output.
        quiet: Print errors and the result only.
    """

    device: str = "auto"
    seed: int = 0
    json: bool = False
    quiet: bool = False


DEFAULTS = Common()

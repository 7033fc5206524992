"""What is kept of baselines that learn nothing of a scene: their settings, as YAML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from hypersigma import config as configuration
from hypersigma.baselines._stored import method_of
from hypersigma.data.restoration import DESCRIPTION

Method = TypeVar("Method")


@dataclass(frozen=True, kw_only=True)
class _Description:
    """What a saved baseline is."""

    task: str
    method: str
    config: dict[str, Any]
    scale: int | None = None
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Kept(Generic[Method]):
    """A method with its settings, and what it was fitted with.

    Attributes:
        method: one of this folder.
        scale: of smaller pixels, where they are made.
        seed: of every draw.
    """

    method: Method
    scale: int | None = None
    seed: int = 0

    def save(self, folder: Path, task: str) -> None:
        """Write it into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        told = _Description(
            task=task,
            method=type(self.method).__module__,
            config=configuration.unstructure(self.method),
            scale=self.scale,
            seed=self.seed,
        )
        configuration.save_yaml(told, folder / DESCRIPTION)


def load_kept(folder: Path, base: type[Method]) -> Kept[Method]:
    """What was saved into a folder.

    Raises:
        ConfigError: the folder's description is missing, or names settings that do not exist.
        InputError: the description names no method of that base.
    """
    where = folder / DESCRIPTION
    description = configuration.load_yaml(where, _Description)
    kind = type(method_of(description.method, base, where))
    method = configuration.structure(description.config, kind, str(where))
    return Kept(method=method, scale=description.scale, seed=description.seed)

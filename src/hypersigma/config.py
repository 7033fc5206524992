"""YAML and plain data <-> frozen dataclasses, strictly: an unknown key is an error with a suggestion."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import cattrs
import yaml
from cattrs.errors import ClassValidationError
from cattrs.v import format_exception

from hypersigma.errors import ConfigError
from hypersigma.registry import suggestion

T = TypeVar("T")


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, prefer_attrib_converters=True)
    for kind in (int, float, str, bool):
        converter.register_structure_hook(kind, _scalar(kind))
    return converter


def _scalar(kind: type) -> Any:
    """A structure hook that refuses to turn one type of scalar silently into another."""

    def hook(value: Any, _: Any) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if kind is int and isinstance(value, bool) or not isinstance(value, kind):
            raise TypeError(f"{value!r} is {type(value).__name__}, expected {kind.__name__}")
        return value

    return hook


_CONVERTER = _converter()


def structure(data: Mapping[str, Any], kind: type[T], where: str = "config") -> T:
    """Plain data as a dataclass of the given kind.

    Raises:
        ConfigError: an unknown key (with a suggestion), a wrong type, or a value the dataclass refuses.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where}: expected keys and values for {kind.__name__}, found {type(data).__name__}")
    _refuse_unknown_keys(data, kind, where)
    try:
        return _CONVERTER.structure(data, kind)
    except ClassValidationError as error:
        problems = "; ".join(_causes(error)) or str(error)
        raise ConfigError(f"{where}: {problems}") from error


def _refuse_unknown_keys(data: Mapping[str, Any], kind: Any, where: str) -> None:
    hints = get_type_hints(kind)
    known = [item.name for item in dataclasses.fields(kind)]
    for key, value in data.items():
        if key not in known:
            raise ConfigError(f"{where}: there is no key '{key}': {suggestion(str(key), known)}")
        if dataclasses.is_dataclass(hints[key]) and isinstance(value, Mapping):
            _refuse_unknown_keys(value, hints[key], f"{where}.{key}")


def _causes(error: BaseException) -> list[str]:
    """The messages at the leaves of a nested validation error, each behind the path of its key."""
    return [line.replace(" @ $.", " at ").removesuffix(" @ $") for line in cattrs_lines(error)]


def cattrs_lines(error: BaseException) -> list[str]:
    """One line for each thing wrong, the messages of our own validators kept as they are."""

    def describe(exception: BaseException, kind: type | None) -> str:
        if isinstance(exception, TypeError | ValueError | ConfigError):
            return str(exception)
        return format_exception(exception, kind)

    return cattrs.transform_error(error, format_exception=describe)  # type: ignore[arg-type]


def unstructure(config: Any) -> dict[str, Any]:
    """A dataclass as plain data that YAML and JSON can hold."""
    plain: dict[str, Any] = _CONVERTER.unstructure(config)
    return plain


def load_yaml(path: Path, kind: type[T]) -> T:
    """A YAML file as a dataclass.

    Raises:
        ConfigError: the file is missing, is not YAML, or does not fit the dataclass.
    """
    return structure(read_yaml(path), kind, where=str(path))


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file.

    Raises:
        ConfigError: the file is missing, is not YAML, or holds something else than keys and values.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(data).__name__}")
    return data


def save_yaml(config: Any, path: Path) -> None:
    """Write a dataclass (or plain data) as YAML."""
    plain = unstructure(config) if dataclasses.is_dataclass(config) else config
    path.write_text(yaml.safe_dump(plain, sort_keys=False), encoding="utf-8")

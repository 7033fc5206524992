"""YAML and plain data <-> frozen dataclasses, strictly: an unknown key is an error with a suggestion."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import cattrs
import yaml
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn

from hypersigma.errors import ConfigError
from hypersigma.registry import suggestion

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]
HookFactory = Callable[[Any, cattrs.Converter], Hook]


def structure(data: Mapping[str, Any], kind: type[T], where: str = "config") -> T:
    """Plain data as a dataclass of the given kind.

    Args:
        data: keys and values, nested as the dataclass is.
        kind: the dataclass.
        where: what the data came from, to begin the message with.

    Raises:
        ConfigError: an unknown key (with a suggestion), a missing one, a wrong type, or a value that the
            dataclass refuses; every problem is named with the path of its key.
    """
    try:
        return _CONVERTER.structure(data, kind)
    except (cattrs.BaseValidationError, TypeError, ValueError) as error:
        problems = cattrs.transform_error(error, format_exception=_describe)
        raise ConfigError("; ".join(f"{where}: {_with_path(problem)}" for problem in problems)) from error


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
        ConfigError: the file cannot be read, is not YAML, or holds something else than keys and values.
    """
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file; expected a YAML file of settings") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as text: {error}; expected a YAML file of settings") from error
    except yaml.YAMLError as error:
        # The parser's own words run over many lines.
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(data).__name__}")
    return data


def save_yaml(config: Any, path: Path) -> None:
    """Write a dataclass (or plain data) as YAML."""
    plain = unstructure(config) if dataclasses.is_dataclass(config) else config
    path.write_text(yaml.dump(plain, Dumper=_Dumper, sort_keys=False), encoding="utf-8")


def with_settings(data: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Plain data with settings such as "optimizer.rate=1e-3" put in; values are read as YAML.

    Raises:
        ConfigError: a setting without "=", a value that is not YAML, or a path through something without keys.
    """
    result = dict(data)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not (path and equals):
            raise ConfigError(f"the setting '{setting}' is not of the form key=value, e.g. optimizer.rate=1e-3")
        try:
            value = yaml.load(text, _Loader)
        except yaml.YAMLError as error:
            raise ConfigError(f"the setting '{setting}': '{text}' is not readable as YAML: {error}") from error
        *parents, last = path.split(".")
        inner = result
        for parent in parents:
            below = inner.get(parent) or {}
            if not isinstance(below, Mapping):
                raise ConfigError(f"the setting '{setting}': '{parent}' is {below!r} and has no keys of its own")
            # copied on the way down: what was given stays as it is
            inner[parent] = inner = dict(below)
        inner[last] = value
    return result


def as_settings(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Plain data as settings such as "optimizer.rate=0.001", which `with_settings` takes."""
    settings: list[str] = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            settings += [f"{key}.{below}" for below in as_settings(value)]
        else:
            # JSON is YAML, and says null where Python says None.
            settings.append(f"{key}={json.dumps(value)}")
    return tuple(settings)


class _Loader(yaml.SafeLoader):
    """Safe YAML in which 1e-3 is a number; YAML 1.1 takes it for text because it has no decimal point."""


class _Dumper(yaml.SafeDumper):
    """Safe YAML with quotes around text that `_Loader` would take for a number."""


_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$")
for _kind in (_Loader, _Dumper):
    _kind.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+0123456789"))


def _scalar(kind: type) -> Hook:
    """A structure hook that refuses to turn one type of scalar silently into another."""

    def hook(value: Any, _: Any) -> Any:
        # YAML writes 1 for 1.0; the other way round a fraction would be lost
        if kind is float and type(value) is int:
            return float(value)
        if type(value) is not kind:
            raise TypeError(f"found {_shown(value)}, expected {kind.__name__}")
        return value

    return hook


def _dataclass(kind: type, converter: cattrs.Converter) -> Hook:
    """A structure hook for a dataclass that refuses unknown keys and anything that has no keys."""
    inner: Hook = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)
    defaults = _dataclass_defaults(kind)

    def hook(value: Any, _: Any) -> Any:
        # settings made in Python may already hold the dataclass
        if isinstance(value, kind):
            return value
        if not isinstance(value, Mapping):
            raise TypeError(f"found {_shown(value)}, expected the keys and values of {kind.__name__}")
        # what part of an entry leaves out is that of this entry's default, which may differ from its type's
        whole = {name: _onto(default, value[name]) for name, default in defaults.items() if name in value}
        return inner({**value, **whole}, kind)

    return hook


def _dataclass_defaults(kind: type) -> dict[str, Any]:
    """The defaults, by name, of entries of a dataclass that are dataclasses themselves."""
    made = {
        item.name: item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
        for item in dataclasses.fields(kind)
    }
    return _dataclass_entries(kind, made)


def _dataclass_entries(kind: type, entries: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a dataclass's entries that are, and can only be, of the dataclass that they are of."""
    hints = get_type_hints(kind)
    return {
        name: entry for name, entry in entries.items() if dataclasses.is_dataclass(entry) and type(entry) is hints[name]
    }


def _onto(config: Any, value: Any) -> Any:
    """Keys and values put onto a dataclass, as plain data; anything else as it is."""
    if not isinstance(value, Mapping):
        return value
    entries = {item.name: getattr(config, item.name) for item in dataclasses.fields(config)}
    inner = _dataclass_entries(type(config), entries)
    below = {name: _onto(entry, value[name]) for name, entry in inner.items() if name in value}
    return {**unstructure(config), **value, **below}


def _tuple(kind: Any, converter: cattrs.Converter) -> Hook:
    """A structure hook for a tuple, of any length or of a fixed one, that does not take text apart into letters."""
    entries = get_args(kind)
    inner = homogenous_tuple_structure_factory(kind, converter) if entries[-1] is Ellipsis else None

    def hook(value: Any, _: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise TypeError(f"found {_shown(value)}, expected a list")
        if inner is not None:
            return inner(value, kind)
        if len(value) != len(entries):
            raise ValueError(f"found {len(value)} entries, expected {len(entries)}")
        return tuple(converter.structure(item, entry) for item, entry in zip(value, entries, strict=True))

    return hook


def _literal(kind: Any, _: cattrs.Converter) -> Hook:
    """A structure hook for a choice among a few values."""
    choices = get_args(kind)

    def hook(value: Any, _: Any) -> Any:
        # bool is a kind of int, and True == 1: only the very type counts
        if not any(value == choice and type(value) is type(choice) for choice in choices):
            raise ValueError(f"found {_shown(value)}: {suggestion(str(value), [str(choice) for choice in choices])}")
        return value

    return hook


def _union(kind: Any, converter: cattrs.Converter) -> Hook:
    """A structure hook for "one of several types": the first that fits exactly."""
    members = [member for member in get_args(kind) if member is not NoneType]
    optional = len(members) < len(get_args(kind))

    def hook(value: Any, _: Any) -> Any:
        if value is None and optional:
            return None
        # with one type left, its own message tells more than "expected A or B"
        if len(members) == 1:
            return converter.structure(value, members[0])
        for member in members:
            try:
                return converter.structure(value, member)
            except (cattrs.BaseValidationError, TypeError, ValueError):
                continue
        raise TypeError(f"found {_shown(value)}, expected {_named(kind)}")

    return hook


def _is_tuple(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is tuple


def _is_literal(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is Literal


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(unstruct_collection_overrides={tuple: list})
    for scalar in (int, float, str, bool):
        converter.register_structure_hook(scalar, _scalar(scalar))
    factories: dict[Callable[[Any], bool], HookFactory] = {
        dataclasses.is_dataclass: _dataclass,
        _is_tuple: _tuple,
        _is_literal: _literal,
        _is_union: _union,
    }
    for fits, factory in factories.items():
        converter.register_structure_hook_factory(fits, factory)
    return converter


def _shown(value: Any) -> str:
    """A value with the name of its type, as a message shows it."""
    return f"{value!r} ({type(value).__name__})"


def _named(kind: Any) -> str:
    """A type as a message shows it."""
    if _is_union(kind):
        return " or ".join(_named(member) for member in get_args(kind))
    if _is_literal(kind):
        return " or ".join(repr(choice) for choice in get_args(kind))
    return str(getattr(kind, "__name__", kind))


def _describe(error: BaseException, _: type | None) -> str:
    """One problem, in the words of the validator that found it."""
    if isinstance(error, ForbiddenExtraKeysError):
        known = [item.name for item in dataclasses.fields(error.cl)]
        return "; ".join(f"there is no key '{key}': {suggestion(key, known)}" for key in sorted(error.extra_fields))
    if isinstance(error, KeyError):
        return "this key is missing"
    if isinstance(error, AttributeError):
        return "expected keys and values"
    return str(error)


def _with_path(problem: str) -> str:
    """A problem "text @ $.a.b" as "a.b: text"."""
    text, _, path = problem.rpartition(" @ $")
    return f"{path.removeprefix('.')}: {text}" if path else text


_CONVERTER = _converter()

"""Many scenes by one word: a folder, a glob, a list in a text file, or a STAC item collection."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from hypersigma.errors import InputError
from hypersigma.readers import is_scene, require_there

_LISTS, _ITEMS = (".txt", ".lst"), (".json", ".geojson")
_WILD = frozenset("*?[")


def scene_paths(words: Iterable[Path]) -> list[Path]:
    """Files (or folders) of all scenes that words stand for, in their order, each once.

    A word is a scene; a folder of scenes; a pattern with *, ? or [ (** for folders at any depth); a text file with a
    path in each line, # before remarks; or a STAC item or item collection, of which each item's asset with the role
    "data" is taken. Paths in files are relative to these.

    Raises:
        InputError: there is no such file, or a folder, pattern, list or collection holds no scene.
    """
    return list(dict.fromkeys(path for word in words for path in _standing_for(word)))


def _standing_for(word: Path) -> list[Path]:
    found: list[Path]
    if not word.exists() and not _WILD.isdisjoint(str(word)):
        found = _without_twins(path for path in map(Path, sorted(glob.glob(str(word), recursive=True))))
    else:
        require_there(word)
        if is_scene(word):
            return [word]
        if word.is_dir():
            found = _without_twins(path for path in sorted(word.iterdir()) if is_scene(path))
        elif word.suffix.lower() in _LISTS:
            found = list(_listed(word))
        elif word.suffix.lower() in _ITEMS:
            found = list(_assets(word))
        else:
            # the reader of scenes says what is wrong with it
            return [word]
    if not found:
        raise InputError(f"{word}: holds no scene; expected scenes, their paths in lines, or a STAC item collection")
    return found


def _without_twins(paths: Iterable[Path]) -> list[Path]:
    """Files without the data of those headers that stand beside them: the two are one scene."""
    every = list(paths)
    headers = {path for path in every if path.suffix.lower() == ".hdr"}
    named = {path.with_suffix("") for path in headers} | headers
    return [
        path for path in every if path in headers or not {path, path.with_suffix(""), path.with_suffix(".hdr")} & named
    ]


def _listed(path: Path) -> Iterator[Path]:
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = line.partition("#")[0].strip()
        if entry:
            yield path.parent / entry


def _assets(path: Path) -> Iterator[Path]:
    """The scene of each item of a STAC collection.

    Raises:
        InputError: the file is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); expected a STAC item collection") from error
    if not isinstance(content, dict) or content.get("type") not in ("Feature", "FeatureCollection"):
        raise InputError(f"{path}: found no STAC items; expected a Feature or a FeatureCollection with assets")
    for item in content.get("features", [content]):
        yield _asset(item, path)


def _asset(item: dict[str, Any], path: Path) -> Path:
    """The file of an item: of its asset of the role "data", or of its only one."""
    assets = list(item.get("assets", {}).values())
    chosen = next((asset for asset in assets if "data" in asset.get("roles", ())), assets[0] if assets else None)
    if chosen is None:
        raise InputError(f"{path}: item {item.get('id', '')} has no assets; expected one with the role data")
    address = urlsplit(chosen["href"])
    # what lies elsewhere is listed with what cannot be read
    return Path(chosen["href"]) if address.scheme not in ("", "file") else path.parent / unquote(address.path)

"""The files that the authors published on the Hugging Face hub, and the way from there to a folder of weights.

The environment variable HF_ENDPOINT names a mirror of the hub; HF_TOKEN says who asks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from hypersigma.config import read_yaml, structure
from hypersigma.errors import ConfigError, WeightsError
from hypersigma.registry import suggestion
from hypersigma.weights.fetch import Fetched, Progress, fetch
from hypersigma.weights.official.pretrained import Imported, import_pretrained
from hypersigma.weights.pretrained import Card, Kind, Pretrained, Source

_FILES = Path(__file__).with_name("hub.yaml")
_HUB = "https://huggingface.co"


@dataclass(frozen=True)
class Downloaded:
    """An encoder from the hub as ours, and how its file was checked."""

    imported: Imported
    fetched: Fetched


def published(size: str) -> dict[Kind, Source]:
    """The published files of a size.

    Raises:
        WeightsError: none are published of that size; the message suggests the nearest one.
    """
    table = read_yaml(_FILES)
    sizes = table.pop("files")
    if size not in sizes:
        raise WeightsError(f"no weights of size '{size}' are published: {suggestion(size, list(sizes))}")
    return {kind: structure({**table, **file}, Source, str(_FILES)) for kind, file in sizes[size].items()}


def held(folder: Path, source: Source) -> Source | None:
    """The published file that the weights of a folder were made from, if it is this one; it knows its hash."""
    try:
        found = Card.load(folder).source
    except WeightsError:
        return None
    return found if found and source in {found, replace(found, sha256=None)} else None


def download(kind: Kind, source: Source, folder: Path, progress: Progress) -> Downloaded:
    """Fetch a published file and write it into a folder in our form.

    What is fetched lies beside the folder until it is written; a download that was cut goes on from there.

    Raises:
        InputError: the hub cannot be reached, has no such file, or is cut off.
        OutputError: there is no room for what comes.
        WeightsError: the file is another one than expected, or damaged.
    """
    part = folder.parent / f"{source.file}.part"
    fetched = fetch(address(source), part, sha256=source.sha256, token=os.environ.get("HF_TOKEN"), progress=progress)
    try:
        pretrained, receipt = import_pretrained(part)
        if pretrained.card.kind != kind:
            raise WeightsError(f"{address(source)}: expected a {kind} encoder, found a {pretrained.card.kind} one")
    except WeightsError:
        # Nothing may go on from it.
        part.unlink()
        raise
    card = replace(pretrained.card, source=replace(source, sha256=fetched.sha256))
    pretrained = Pretrained(card, pretrained.state)
    pretrained.save(folder)
    part.unlink()
    return Downloaded(Imported(pretrained, receipt), fetched)


def address(source: Source) -> str:
    """Where a file lies.

    Raises:
        ConfigError: HF_ENDPOINT is no address of a web server.
    """
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or _HUB
    if not endpoint.startswith(("https://", "http://")):
        raise ConfigError(f"HF_ENDPOINT is '{endpoint}', expected an address such as {_HUB}")
    return f"{endpoint}/{source.repository}/resolve/{source.revision}/{source.file}"

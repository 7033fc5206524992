"""`hypersigma weights import | export | list | download`: pre-trained encoders, our form and the published one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.errors import OutputError

if TYPE_CHECKING:
    from hypersigma.weights.official.hub import Downloaded
    from hypersigma.weights.pretrained import Card
    from hypersigma.weights.receipt import Receipt

weights = App(name="weights", help="Bring pre-trained encoders in, give them out, and list them.")

Output = Annotated[Path, Parameter(name=["--output", "-o"])]

_CHECKED = {
    "record": "as recorded",
    "server": "as the hub states it; recorded for the next time",
    None: "which the hub does not state, so it was checked against nothing; recorded for the next time",
}


@weights.command(name="import")
def import_(file: Path, /, *, output: Output, overwrite: bool = False, common: Common = DEFAULTS) -> None:
    """Read a published checkpoint and write it in our form, with a receipt of every tensor.

    Args:
        file: A published checkpoint (.pth or .safetensors), spatial or spectral, of any size.
        output: Folder to write.
        overwrite: Replace weights that are there already.
        common: What every verb takes.
    """
    from hypersigma.weights.official.pretrained import import_pretrained

    _check_free(output, overwrite)
    console = Console(common)
    pretrained, receipt = import_pretrained(file)
    pretrained.save(output)
    for line in [_described(pretrained.card), *receipt.lines()]:
        console.text(line)
    console.result({**_facts(pretrained.card), "folder": output, "receipt": _entries(receipt)})


@weights.command
def download(size: str, /, *, output: Output, overwrite: bool = False, common: Common = DEFAULTS) -> None:
    """Fetch the published encoders of a size from the Hugging Face hub, check them, and write them in our form.

    A download that was cut goes on where it stopped when the same command is run again.

    Args:
        size: base, large or huge.
        output: Folder to write; it gets a folder for the spatial and one for the spectral encoder.
        overwrite: Fetch and replace weights that are there already.
        common: What every verb takes.
    """
    from hypersigma.weights.official.hub import download as fetch
    from hypersigma.weights.official.hub import held, published

    console = Console(common)
    wanted = []
    for kind, source in published(size).items():
        earlier = held(output / kind, source)
        if earlier and not overwrite:
            console.note(f"{output / kind}: {source.file} is here already")
            continue
        _check_free(output / kind, overwrite)
        wanted.append((kind, earlier or source))
    rows = []
    for kind, source in wanted:
        with console.progress() as progress:
            downloaded = fetch(kind, source, output / kind, progress)
        rows.append(_tell(console, output / kind, downloaded))
    console.result({"size": size, "folder": output, "downloaded": rows})


def _tell(console: Console, folder: Path, downloaded: Downloaded) -> dict[str, Any]:
    """Say what was downloaded, for a person; for a program as plain data."""
    (pretrained, receipt), fetched = downloaded.imported, downloaded.fetched
    source = pretrained.card.source
    assert source is not None
    for line in (
        f"{folder}: {_described(pretrained.card)}",
        f"{source.file} of {source.repository}, revision {source.revision}",
        f"SHA-256 {fetched.sha256}, {_CHECKED[fetched.checked_against]}",
        *receipt.lines(),
    ):
        console.text(line)
    origin = {"source": asdict(source), "checked_against": fetched.checked_against}
    return {**_facts(pretrained.card), "folder": folder, **origin, "receipt": _entries(receipt)}


@weights.command
def export(folder: Path, /, *, output: Output, overwrite: bool = False, common: Common = DEFAULTS) -> None:
    """Write the weights of a folder under their published names.

    Args:
        folder: Folder that `import` or pre-training wrote.
        output: File to write, .pth or .safetensors.
        overwrite: Replace a file that is there already.
        common: What every verb takes.
    """
    from hypersigma.weights.official.checkpoint import write_checkpoint
    from hypersigma.weights.official.pretrained import published_state
    from hypersigma.weights.pretrained import Pretrained

    _check_free(output, overwrite)
    console = Console(common)
    pretrained = Pretrained.load(folder)
    state = published_state(pretrained)
    write_checkpoint(output, state)
    console.text(f"{output}: {_described(pretrained.card)}, {len(state)} tensors under their published names")
    console.result({**_facts(pretrained.card), "file": output, "tensors": len(state)})


@weights.command(name="list")
def list_(*folders: Path, common: Common = DEFAULTS) -> None:
    """List the weights in folders and up to two levels below them.

    Args:
        folders: Where to look; the current folder if none is given.
        common: What every verb takes.
    """
    from hypersigma.products import Table
    from hypersigma.weights.pretrained import Card, find_pretrained

    console = Console(common)
    places = [place for folder in folders or (Path(),) for place in find_pretrained(folder, depth=2)]
    rows = [{"folder": str(place), **_facts(Card.load(place))} for place in places]
    if rows:
        console.table(Table("Weights", tuple(rows[0]), tuple(tuple(row.values()) for row in rows)))
    else:
        console.note(
            "no weights here: 'hypersigma weights download SIZE -o DIR' or 'import FILE -o DIR' brings some in"
        )
    console.result({"weights": rows})


def _facts(card: Card) -> dict[str, Any]:
    """What tells one set of weights from another."""
    encoder = card.config.encoder
    return {
        "kind": card.kind,
        "dim": encoder.dim,
        "depth": encoder.depth,
        "bands": card.config.channels,
        "fed": card.radiometry,
    }


def _entries(receipt: Receipt) -> list[dict[str, str]]:
    """What became of every tensor, as plain data."""
    return [asdict(entry) for entry in receipt.entries]


def _described(card: Card) -> str:
    """One line about an encoder."""
    return "{kind} encoder of width {dim} and depth {depth} for {bands} bands, fed {fed}".format(**_facts(card))


def _check_free(output: Path, overwrite: bool) -> None:
    """Refuse to write over what is there.

    Raises:
        OutputError: there is something, and it may not be replaced.
    """
    taken = output.exists() and not (output.is_dir() and not any(output.iterdir()))
    if taken and not overwrite:
        raise OutputError(f"{output}: exists already; use --overwrite to replace it, or another -o")

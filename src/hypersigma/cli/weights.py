"""`hypersigma weights import | export | list`: pre-trained encoders in our form and in the published one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from hypersigma.cli._common import DEFAULTS, Common
from hypersigma.cli._console import Console
from hypersigma.errors import OutputError

if TYPE_CHECKING:
    from hypersigma.weights.pretrained import Card

weights = App(name="weights", help="Bring pre-trained encoders in, give them out, and list them.")

Output = Annotated[Path, Parameter(name=["--output", "-o"])]


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
    console.result(
        {**_facts(pretrained.card), "folder": output, "receipt": [asdict(entry) for entry in receipt.entries]}
    )


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
        console.note("no weights here: 'hypersigma weights import FILE -o DIR' brings some in")
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

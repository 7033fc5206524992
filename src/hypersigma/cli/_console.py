"""What a person sees: results on standard output; notes, progress and errors on the error stream."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hypersigma.cli._common import Common

if TYPE_CHECKING:
    from hypersigma.products import Table


_MOST_NAMED = 6  # layers
_WORTH_TELLING = 5.0  # seconds left


class Progress(Protocol):
    """What long work calls to say how far it is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` steps of `what` (a short phrase, one a phase of the work) are done."""


class Console:
    """The one place that prints.

    `--json` leaves standard output to one JSON document; `--quiet` leaves out notes and progress.
    """

    def __init__(self, common: Common) -> None:
        self.json = common.json
        self.quiet = common.quiet
        _log_to_stderr(logging.WARNING if common.quiet else logging.INFO)

    def note(self, text: str) -> None:
        """A sentence about the work, on the error stream."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def failure(self, text: str) -> None:
        """What could not be done while the rest went on, on the error stream, however quiet it is to be."""
        print(text, file=sys.stderr, flush=True)

    def text(self, text: str) -> None:
        """A part of the result for a person, on standard output."""
        if not self.json:
            print(text, flush=True)

    def written(self, folder: Path | str, layers: Sequence[str], *others: str) -> None:
        """What a folder now holds: its layers, of which many are counted, and other files."""
        names = layers if len(layers) <= _MOST_NAMED else [f"{len(layers)} layers"]
        self.text(f"{folder}: {', '.join([*names, *others])}")

    def table(self, table: Table) -> None:
        """A table of the result for a person, on standard output."""
        if self.json:
            return
        from rich.console import Console as Terminal
        from rich.table import Table as Grid

        grid = Grid(title=table.title or None, caption=table.note or None, title_justify="left", caption_justify="left")
        numeric = [
            all(isinstance(row[index], int | float) for row in table.rows) for index in range(len(table.columns))
        ]
        for column, right in zip(table.columns, numeric, strict=True):
            grid.add_column(column, justify="right" if right else "left")
        for row in table.rows:
            grid.add_row(*(_cell(value) for value in row))
        # away from a terminal rich would fold lines at 80 columns, which no script could read
        Terminal(width=None if sys.stdout.isatty() else 200, markup=False, highlight=False).print(grid)

    def result(self, data: Mapping[str, Any]) -> None:
        """The result for a program: one JSON document on standard output, with `--json` only."""
        if self.json:
            print(json.dumps(data, indent=2, default=_plain), flush=True)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """How far long work is: a bar on a terminal, a plain line every tenth elsewhere, nothing with `--quiet`."""
        if self.quiet:
            yield _silent
        elif sys.stderr.isatty():
            with _bars() as progress:
                yield progress
        else:
            yield _Lines()


class _Lines:
    """Progress as plain lines: the first step, every tenth of the way, the last; with the time that is left."""

    def __init__(self) -> None:
        self._tenths: dict[str, int] = {}
        self._begun: dict[str, tuple[float, int]] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        tenth = 10 * done // max(total, 1)
        if self._tenths.get(what) != tenth:
            self._tenths[what] = tenth
            print(f"{what}: {done} of {total}{self._left(what, done, total)}", file=sys.stderr, flush=True)

    def _left(self, what: str, done: int, total: int) -> str:
        """What the way so far lets one expect of the rest; nothing where that is little."""
        now = time.monotonic()
        begun, first = self._begun.setdefault(what, (now, done))
        seconds = (now - begun) / (done - first) * (total - done) if done > first else 0.0
        if seconds < _WORTH_TELLING:
            return ""
        return f", about {seconds / 60:.0f} minutes left" if seconds >= 120 else f", about {seconds:.0f} s left"


@contextmanager
def _bars() -> Iterator[Progress]:
    """Progress as bars on a terminal, one a phase."""
    from rich.console import Console as Terminal
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Terminal(stderr=True), transient=True) as bars:
        phases: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in phases:
                phases[what] = bars.add_task(what)
            bars.update(phases[what], completed=done, total=total)

        yield progress


def _silent(what: str, done: int, total: int) -> None:
    """Progress that nobody wants to see."""


def _log_to_stderr(level: int) -> None:
    """Send the library's log to the error stream, once however often a command runs in one process."""
    logger = logging.getLogger("hypersigma")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _LogHandler)]:
        logger.removeHandler(handler)
    logger.addHandler(_LogHandler())
    logger.setLevel(level)


class _LogHandler(logging.Handler):
    """The command line's own handler, told apart from those of others.

    It looks for the error stream anew each time: bars put their own in its place, and write above themselves.
    """

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


def _cell(value: str | float | int) -> str:
    """A table's entry as text; numbers with four significant figures."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """Paths as text and NumPy numbers and arrays as plain ones, for JSON."""
    return value.tolist() if hasattr(value, "tolist") else str(value)

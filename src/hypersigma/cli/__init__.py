"""The command line: the folder is the list of verbs, and a verb's file is imported when the verb is used.

A verb's file exports a function of the verb's name, or a cyclopts App of that name where the verb has verbs of
its own. What all verbs share lies in `_common` (parameters) and `_console` (what a person sees).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from hypersigma import __version__
from hypersigma.errors import HypersigmaError
from hypersigma.registry import names

MISTAKE, INTERRUPTED = 2, 130


def build() -> App:
    """The application with every verb of this folder."""
    app = App(
        name="hypersigma",
        help="Hyperspectral scenes to maps one can trust, with a vision-transformer foundation model.",
        version=__version__,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
        help_format="plaintext",
        default_parameter=Parameter(negative="", show_default=_worth_showing),
    )
    for verb in names("hypersigma.cli"):
        app.command(f"hypersigma.cli.{verb}:{verb}", name=verb)
    return app


def _worth_showing(default: object) -> str | None:
    """A default as help shows it: nothing where it says nothing."""
    return None if default is None or default is False or default == () else str(default)


def main(tokens: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code: 0, 2 for a mistake a person can mend, 130 for Ctrl-C.

    A verb that goes on where some of its work fails returns a code of its own, 1.

    A mistake is one line on the error stream, without a traceback; anything else that goes wrong is a defect of
    the program and keeps its traceback.
    """
    arguments = sys.argv[1:] if tokens is None else list(tokens)
    app = build()
    if not {"--help", "-h"}.isdisjoint(arguments[:1]) or not arguments:
        # only the list of all verbs shows each verb's summary, which lies in its file
        for verb in names("hypersigma.cli"):
            _ = app[verb]
    try:
        code = app(arguments, exit_on_error=False, print_error=False)
    except HypersigmaError as error:
        print(f"error: {error}", file=sys.stderr)
        return MISTAKE
    except CycloptsError as error:
        command = " ".join(("hypersigma", *(error.command_chain or ())))
        print(f"error: {error} See '{command} --help'.", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return code if isinstance(code, int) else 0

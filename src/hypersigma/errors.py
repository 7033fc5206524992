"""The few exceptions of the library: a message says what was found, what was expected, what to do."""

from __future__ import annotations


class HypersigmaError(Exception):
    """A mistake a person can mend; the command line prints it without a traceback and exits with 2."""


class InputError(HypersigmaError):
    """A file or array that is not what it should be: missing, truncated, of another size, unit or grid."""


class ConfigError(HypersigmaError):
    """A setting that does not exist, has the wrong type, or contradicts another."""


class OutputError(HypersigmaError):
    """A place that cannot be written to: it exists already, is not a folder, has no room."""


class WeightsError(HypersigmaError):
    """Weights that are damaged or belong to another network, size or sensor."""


class MissingExtraError(HypersigmaError):
    """An optional dependency that this piece of work needs is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed: run  pip install 'hypersigma[{extra}]'"
        )
        self._said = package, extra, purpose

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        # an exception is pickled with its message alone, but raised from a worker process it is made anew
        return type(self), self._said

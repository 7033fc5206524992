"""A file of a web server, fetched into a part that a later try goes on with, and checked by its hash."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Literal
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from hypersigma import __version__
from hypersigma.errors import InputError, OutputError, WeightsError

Progress = Callable[[str, int, int], None]

_PIECE = 1 << 20  # bytes
_PATIENCE = 60  # seconds without a byte
_MEGABYTE = 10**6
_AGAIN = "run the same command again: it goes on from there"
_BY_HAND = "or fetch the file by hand and give it to 'hypersigma weights import'"

# Before it sends on to where a large file lies, the hub states its SHA-256.
_STATED_HASH = "X-Linked-ETag"
_ADVICE = {
    401: "put a token that may read it into HF_TOKEN",
    403: "put a token that may read it into HF_TOKEN",
    404: f"it was moved or taken back, or HF_ENDPOINT is no mirror of it: look there, {_BY_HAND}",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What became of a file: its SHA-256, and what that was checked against."""

    sha256: str
    checked_against: Literal["record", "server"] | None


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """The bytes of a file from `start` on; its size and its SHA-256 where the server states them."""

    url: str
    stream: HTTPResponse
    start: int
    size: int | None
    sha256: str | None

    def pieces(self) -> Iterator[bytes]:
        """The bytes, piece by piece.

        Raises:
            InputError: the connection is cut.
        """
        done = self.start
        reason: Exception | None = None
        try:
            while piece := self.stream.read(_PIECE):
                done += len(piece)
                yield piece
        except (OSError, HTTPException) as error:
            reason = error
        if reason or (self.size is not None and done < self.size):
            why = f" ({reason})" if reason else ""
            raise InputError(
                f"{self.url}: cut after {done} of {self.size or 'unknown'} bytes{why}; {_AGAIN}"
            ) from reason


def fetch(url: str, part: Path, *, sha256: str | None = None, token: str | None = None, progress: Progress) -> Fetched:
    """Fetch a file into `part`, going on with what is there, and check it.

    Args:
        url: where the file is.
        part: what is fetched so far, whole at the end; one that is found wrong is deleted.
        sha256: the hash that the file must have; without it, the one that the server states.
        token: says who asks; it goes to the server of the URL alone, not to where that sends on.
        progress: called with (phase, done, total), in megabytes.

    Raises:
        InputError: the server cannot be reached, does not give the file, or is cut off; the part stays.
        OutputError: the part cannot be written; what was written stays.
        WeightsError: the file is another one than expected.
    """
    with _answered(url, part, token) as answer:
        if sha256 and answer.sha256 not in {None, sha256}:
            raise WeightsError(
                f"{url}: the server states the SHA-256 {answer.sha256}, expected {sha256}; nothing was fetched. The "
                f"file was replaced, or this version is mistaken: compare with what the authors say {_BY_HAND}"
            )
        _save(answer, part, progress)
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    expected = sha256 or answer.sha256
    if expected and found != expected:
        part.unlink()
        raise WeightsError(
            f"{url}: what came has the SHA-256 {found}, expected {expected}; it was thrown away. Run the same command "
            f"again; if that comes to the same, the file was replaced or something stands between"
        )
    return Fetched(sha256=found, checked_against="record" if sha256 else "server" if answer.sha256 else None)


def _save(answer: _Answer, part: Path, progress: Progress) -> None:
    """Write what comes, from the byte on with which it begins."""
    done = answer.start
    what = f"{part.stem}, MB"
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("r+b" if part.exists() else "wb") as file:
            file.seek(answer.start)
            file.truncate()
            for piece in answer.pieces():
                file.write(piece)
                done += len(piece)
                progress(what, -(-done // _MEGABYTE), -(-(answer.size or done) // _MEGABYTE))
    except OSError as error:
        raise OutputError(f"{part}: cannot be written ({error}); make room, then {_AGAIN}") from error


class _Redirects(HTTPRedirectHandler):
    """Goes where the server sends on to, and keeps the hash that it states on the way."""

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        self.sha256 = self.sha256 or _stated_hash(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


@contextmanager
def _answered(url: str, part: Path, token: str | None) -> Iterator[_Answer]:
    """The answer to a request for what the part lacks.

    Raises:
        InputError: there is none, or another one.
    """
    redirects = _Redirects()
    try:
        with build_opener(redirects).open(_request(url, part, token), timeout=_PATIENCE) as stream:
            start, size = _extent(stream)
            logger.info("%s: %s", url, f"goes on after {start / _MEGABYTE:.1f} MB" if start else "fetching")
            stated = redirects.sha256 or _stated_hash(stream.headers)
            yield _Answer(url=url, stream=stream, start=start, size=size, sha256=stated)
    except HTTPError as error:
        if error.code == 416:
            part.unlink()
            raise InputError(
                f"{url}: {part} was longer than this file and is deleted; run the same command again"
            ) from error
        advice = _ADVICE.get(error.code, f"try again later, {_BY_HAND}")
        raise InputError(f"{url}: the server answers {error.code} ({error.reason}); {advice}") from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            f"{url}: cannot be reached ({reason}); check the network and HF_ENDPOINT, {_BY_HAND}"
        ) from error


def _request(url: str, part: Path, token: str | None) -> Request:
    request = Request(url, headers={"User-Agent": f"hypersigma/{__version__}"})
    held = part.stat().st_size if part.is_file() else 0
    if held:
        # One byte more than what is missing: the part may be whole, and no bytes at all would be a mistake to ask for.
        request.add_header("Range", f"bytes={held - 1}-")
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    return request


def _extent(stream: HTTPResponse) -> tuple[int, int | None]:
    """The byte with which an answer begins, and the size of the whole file if it is stated."""
    partial = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", stream.headers.get("Content-Range", ""))
    if stream.status == 206 and partial:
        return int(partial[1]), int(partial[2])
    length = stream.headers.get("Content-Length")
    return 0, int(length) if length else None


def _stated_hash(headers: Message) -> str | None:
    """The SHA-256 that a server states; small files of the hub bear another kind of hash there."""
    stated = str(headers.get(_STATED_HASH, "")).removeprefix("W/").strip('"').lower()
    return stated if re.fullmatch("[0-9a-f]{64}", stated) else None

"""A hub of files on this machine: sends on to where a file lies, states its hash, serves parts, and fails as asked."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """The files by their path, how to serve them, and what was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)  # stated instead of the true ones
    states_hashes: bool = True
    knows_ranges: bool = True
    cut_after: int | None = None  # bytes of an answer, then the connection is closed
    status: int | None = None  # answered to everything
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)  # path, range, authorization


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, *arguments, hub: Hub) -> None:
        self.hub = hub
        super().__init__(*arguments)

    def do_GET(self) -> None:
        hub = self.hub
        hub.asked.append((self.path, self.headers.get("Range"), self.headers.get("Authorization")))
        content = hub.files.get(self.path.removeprefix("/store"))
        if hub.status or content is None:
            self.send_error(hub.status or 404)
        elif self.path.startswith("/store/"):
            self._serve(content)
        else:
            self._send_on(content)

    def _send_on(self, content: bytes) -> None:
        self.send_response(302)
        self.send_header("Location", f"/store{self.path}")
        if self.hub.states_hashes:
            stated = self.hub.hashes.get(self.path, hashlib.sha256(content).hexdigest())
            self.send_header("X-Linked-ETag", f'"{stated}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve(self, content: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(asked[1]) if asked and self.hub.knows_ranges else 0
        if first and first >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        self.wfile.write(content[first:][: self.hub.cut_after])
        self.close_connection = True

    def log_message(self, *arguments) -> None:
        """Nothing on the error stream, which the tests look at."""


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub that answers while the block runs."""
    hub = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, hub=hub)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        hub.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()

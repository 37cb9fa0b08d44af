"""A registry that takes every layer and never answers to the end of one.

Run as a program (it may have to live in another network namespace): PORT, and a FILE that is made
when the first upload hangs. Distribution specification, "Pushing blobs":
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
"""

from __future__ import annotations

import http.server
import sys
import threading
from pathlib import Path


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    reached: Path

    def do_GET(self) -> None:
        self._answer(200)

    def do_HEAD(self) -> None:
        self._answer(404)

    def do_POST(self) -> None:
        self._answer(202, {"Location": f"{self.path.partition('?')[0]}1", "Range": "0-0"})

    def do_PATCH(self) -> None:
        self._hang()

    def do_PUT(self) -> None:
        self._hang()

    def _hang(self) -> None:
        self.reached.touch()
        threading.Event().wait()

    def _answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed."""
    _Handler.reached = Path(sys.argv[2])
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()


if __name__ == "__main__":
    main()

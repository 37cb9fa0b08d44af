"""A git server over HTTP with a password, made of `git http-backend` and a small HTTP server."""

from __future__ import annotations

import os
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit


class GitServer(NamedTuple):
    """Where it listens, and the statuses that it answered."""

    url: str
    statuses: list[int]


class Handler(BaseHTTPRequestHandler):
    """Hands requests of one user on to git."""

    root: Path
    user: str
    expected: str
    statuses: list[int]

    def do_GET(self) -> None:
        """Answer a question for refs."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a negotiation."""
        self._serve()

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def _serve(self) -> None:
        if self.headers["Authorization"] != self.expected:
            self._answer(401, {"WWW-Authenticate": 'Basic realm="git"'}, b"")
            return
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env=self._env(body),
            capture_output=True,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        pairs = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        status = int(pairs.pop("Status", "200")[:3])
        self._answer(status, pairs, content)

    def _env(self, body: bytes) -> dict[str, str]:
        parts = urlsplit(self.path)
        return {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers["Content-Type"] or "",
            "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
            "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
            "REMOTE_USER": self.user,
            "CONTENT_LENGTH": str(len(body)),
        }

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.statuses.append(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def git_server(root: Path, username: str, password: str) -> Iterator[GitServer]:
    """Serve the repositories below `root` to one user."""
    statuses: list[int] = []
    expected = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
    fields = {"root": root, "user": username, "expected": expected, "statuses": statuses}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Serving", (Handler,), fields))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield GitServer(f"http://127.0.0.1:{server.server_port}", statuses)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

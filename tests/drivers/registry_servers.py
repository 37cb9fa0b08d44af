"""Small registries in the test's own process, for what the real one is hard to make do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Asked(NamedTuple):
    """A request as the server saw it."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Reply(NamedTuple):
    """What the server answers."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""


@contextmanager
def serving(answer: Callable[[Asked], Reply]) -> Iterator[tuple[str, list[Asked]]]:
    """Serve `answer` on a free port; give `host:port` and the list of what was asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Asked(self.command, self.path, dict(self.headers), body)
            asked.append(request)
            reply = answer(request)
            self.send_response(reply.status)
            if reply.status == 200 and "/manifests/" in self.path:
                self.send_header("Content-Type", reply.headers.get("Content-Type", MANIFEST))
            for name, value in reply.headers.items():
                if name == "Content-Type":
                    continue
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_POST = do_PUT = _reply  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


DIGEST = "sha256:" + "a" * 64
FOUND = Reply(200, {"Docker-Content-Digest": DIGEST})


def bearer(request: Asked, life: int = 300) -> Reply:
    """Answer as a registry with its token service on the same port, for ann with password pw."""
    if request.path.startswith("/token"):
        wanted = base64.b64encode(b"ann:pw").decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return Reply(401)
        return Reply(200, {}, json.dumps({"token": "t0ken", "expires_in": life}).encode())
    if request.headers.get("Authorization") == "Bearer t0ken":
        return FOUND
    realm = f'Bearer realm="http://{request.headers["Host"]}/token",service="reg",scope="x"'
    return Reply(401, {"WWW-Authenticate": realm})

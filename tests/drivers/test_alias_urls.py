"""Files of aliases behind a URL, from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.contexts.alias_urls import LARGEST, read_aliases


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Give the URL of a server of the test's folder."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = Thread(target=served.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    thread.join()
    served.server_close()


def test_a_file_is_read(server: str, tmp_path: Path) -> None:
    """A file is read as text, with whatever the URL asks for."""
    (tmp_path / "a.yaml").write_text("a: ä\n")
    assert read_aliases(f"{server}/a.yaml?sig=abc") == "a: ä\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.yaml", b"a: b\n", "the server answers 404"),
        ("a.yaml", b"\xff", "is not UTF-8 text"),
        ("a.yaml", b"#" * (LARGEST + 1), f"has more than {LARGEST} bytes"),
    ],
)
def test_what_is_wrong_is_told_without_the_signature(
    server: str, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """A file that cannot be had is named with the reason, less the query, which may be secret."""
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(DriverError) as caught:
        read_aliases(f"{server}/{name}?sig=letme%3Din")
    assert said in str(caught.value)
    assert f"{server}/{name}" in str(caught.value)
    assert "letme" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a?sig=letme", "ftp://host/a?sig=letme"])
def test_a_server_that_is_not_there(url: str) -> None:
    """A server that is away, or no web server, is told, without the query of the URL."""
    with pytest.raises(DriverError) as caught:
        read_aliases(url)
    assert caught.value.kind in (ErrorKind.UNREACHABLE, ErrorKind.INVALID)
    assert "letme" not in str(caught.value)

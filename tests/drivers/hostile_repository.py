"""Repositories that no git would make by itself, written object by object; and a lying server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from source_fixtures import git_source, read, task

from gitops.drivers.sources.reader import Sources
from gitops.model.outcomes import Absent, Observation, Unreachable
from gitops.model.resources import BuildTask, PullRequests, Triggers
from gitops.model.sources import Source

PULL = "refs/pull/1/head"

Item = tuple[str, str, str]
"""Mode, name and object of one entry of a tree."""


class Hostile:
    """A bare repository whose branch `main` is good until it is told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._git("init", "-q", "--bare", "-b", "main", str(folder))
        self.dockerfile = self.blob("FROM a\n")
        self.point("refs/heads/main", [("100644", "Dockerfile", self.dockerfile)])

    @property
    def url(self) -> str:
        """Its address."""
        return f"file://{self.folder}"

    def blob(self, content: str | bytes) -> str:
        """Write a file's content."""
        return self._object("blob", content.encode() if isinstance(content, str) else content)

    def tree(self, items: Sequence[Item]) -> str:
        """Write a tree as it is said, sorted or not, sane or not."""
        raw = b"".join(
            f"{mode.lstrip('0')} {name}".encode() + b"\0" + bytes.fromhex(oid)
            for mode, name, oid in items
        )
        return self._object("tree", raw)

    def commit(self, tree: str, committer: str = "a <a@b> 1700000000 +0000") -> str:
        """Write a commit without a past."""
        text = f"tree {tree}\nauthor a <a@b> 1 +0000\ncommitter {committer}\n\nx\n"
        return self._object("commit", text.encode())

    def point(self, ref: str, items: Sequence[Item]) -> str:
        """Let a ref lead to a new commit of such a tree; return the commit."""
        commit = self.commit(self.tree(items))
        self._git("update-ref", ref, commit)
        return commit

    def ref(self, name: str, oid: str) -> None:
        """Write a ref's file, which git would check."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(f"{oid}\n")

    def _object(self, kind: str, content: bytes) -> str:
        return self._git("hash-object", "-w", "--literally", "-t", kind, "--stdin", given=content)

    def _git(self, *args: str, given: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.folder, input=given, check=True, capture_output=True
        )
        return done.stdout.decode().strip()


class Lying(BaseHTTPRequestHandler):
    """Answers every question with the same: a body, or the way to another place."""

    body: bytes = b""
    location: str = ""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(302 if self.location else 200)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def lying_server(body: bytes = b"", location: str = "") -> Iterator[str]:
    """Serve a lie; give its address."""
    handler = type("Serving", (Lying,), {"body": body, "location": location})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def advertisement(refs: Sequence[tuple[str, bytes]]) -> bytes:
    """Return what a server of protocol 0 says that it has."""

    def line(text: bytes) -> bytes:
        return b"%04x" % (len(text) + 4) + text

    first, *rest = [oid.encode() + b" " + name for oid, name in refs]
    head = line(b"# service=git-upload-pack\n") + b"0000"
    caps = b"\0symref=HEAD:refs/heads/main agent=x\n"
    return head + line(first + caps) + b"".join(line(one + b"\n") for one in rest) + b"0000"


def following(hostile: Hostile, *, submodules: bool = False, path: str = ".") -> BuildTask:
    """Return a task that follows the branch and pull requests."""
    built = task(git_source(hostile.url, path=path, submodules=submodules))
    return built._replace(triggers=Triggers(pulls=PullRequests(enabled=True)))


def seen(sources: Sources, built: BuildTask) -> Observation[Source]:
    """Return what is seen of one task."""
    return sources.read([built], {})[built.address]


def both(hostile: Hostile, sources: Sources, items: list[Item], *, path: str = ".") -> list[str]:
    """Return what is said of a tree as a pull request, with its branch unharmed, and as branch."""
    hostile.point(PULL, items)
    source = read(sources, following(hostile))
    if path == ".":
        assert (source.branch, source.beside) == ("main", ())
        (note,) = source.beside_errors
    else:
        note = ""
    hostile.point("refs/heads/main", items)
    branch = seen(sources, task(git_source(hostile.url, path=path)))
    assert isinstance(branch, Absent | Unreachable)
    return [note or str(branch), str(branch)]

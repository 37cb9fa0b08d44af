from __future__ import annotations

import bz2
import http.server
import io
import os
import re
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from support.eventual import eventually
from support.process import COMMAND, TIMEOUT, Result, Running
from support.quick import Quick

pytestmark = pytest.mark.scenario

MIB = 1 << 20


@pytest.fixture
def files() -> dict[str, str]:
    """Give a build that prints its page, which is like no other test's.

    BuildKit carries out at once what is the same in two builds that are at work at the same time,
    and prints its output in one of them only.
    """
    dockerfile = "FROM busybox\nCOPY page /page\nRUN cat /page\n"
    return {"Dockerfile": dockerfile, "page": f"the page {uuid.uuid4().hex}\n"}


def build(quick: Quick, *arguments: str, stdin: bytes = b"", code: int = 0) -> Result:
    """Run `gitops build` in the folder, and look that nothing of it is left."""
    whole = ["build", *arguments, "--project", quick.world.project]
    done = subprocess.run(
        [*COMMAND, *whole],
        cwd=quick.folder,
        env=quick.world.environ,
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    result = Result(
        f"gitops {' '.join(whole)}", done.returncode, done.stdout.decode(), done.stderr.decode()
    )
    assert result.code == code, str(result)
    assert quick.left() == []
    return result


def archive(files: Mapping[str, str]) -> bytes:
    """Return a tar of files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def git(folder: Path, *words: str) -> str:
    """Run git."""
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP; give its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_port}"
        finally:
            web.shutdown()
            thread.join()


class Watched:
    """The most that a process has read, written and held, looked at until it ends."""

    def __init__(self, running: Running) -> None:
        self.read = self.written = self.memory = 0
        while running.alive():
            self._look(Path(f"/proc/{running.pid}"))
            threading.Event().wait(0.005)

    def _look(self, process: Path) -> None:
        try:
            facts = (process / "io").read_text() + (process / "status").read_text()
        except OSError:  # it has just ended
            return
        found = dict(re.findall(r"^(rchar|wchar|VmHWM):\s+(\d+)", facts, re.MULTILINE))
        self.read = max(self.read, int(found.get("rchar", 0)))
        self.written = max(self.written, int(found.get("wchar", 0)))
        self.memory = max(self.memory, int(found.get("VmHWM", 0)) << 10)


def test_an_ignored_gigabyte_is_neither_read_nor_sent(quick: Quick) -> None:
    """Of a context of 1 GB less 1 MB by .dockerignore, 1 MB is read and sent, in 150 MB."""
    name = f"{quick.world.project}:big"
    quick.write("Dockerfile", "FROM busybox\nCOPY . /ctx\nRUN ls /ctx; du -sk /ctx\n")
    quick.write(".dockerignore", "data\n*.log\n")
    (quick.folder / "data").mkdir()
    for place in ("data/huge", "some.log"):
        with (quick.folder / place).open("wb") as stream:
            stream.truncate(512 * MIB)
    (quick.folder / "kept").write_bytes(os.urandom(MIB))
    whole = ["build", ".", "-t", name, "--no-push", "--project", quick.world.project]
    running = Running(whole, quick.world.environ, quick.folder)
    quick.world.started.append(running)
    seen = Watched(running)
    assert running.wait() == 0, running.text
    assert "some.log" not in running.text
    # The rest is what Python, its modules and the docker CLI read when they start.
    assert MIB < seen.read < 32 * MIB, seen.read
    assert MIB < seen.written < 8 * MIB, seen.written
    assert 10 * MIB < seen.memory < 150 * MIB, seen.memory


def test_a_git_url_is_built_at_its_branch_folder_and_commit(
    quick: Quick, server: str, files: Mapping[str, str]
) -> None:
    """URL#branch:folder and URL#commit are built and pushed; the run remembers the commit."""
    work = quick.folder / "work"
    (work / "app").mkdir(parents=True)
    page = files["page"].strip()
    for name, text in files.items():
        (work / "app" / name).write_text(text)
    git(work, "init", "-q", "-b", "main")
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", "one")
    first = git(work, "rev-parse", "HEAD")
    git(work, "checkout", "-q", "-b", "next")
    (work / "app" / "page").write_text(f"next to {page}\n")
    git(work, "commit", "-q", "-a", "-m", "two")
    git(quick.folder, "clone", "-q", "--bare", "work", "site.git")
    git(quick.folder / "site.git", "update-server-info")
    image = f"{quick.world.project}:web"
    with served(quick.folder) as url:
        result = build(
            quick, f"{url}/site.git#next:app", "-t", image, "--registry", server, "--no-cache"
        )
        assert f"next to {page}" in result.text
        digest = quick.world.registry_digest(quick.world.project, "web")
        assert f"{server}/{image}@{digest}" in result.err
        run = re.findall(r"^run (r\w+) Succeeded", result.err, re.MULTILINE)[0]
        record = quick.record(run)
        assert record["commit"] == git(work, "rev-parse", "HEAD")
        assert record["type"] == "QuickBuild"
        old = build(quick, f"{url}/site.git#{first}:app", "-t", image, "--no-push", "--no-cache")
        assert page in old.text
        assert "next to" not in old.text
        wrong = build(quick, f"{url}/site.git#nxt", "--no-push", code=1)
        assert "next" in wrong.err
        quick.write("acb.yaml", f"steps: [{{build: '-t {image} {url}/site.git#next:app'}}]\n")
        assert quick.run("acb.yaml").code == 0
        given = quick.run("acb.yaml", "--context", f"{url}/site.git#next:app")
        assert given.code == 0
    here = build(quick, f"{work}#main:app", "-t", image, "--no-push", "--no-cache")
    assert page in here.text


def test_an_archive_is_built_from_a_file_and_a_url(quick: Quick, files: dict[str, str]) -> None:
    """A compressed tar is a context, as a file and from an http URL; secrets reach its build."""
    image = f"{quick.world.project}:tar"
    files["Dockerfile"] += "RUN --mount=type=secret,id=t wc -c /run/secrets/t\n"
    files |= {".dockerignore": "not-sent\n", "not-sent": "x"}
    (quick.folder / "context.tar.bz2").write_bytes(bz2.compress(archive(files)))
    quick.write("token", "0123456")
    words = ("-t", image, "--no-push", "--no-cache", "--secret", "id=t,src=token")
    assert files["page"].strip() in build(quick, "context.tar.bz2", *words).text
    with served(quick.folder) as url:
        assert "7 /run/secrets/t" in build(quick, f"{url}/context.tar.bz2", *words).text
        missing = build(quick, f"{url}/nothing.tar", *words, code=1)
        assert "404" in missing.err


def test_standard_input_is_a_context_or_a_dockerfile(
    quick: Quick, files: Mapping[str, str]
) -> None:
    """`-` takes a tar, or the text of a Dockerfile that needs no files."""
    words = ("-", "-t", f"{quick.world.project}:in", "--no-push", "--no-cache")
    assert files["page"].strip() in build(quick, *words, stdin=archive(files)).text
    own = uuid.uuid4().hex
    alone = f"FROM busybox\nRUN echo alone $((1 + 1)) {own}\n"
    assert f"alone 2 {own}" in build(quick, *words, stdin=alone.encode()).text
    assert "neither a whole tar" in build(quick, *words, stdin=b"\0\1\2" * 9, code=1).err


def test_what_is_wrong_is_said_before_anything_is_built(quick: Quick) -> None:
    """A name without any registry, and a secret that cannot be read, end with code 64."""
    quick.write("Dockerfile", "FROM busybox\n")
    assert "--registry" in build(quick, ".", "-t", "nowhere:1", code=64).err
    assert "id=ID" in build(quick, ".", "--secret", "id=a,b", code=64).err
    assert "there is no folder" in build(quick, "not-there", code=1).err
    quick.write("Dockerfile", "FROM busybox\nRUN exit 3\n")
    assert "Failed" in build(quick, ".", "--no-cache", code=1).err


@pytest.mark.parametrize("builder", ["buildkit", "engine"])
def test_ctrl_c_ends_a_build_on_the_engine_too(quick: Quick, builder: str) -> None:
    """After Ctrl-C neither the step's process nor its container is left, with either builder."""
    marker = f"600.{uuid.uuid4().int % 10**8}"
    quick.write("Dockerfile", f"FROM busybox\nRUN sleep {marker}\n")
    quick.world.environ["GITOPS_BUILDER"] = builder
    whole = ["build", ".", "--project", quick.world.project]
    running = Running(whole, quick.world.environ, quick.folder)
    quick.world.started.append(running)
    eventually(lambda: processes(marker))
    running.interrupt()
    assert running.wait(20) == 130, running.text
    eventually(lambda: not processes(marker))
    engine = quick.world.engine
    eventually(lambda: not any(marker in one["Command"] for one in engine.containers(all=True)))
    assert quick.left() == []


def processes(marker: str) -> list[str]:
    """Return the command lines of this machine's `sleep` processes with a marker."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it has just ended
            continue
    return [line for line in found if line.startswith("sleep") and marker in line]

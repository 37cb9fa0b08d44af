"""A change that goes live: when does the new content answer? After a commit, and after a save."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import builders
import specs
from figures import Row, Section, against, seconds
from turns import Side, in_turns
from watching import watching
from workspace import PATIENCE, Workspace, free_port, remove_labelled

DOCKERFILE = """FROM busybox
COPY index.html /www/
EXPOSE 8000
STOPSIGNAL SIGKILL
CMD ["httpd", "-f", "-p", "8000", "-h", "/www"]
"""
SCRIPT = Path(__file__).with_name("bare-deploy")
HOST = "site.localhost"
COMMIT_LIMIT = 1.25
SAVE_LIMIT = 0.5


class Source(NamedTuple):
    """A folder that is built; its changes are committed where it is a repository."""

    folder: Path
    repository: bool

    def change(self, number: int) -> str:
        """Write a page that was never there, commit it if need be, and return what it says."""
        page = f"{self.folder.name} {number} {time.time_ns()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.joinpath("Dockerfile").write_text(DOCKERFILE)
        self.folder.joinpath("index.html").write_text(page)
        if self.repository:
            if not self.folder.joinpath(".git").exists():
                self._git("init", "--quiet", "--initial-branch=main")
            self._git("add", "--all")
            self._git("commit", "--quiet", "--message", page)
        return page

    def _git(self, *arguments: str) -> None:
        own = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
        subprocess.run(["git", *own, *arguments], cwd=self.folder, check=True, timeout=60)


def commit(space: Workspace) -> Section:
    """Return the figure of commit to content."""
    name, space = _same_builder(space)
    ours = Source(space.folder / "commit-ours", repository=True)
    ours.change(0)
    with (
        specs.two_ports() as ports,
        specs.deployed(
            space, "commit", specs.built(f"{{git: {{url: 'file://{ours.folder}'}}}}", ports)
        ) as reconcile,
        _script(space, Source(space.folder / "commit-bare", repository=True), ports) as script,
    ):

        def gitops(number: int) -> float:
            page = ours.change(number + 1)
            return _until(space, reconcile, ports[0], page)

        found = in_turns({"gitops": gitops, "script": script})
    row = against("commit", found["gitops"], ("script", found["script"]), COMMIT_LIMIT)
    return Section("Commit to new content", [row], [_how(name)])


def save(space: Workspace) -> Section:
    """Return the figure of a saved file to content, in `watch`."""
    name, space = _same_builder(space)
    ours = Source(space.folder / "save-ours", repository=False)
    ours.change(0)
    with (
        specs.two_ports() as ports,
        specs.deployed(space, "save", specs.built(f"{{path: {ours.folder}}}", ports)) as reconcile,
        _script(space, Source(space.folder / "save-bare", repository=False), ports) as script,
        watching(space, reconcile, space.folder / "watch.log"),
    ):

        def gitops(number: int) -> float:
            page = ours.change(number + 1)
            return _answered(ports[0], page, time.perf_counter(), lambda: None)

        found = in_turns({"gitops": gitops, "script": script})
    over = found["gitops"] - found["script"]
    row = Row(
        "file saved, `watch`",
        seconds(found["gitops"]),
        f"script {seconds(found['script'])}",
        f"{over * 1000:+.0f} ms",
        "at most +500 ms",
        over <= SAVE_LIMIT,
    )
    quiet = "`watch` waits 300 ms for a further change before it takes a save for finished."
    return Section("Saved file to new content", [row], [_how(name), quiet])


def _same_builder(space: Workspace) -> tuple[str, Workspace]:
    name, env = builders.chosen()
    return name, space._replace(env={**space.env, **env})


def _how(builder: str) -> str:
    return (
        f"Both sides build with {builder}, push to the same registry and end with the first answer"
        " of the new content; what is old is removed after that. The script is `bare-deploy`."
    )


@contextmanager
def _script(space: Workspace, source: Source, ports: tuple[int, int]) -> Iterator[Side]:
    """Give the script's side; what it leaves is removed at the end."""
    label = space.name(source.folder.name)
    folder = source.folder.with_name(f"{label}-clone") if source.repository else source.folder
    repository = str(source.folder) if source.repository else ""

    def side(number: int) -> float:
        page, port = source.change(number), free_port()
        image = f"localhost:{ports[1]}/{label}:{number}"
        old = f"{label}-{number - 1}" if number else ""
        command = [str(SCRIPT), image, f"{label}-{number}", str(port), old, str(folder)]
        return _until(space, [*command, repository, label], port, page)

    try:
        yield side
    finally:
        remove_labelled(f"gitops.bench={label}")


def _until(space: Workspace, command: list[str], port: int, page: str) -> float:
    """Run a command; return the seconds from its begin until `page` is what answers."""
    log = space.folder / "command.log"

    def look() -> None:
        if process.poll():
            raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{log.read_text()}")

    began = time.perf_counter()
    with space.running(command, log) as process:
        found = _answered(port, page, began, look)
        process.wait(timeout=PATIENCE)
        look()
    return found


def _answered(port: int, page: str, began: float, look: Callable[[], None]) -> float:
    """Return the seconds since `began` when the port answers with `page`; asks every 5 ms."""
    while time.perf_counter() - began < PATIENCE:
        if _ask(port) == page:
            return time.perf_counter() - began
        look()
        time.sleep(0.005)
    raise RuntimeError(f"{page!r} did not answer within {PATIENCE:g} s")


def _ask(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": HOST})
        return connection.getresponse().read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()

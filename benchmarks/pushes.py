"""`git push` to a run that has started: woken by files that change, and asking the remote."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import specs
from drivers.git_server import git_server
from figures import Row, Section, seconds
from turns import Side, in_turns
from watching import watching
from workspace import PATIENCE, Workspace

from gitops.model.task_runs import TaskRun
from gitops.store.store import Store
from gitops.store.task_reading import RunQuery

INTERVAL = 2.0
"""Seconds between two questions to the remote: the default is a minute, of which half is waited
for on average as well."""
LOGIN = ("bench", "of-this-run")
DOCKERFILE = "FROM busybox:latest\nCOPY index.html /\n"


class Clone(NamedTuple):
    """A clone in which commits are made, and from which they are pushed."""

    folder: Path

    def git(self, *words: str) -> None:
        """Run git in the clone."""
        own = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
        subprocess.run(["git", *own, *words], cwd=self.folder, check=True, timeout=60)

    def commit(self, text: str) -> None:
        """Commit a page that was never there."""
        self.folder.joinpath("Dockerfile").write_text(DOCKERFILE)
        self.folder.joinpath("index.html").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)

    def push(self) -> float:
        """Push what was committed; return when that had ended, in seconds since 1970."""
        self.git("push", "--quiet", "origin", "main")
        return time.time()


def measure(space: Workspace) -> Section:
    """Return how long after a push the run of its build task has started."""
    with ExitStack() as stack:
        sides = {
            "woken": stack.enter_context(_woken(space)),
            "polling": stack.enter_context(_polling(space)),
        }
        found = in_turns(sides)
    half = f"half of the interval {seconds(INTERVAL / 2)}"
    asked = f"pushed to a remote over HTTP, asked every {INTERVAL:g} s"
    rows = [
        Row("pushed into a followed folder", seconds(found["woken"]), "", "", "", None),
        Row(asked, seconds(found["polling"]), half, "", "", None),
    ]
    note = (
        "From the end of `git push` to the run's start in `gitops runs`, with `gitops watch` at"
        " work. The folder is the working tree of the repository that is pushed into"
        " (`receive.denyCurrentBranch updateInstead`), as a hook that a server calls would have it;"
        " `watch` waits 300 ms for a further change before it takes what is there for finished."
    )
    return Section("Push to run", rows, [note])


@contextmanager
def _woken(space: Workspace) -> Iterator[Side]:
    """Give a push into a repository whose working tree is followed."""
    live = space.folder / "push-live"
    _git("init", "--quiet", "--initial-branch=main", str(live))
    _git("-C", str(live), "config", "receive.denyCurrentBranch", "updateInstead")
    clone = _clone(space, "push-woken", str(live))
    with _following(space, "woken", f"{{path: {live}}}") as book:
        yield lambda number: _measured(clone, book, number)


@contextmanager
def _polling(space: Workspace) -> Iterator[Side]:
    """Give a push to a repository that is asked for new commits in an interval."""
    root = space.folder / "push-remote"
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(root / "site.git"))
    clone = _clone(space, "push-polling", str(root / "site.git"))
    user, password = LOGIN
    secret = space.write("push-password", password)
    with git_server(root, user, password) as server:
        login = f"{{username: {user}, password: {{file: {secret}}}}}"
        git = f"{{git: {{url: '{server.url}/site.git', credentials: {login}}}}}"
        with _following(space, "polling", f"{git}, interval: {INTERVAL:g}s") as book:
            yield lambda number: _measured(clone, book, number)


def _clone(space: Workspace, name: str, url: str) -> Clone:
    """Return a clone whose first commit is pushed."""
    clone = Clone(space.folder / name)
    _git("init", "--quiet", "--initial-branch=main", str(clone.folder))
    clone.git("remote", "add", "origin", url)
    clone.commit("before the first round")
    clone.push()
    return clone


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, timeout=60)


class _Book(NamedTuple):
    """Where a project's runs are remembered."""

    store: Store
    project: str

    def runs(self) -> dict[str, TaskRun]:
        """Return all runs by id."""
        return {run.id: run for run in self.store.task_runs.list(self.project, RunQuery(limit=-1))}


@contextmanager
def _following(space: Workspace, stem: str, source: str) -> Iterator[_Book]:
    """Give the runs of a build task that `watch` follows."""
    with specs.two_ports() as (_, port):
        server = f"localhost:{port}"
        task = f"{{repository: site, source: {source}}}"
        text = "---\n".join(
            (
                specs.document("Registry", "local", f"{{server: {server}, managed: {{}}}}"),
                specs.document("Repository", "site", "{registry: local}"),
                specs.document("BuildTask", "site", task),
            )
        )
        with specs.deployed(space, f"push-{stem}", text) as reconcile:
            project = reconcile[-1]
            with (
                Store(Path(space.env["GITOPS_STATE"]) / f"{project}.db") as store,
                watching(space, reconcile, space.folder / f"push-{stem}.log"),
            ):
                yield _Book(store, project)


def _measured(clone: Clone, book: _Book, number: int) -> float:
    """Push a commit; return the seconds until its run has started, when that has ended."""
    before = book.runs()
    clone.commit(f"round {number} {time.time_ns()}")
    pushed = clone.push()
    while time.time() - pushed < PATIENCE:
        for run in book.runs().values():
            if run.id not in before and run.started and run.status.ended:
                return run.started - pushed
        time.sleep(0.05)
    raise RuntimeError(f"no run has ended within {PATIENCE:g} s of a push")

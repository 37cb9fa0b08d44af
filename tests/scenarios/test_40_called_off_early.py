"""What waits for a slow server or fills a workspace ends at once when it is called off."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from support.eventual import eventually
from support.process import Running
from support.quick import Quick, run_of

pytestmark = pytest.mark.scenario

SOON = 5.0
"""Seconds in which the end has to come; the server would wait for ever."""
GIB = 1 << 30


class Silent:
    """A server that takes connections and says nothing; `asked` is raised with the first one."""

    def __init__(self, door: socket.socket) -> None:
        self.asked = Event()
        self.address = f"127.0.0.1:{door.getsockname()[1]}"
        self._door = door
        self._guests: list[socket.socket] = []
        Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                guest, _ = self._door.accept()
            except OSError:
                return
            self._guests.append(guest)
            guest.recv(1)
            self.asked.set()


@pytest.fixture
def silent() -> Iterator[Silent]:
    """Give a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield Silent(door)


@pytest.fixture(params=["context.tar.gz", "shop.git"])
def url(request: pytest.FixtureRequest, silent: Silent) -> str:
    """Give the address of an archive, and of a repository, on the silent server."""
    return f"http://{silent.address}/{request.param}"


@contextmanager
def soon() -> Iterator[None]:
    """See that the body is done in time."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


def building(quick: Quick, *arguments: str) -> Running:
    """Begin a build by hand."""
    whole = ["build", *arguments, "--project", quick.world.project]
    running = Running(whole, quick.world.environ, quick.folder)
    quick.world.started.append(running)
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_wait_for_a_context_ends_with_a_signal(
    quick: Quick, silent: Silent, url: str, number: signal.Signals
) -> None:
    """Before there is a run nothing has to be taken back: the command ends at once with 130."""
    running = building(quick, url)
    assert silent.asked.wait(20)
    with soon():
        running.send(number)
        assert running.wait() == 130
    assert running.lines[-1] == "interrupted"
    assert json.loads(quick.gitops("runs", "-o", "json").out) == []


def test_a_limit_of_time_holds_for_the_context_too(quick: Quick, silent: Silent, url: str) -> None:
    """What is fetched before a build counts: a silent server is no way round `--timeout`."""
    running = building(quick, url, "--timeout", "1")
    assert silent.asked.wait(20)
    with soon():
        assert running.wait() == 1
    assert "the files were not there within 1 s (the timeout)" in running.text


def begun(quick: Quick, text: str, reached: Callable[[], bool], *arguments: str) -> str:
    """Begin a task; return its run's id when it has reached what it waits for."""
    quick.write("task.yaml", f"version: v1.1.0\nsteps:\n{text}")
    running = quick.start("task.yaml", *arguments)
    run = run_of(running)
    eventually(reached, 30, "it is in its middle")
    return run


def test_a_build_that_waits_for_its_context_is_canceled_at_once(
    quick: Quick, silent: Silent, url: str
) -> None:
    """`gitops cancel` ends a step that waits for a server, and tells the truth of it."""
    run = begun(quick, f"  - {{id: image, build: '{url}'}}\n", silent.asked.is_set)
    with soon():
        assert quick.gitops("cancel", run).code == 0
        assert quick.world.started[-1].wait() == 1
    record = quick.record(run)
    assert record["status"] == "Canceled"
    assert record["steps"][0]["status"] == "failed"
    assert quick.left() == []


def test_a_step_whose_context_does_not_come_has_its_limit(
    quick: Quick, silent: Silent, url: str
) -> None:
    """The limit of a step counts while its context is fetched, and is named."""
    run = begun(quick, f"  - {{id: image, timeout: 2, build: '{url}'}}\n", silent.asked.is_set)
    with soon():
        assert quick.world.started[-1].wait() == 1
    record = quick.record(run)
    assert record["message"] == "step image did not end in 2 s (its timeout)"


def test_a_run_is_canceled_while_its_workspace_is_filled(quick: Quick) -> None:
    """A context of many gigabytes is not written to its end when nobody wants the run any more."""
    folder = quick.folder / "context"
    folder.mkdir()
    with (folder / "big").open("wb") as file:
        file.truncate(64 * GIB)
    running = quick.start("--cmd", "busybox true", "--context", "context")
    run = run_of(running)
    engine = quick.world.engine

    def filling() -> bool:
        volumes = engine.volumes(filters={"label": [f"gitops.run={run}"]})["Volumes"] or []
        return bool(volumes) and bool(engine.containers(all=True, filters={"name": run}))

    eventually(filling, 30, "the workspace is being filled")
    with soon():
        assert quick.gitops("cancel", run).code == 0
        assert running.wait() == 1
    assert quick.record(run)["status"] == "Canceled"
    assert quick.left() == []


def test_links_out_of_the_context_are_kept_as_they_are(quick: Quick) -> None:
    """A link that leads out of its folder is no fault: in a step it leads into the image."""
    folder = quick.folder / "context"
    folder.mkdir()
    (folder / "out").symlink_to("../../etc/passwd")
    (folder / "in").symlink_to("file")
    (folder / "file").write_text("the text\n")
    step = "busybox sh -c 'cat in; readlink out; head -c 4 out'"
    told = quick.run("--cmd", step, "--context", "context")
    assert told.out.splitlines() == ["the text", "../../etc/passwd", "root"]
    quick.write(
        "task.yaml",
        "version: v1.1.0\nsteps:\n  - cmd: --read-only busybox cat in\n",
    )
    assert quick.run("task.yaml", "--context", "context").out == "the text\n"

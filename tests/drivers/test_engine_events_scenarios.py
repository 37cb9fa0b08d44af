"""What a real engine tells while it happens."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from engine_fixtures import ADDRESS, Lab, eventually, lab
from support.engine_proxy import EngineProxy

from gitops.drivers.base import EngineEvent
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.events import DockerEvents, event_of
from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.engine.sdk_http import SdkHttp
from gitops.model.image import parse_image
from gitops.model.wanted import EngineCheck
from gitops.model.webapp import Resources

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


class Listener:
    """Collects the events of a project in a thread of its own."""

    def __init__(self, http: EngineHttp, project: str) -> None:
        self.cancel = Event()
        self.told: list[EngineEvent] = []
        self._events = DockerEvents(http).events(project, self.cancel)
        self.thread = Thread(target=lambda: self.told.extend(self._each()))
        self.thread.start()

    def _each(self) -> Iterator[EngineEvent]:
        for event in self._events:
            self.told.append(event)
        yield from ()

    def kinds(self, container: str) -> list[str]:
        """Return what happened to a container, so far."""
        return [event.kind for event in self.told if event.container == container]

    def end(self) -> None:
        """Raise the cancel, and wait for the end."""
        self.cancel.set()
        self.thread.join(5)
        assert not self.thread.is_alive()


@contextlib.contextmanager
def tcp_relay() -> Iterator[str]:
    """Give a `tcp://` address that leads to the engine's socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    sockets: list[socket.socket] = [listener]

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                engine.connect(ADDRESS.removeprefix("unix://"))
                sockets.extend((client, engine))
                for pair in ((client, engine), (engine, client)):
                    Thread(target=pump, args=pair, daemon=True).start()

    Thread(target=serve, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def lives(lab: Lab, listener: Listener) -> None:
    """See a container's life told from its start to its end, and nobody else's."""
    stranger = lab.run("stranger", labels={"gitops.project": f"{lab.name}-x"})
    name = lab.run("mine", command=("sh", "-c", "exit 3"))
    eventually(lambda: "die" in listener.kinds(name))
    lab.engine.remove(name)
    lab.engine.remove(stranger)
    eventually(lambda: listener.kinds(name)[-1] == "destroy")
    # The engine starts it again and again: a removal may come when it runs, and kill it.
    assert set(listener.kinds(name)) - {"kill"} == {"start", "die", "destroy"}
    assert listener.kinds(stranger) == []
    assert all(abs(event.time - time.time()) < 60 for event in listener.told)
    listener.end()


@pytest.mark.parametrize("kind", [connect_engine, SdkHttp])
def test_life_of_a_container_is_told(
    lab: Lab, kind: Callable[[str, dict[str, str]], EngineHttp]
) -> None:
    """A plain socket and the SDK tell of a project's containers, from start to removal, alone."""
    lives(lab, Listener(kind(ADDRESS, dict(os.environ)), lab.name))


def test_events_come_over_tcp(lab: Lab) -> None:
    """Events come from an engine at `tcp://` just the same."""
    with tcp_relay() as address:
        lives(lab, Listener(connect_engine(address, {}), lab.name))


def test_kill_and_health_are_told(lab: Lab) -> None:
    """A kill, a lack of memory, and what a HEALTHCHECK finds are told."""
    listener = Listener(lab.http, lab.name)
    check = EngineCheck(("false",), interval=0.1, timeout=1, failures=1, grace=0)
    sick = lab.run("sick", check=check)
    eventually(lambda: "health_status: unhealthy" in listener.kinds(sick))
    lab.engine.signal(sick, "SIGKILL")
    eventually(lambda: {"kill", "die"} <= set(listener.kinds(sick)))
    fat = lab.run(
        "fat",
        command=("sh", "-c", "tail /dev/zero; exec sleep 600"),
        resources=Resources(memory=8 * 1024 * 1024),
    )
    eventually(lambda: "oom" in listener.kinds(fat))
    listener.end()


def test_looking_into_volumes_is_no_event(lab: Lab) -> None:
    """Reading and writing a project's volume tells nothing, so that it wakes nobody."""
    listener = Listener(lab.http, lab.name)
    volume, image = f"{lab.name}-v", parse_image("busybox:latest")
    lab.engine.create_volume(volume, {"gitops.project": lab.name})
    lab.engine.write_volume(volume, image, {"a": b"x"})
    assert lab.engine.read_volume(volume, image, "a") == b"x"
    name = lab.run()
    eventually(lambda: listener.kinds(name) == ["start"])
    assert [event.container for event in listener.told] == [name]
    listener.end()


def test_nothing_is_missed_after_asking(lab: Lab) -> None:
    """What happens between asking for events and reading the first one is told."""
    cancel = Event()
    events = DockerEvents(lab.http).events(lab.name, cancel)
    name = lab.run()
    assert next(events)[:2] == (name, "start")
    cancel.set()
    assert list(events) == []


@pytest.mark.timed
@pytest.mark.parametrize("kind", [connect_engine, SdkHttp])
def test_cancel_ends_an_idle_wait(
    lab: Lab, kind: Callable[[str, dict[str, str]], EngineHttp]
) -> None:
    """A wait for events in which nothing happens ends soon after the cancel."""
    listener = Listener(kind(ADDRESS, {}), lab.name)
    begin = time.monotonic()
    listener.end()
    assert time.monotonic() - begin < 1
    assert listener.told == []


@pytest.mark.parametrize("kind", [connect_engine, SdkHttp])
def test_events_end_with_the_engine(
    tmp_path: Path, lab: Lab, kind: Callable[[str, dict[str, str]], EngineHttp]
) -> None:
    """When the engine goes away, so that nothing more can be told, the events end."""
    proxy = EngineProxy(tmp_path, ADDRESS)
    listener = Listener(kind(proxy.address, {}), lab.name)
    proxy.cut()
    listener.thread.join(5)
    assert not listener.thread.is_alive()


def test_events_can_be_asked_for_again(tmp_path: Path, lab: Lab) -> None:
    """While the engine is away there are no events; once it is back they are told again."""
    proxy = EngineProxy(tmp_path, ADDRESS)
    http = connect_engine(proxy.address, {})
    proxy.cut()
    assert list(DockerEvents(http).events(lab.name, Event())) == []
    proxy.restore()
    again = Listener(http, lab.name)
    name = lab.run()
    eventually(lambda: again.kinds(name) == ["start"])
    again.end()
    proxy.cut()


def test_refusal_ends_the_events(lab: Lab) -> None:
    """An engine that refuses the question gives no events."""
    sdk = SdkHttp(ADDRESS, {})
    for http in (lab.http, sdk):
        assert list(http.stream("/events?filters=nonsense", Event())) == []
    sdk.close()


@pytest.mark.parametrize("line", ["", "[]", "{}", "null", '{"Actor": {}, "Action": 1}', "x"])
def test_other_lines_are_no_events(line: str) -> None:
    """A line that tells no event is passed over."""
    assert event_of(line) is None

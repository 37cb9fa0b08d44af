"""What a loop hears between its looks: containers that end, servers that fail, load that grows.

Nothing here decides or acts on containers: it wakes the loop, which looks for itself. Only the
number of replicas that autoscaling chose is written, as a note that the next look obeys.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import NamedTuple

from gitops.drivers.base import DriverError, EngineEvent
from gitops.engine.decide import Decision
from gitops.engine.ports import Site, World
from gitops.engine.watch.autoscaling import Scaler
from gitops.plan.deploys.sickness import PATIENCE

_WAKING = ("die", "oom", "destroy", "health_status")
"""Events after which something may have to be put right; starts and kills end in one of these."""

_AGAIN = 1.0
"""Seconds until an engine that went away is asked again."""

_SHOWN = 2.0
"""Seconds that an engine has to list a container as ended after it has told of the end."""

_PAUSE = 0.03
"""Seconds between two looks at that list."""

_CHECK = 5.0
"""Seconds between two looks at the gateways' checks."""

Wake = Callable[[str], None]
"""Wakes the loop; the text is for people."""


class _Ear(NamedTuple):
    """The threads that listen to one world, and the flag that ends them."""

    world: World
    threads: tuple[Thread, ...]
    ended: Event


class Attention:
    """Listens to the engines of the latest decision's world."""

    def __init__(self, wake: Wake) -> None:
        self._wake = wake
        self._lock = Lock()
        self._ear: _Ear | None = None
        self._decision: Decision | None = None
        self._scaler = Scaler(time.monotonic)
        self._killed: list[EngineEvent] = []

    def attend(self, decision: Decision, world: World) -> None:
        """Listen to this world from now on, and look at what this decision is about."""
        with self._lock:
            self._decision = decision
            if self._ear is not None and self._ear.world is world:
                return
            before, self._ear = self._ear, self._listen(decision.bundle.project, world)
        if before is not None:
            before.ended.set()

    def killed(self) -> tuple[EngineEvent, ...]:
        """Return who was killed for its memory since this was last asked."""
        with self._lock:
            found, self._killed = tuple(self._killed), []
        return found

    def stop(self) -> None:
        """Listen no more; return when no thread does."""
        with self._lock:
            ear, self._ear = self._ear, None
        if ear is not None:
            ear.ended.set()
            for thread in ear.threads:
                thread.join()

    def _listen(self, project: str, world: World) -> _Ear:
        ended = Event()
        threads = []
        for target, site in world.sites.items():
            events = Thread(
                target=self._hear, args=(project, site, ended), name=f"events {target}", daemon=True
            )
            checks = Thread(
                target=self._check, args=(target, site, ended), name=f"checks {target}", daemon=True
            )
            threads += [events, checks]
        for thread in threads:
            thread.start()
        return _Ear(world, tuple(threads), ended)

    def _hear(self, project: str, site: Site, ended: Event) -> None:
        while not ended.is_set():
            try:
                events = site.watcher.events(project, ended)
                # What happened before the engine was asked is found by a look.
                self._wake("listening to the engine")
                for event in events:
                    if event.kind == "oom":
                        with self._lock:
                            self._killed.append(event)
                    if event.kind == "die":
                        _await_end(project, event.container, site, ended)
                    if event.kind.startswith(_WAKING):
                        self._wake(f"{event.container}: {event.kind}")
            except DriverError:
                pass  # the look that follows finds the same, and says it
            ended.wait(_AGAIN)

    def _check(self, target: str, site: Site, ended: Event) -> None:
        down: frozenset[str] = frozenset()
        while not ended.wait(_CHECK):
            decision = self._decision
            if decision is None:
                continue
            try:
                now = _down(decision, target, site)
                if now != down:
                    down = now
                    self._wake("a server's checks changed" if now else "all servers are well")
                for reason in self._scaler.look(decision, target, site):
                    self._wake(reason)
            except DriverError:
                continue  # the same


def _await_end(project: str, container: str, site: Site, ended: Event) -> None:
    """Wait until the engine's list shows that a container has ended, for `_SHOWN` at most.

    Docker tells of the end first, and lists the container as running for 0.3 s more, for 1 s when
    it is busy: a look in that time would find nothing to do.
    """
    latest = time.monotonic() + _SHOWN
    while not ended.wait(_PAUSE) and time.monotonic() < latest:
        found = site.reader.snapshot(project).containers
        if not any(one.name == container and one.running for one in found):
            return


def _down(decision: Decision, target: str, site: Site) -> frozenset[str]:
    """Return the servers that fail their checks, each anew once it is to be replaced."""
    found = set()
    for container in _gateways(decision, target):
        for server in site.gateways.health(container):
            if not server.up:
                long = " for long" if server.seconds >= PATIENCE else ""
                found.add(f"{server.container}{long}")
    return frozenset(found)


def _gateways(decision: Decision, target: str) -> tuple[str, ...]:
    gateways: Mapping[str, str] = {
        service.target: service.container.name for service in decision.wanted.gateways
    }
    return (gateways[target],) if target in gateways else ()

"""Changes what a gateway serves, and asks apps through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from threading import Lock
from typing import NamedTuple

from gitops.drivers.base import DriverError, Engine, ErrorKind, Upstream
from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.gateway import probing
from gitops.drivers.gateway.challenges import challenge_map, mark
from gitops.drivers.gateway.commit import Changes, GroupCommit
from gitops.drivers.gateway.files import Placed, are_there, put_files, remove_files
from gitops.drivers.gateway.header import Configuration
from gitops.drivers.gateway.loading import Loader, certificates
from gitops.drivers.gateway.names import CERTIFICATE_FOLDER, CONFIG_FILE, crt_list
from gitops.drivers.gateway.reader import DockerGatewayReader, Look, Place
from gitops.drivers.gateway.words import is_word
from gitops.model.observed import ProbeAnswer
from gitops.model.routes import Route

OWN_PROCESSES = 2
"""The master and the worker of the present configuration."""


class _Desk(NamedTuple):
    """What one gateway is changed with: changes are gathered, and loads come one after another."""

    commit: GroupCommit
    loading: Lock


class DockerGateway:
    """Satisfies `GatewayWriter`; safe to use from several threads."""

    def __init__(self, engine: Engine, http: EngineHttp, reader: DockerGatewayReader) -> None:
        self._engine = engine
        self._http = http
        self._reader = reader
        self._loader = Loader(engine, http)
        self._lock = Lock()
        self._desks: dict[str, _Desk] = {}

    def switch(self, container: str, changes: Changes) -> str:
        """Set the route of each app in one step; see `GatewayWriter`.

        Changes of callers who come while a reload is under way share the next one. Raises CONFLICT
        when the file was changed by another hand: the other routes are not known then.
        """
        return self._desk(container).commit.submit(changes)

    def restore(self, container: str, routes: Sequence[Route]) -> str:
        """Write the whole configuration anew; see `GatewayWriter`.

        A route whose certificate is not there is served without it, as the look then tells:
        HAProxy does not start without a file, and would serve nobody.
        """
        with self._desk(container).loading:
            look = self._reader.look(container)
            wanted = _render(self._without_lost_certificates(container, routes), look.place)
            if not look.place.running:
                self._loader.leave(container, wanted)
            elif (look.state.revision, look.state.served) != (wanted.revision, wanted.revision):
                self._serve_or_leave(container, wanted, look.place)
            return wanted.revision

    def draining(self, container: str) -> int:
        """Return how many processes still serve requests by a previous configuration."""
        return max(self._engine.processes(container) - OWN_PROCESSES, 0)

    def probe(self, container: str, upstream: Upstream, path: str, timeout: float) -> ProbeAnswer:
        """Ask `upstream` for `path` through the gateway, routed or not."""
        return probing.probe(self._reader.place(container).front, upstream, path, timeout)

    def connects(self, container: str, upstream: Upstream, timeout: float) -> str:
        """Return why the server takes no connection from the gateway, or an empty string."""
        return probing.connects(self._reader.place(container).front, upstream, timeout)

    def put_certificate(self, container: str, name: str, pem: bytes) -> None:
        """Keep a certificate where routes find it; see `GatewayWriter`.

        Raises MISSING when the volume for certificates is not mounted.
        """
        if not is_word(name):
            raise DriverError(
                ErrorKind.INVALID,
                f"a certificate cannot be put into gateway {container}",
                f"{name!r} is not a name of letters, digits, '.', '_' and '-'",
            )
        owner = self._reader.place(container).owner
        file = Placed(name, pem, mode=0o600, owner=owner)
        put_files(self._http, container, CERTIFICATE_FOLDER, [file])

    def answer_challenges(self, container: str, answers: Mapping[str, str]) -> None:
        """Answer challenges on every host name; see `GatewayWriter`.

        They are answered until they are taken back, over reloads and restarts.
        """
        text = challenge_map(answers)
        with self._desk(container).loading:
            look = self._reader.look(container)
            if look.place.front.challenges() != mark(answers):
                self._loader.answer(container, text, _known(container, look), look.place.front)

    def _desk(self, container: str) -> _Desk:
        with self._lock:
            desk = self._desks.get(container)
            if desk is None:
                desk = _Desk(GroupCommit(partial(self._apply, container)), Lock())
                self._desks[container] = desk
            return desk

    def _apply(self, container: str, changes: Changes) -> str:
        with self._desk(container).loading:
            look = self._reader.look(container)
            before = _known(container, look)
            routes = {route.app: route for route in before}
            wanted = _changed(routes, changes)
            if wanted == routes and look.state.served == look.state.revision:
                return look.state.revision
            new = _render(wanted.values(), look.place)
            self._loader.serve(container, new, look.place.front)
            self._drop(container, look, new)
            return new.revision

    def _serve_or_leave(self, container: str, wanted: Configuration, place: Place) -> None:
        """Serve it; in a container that its old file keeps down, leave it for the next start.

        Such a container is running at one moment and restarting at the next.
        """
        try:
            self._loader.serve(container, wanted, place.front)
        except DriverError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            self._loader.leave(container, wanted)

    def _without_lost_certificates(
        self, container: str, routes: Sequence[Route]
    ) -> Iterable[Route]:
        names = certificates(routes)
        paths = [f"{CERTIFICATE_FOLDER}/{name}" for name in names]
        there = are_there(self._http, container, paths) if names else []
        lost = {name for name, is_there in zip(names, there, strict=True) if not is_there}
        for route in routes:
            kept = "" if route.rules.certificate in lost else route.rules.certificate
            yield route._replace(rules=route.rules._replace(certificate=kept))

    def _drop(self, container: str, old: Look, new: Configuration) -> None:
        """Remove the files that only the old configuration named.

        A certificate that no configuration has named yet stays: its switch may be the next.
        """
        before = certificates(old.state.routes or ())
        gone = sorted(set(before) - set(certificates(new.routes)))
        files = [f"{CERTIFICATE_FOLDER}/{name}" for name in gone]
        if before and old.state.revision != new.revision:
            files.append(crt_list(old.state.revision))
        if files:
            remove_files(self._http, container, files)


def _known(container: str, look: Look) -> tuple[Route, ...]:
    """Return the routes that are configured; raise CONFLICT when they cannot be told."""
    if look.state.routes is None:
        raise DriverError(
            ErrorKind.CONFLICT,
            f"routes of gateway {container} cannot be changed",
            f"{CONFIG_FILE} in it is not as gitops wrote it; the next reconcile restores it",
        )
    return look.state.routes


def _changed(routes: dict[str, Route], changes: Changes) -> dict[str, Route]:
    merged = {**routes, **changes}
    return {app: route for app, route in merged.items() if route is not None}


def _render(routes: Iterable[Route], place: Place) -> Configuration:
    from gitops.drivers.gateway.render import (  # noqa: PLC0415 - Jinja2: 70 ms, for a write only
        render,
    )

    return render(routes, place.https)

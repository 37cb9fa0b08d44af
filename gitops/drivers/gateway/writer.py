"""Changes what a gateway serves: check, write, reload without a lost request, and see it served."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterable, Sequence
from functools import partial
from threading import Lock
from urllib.parse import quote

from gitops.drivers.base import DriverError, Engine, ErrorKind
from gitops.drivers.engine_http import EngineHttp, expect
from gitops.drivers.gateway.commit import Changes, GroupCommit
from gitops.drivers.gateway.front import Front
from gitops.drivers.gateway.header import Configuration, stamp
from gitops.drivers.gateway.names import CANDIDATE_FILE, CONFIG_FILE
from gitops.drivers.gateway.reader import DockerGatewayReader
from gitops.model.observed import ProbeAnswer
from gitops.model.routes import Route

DEADLINE = 10.0
"""Seconds until a new configuration must be served."""
PAUSE = 0.005
IN_A_ROW = 3
"""New connections that must get the new configuration: two workers overlap for a moment."""
OWN_PROCESSES = 2
"""The master and the worker of the present configuration."""


_REFUSED = 3
_TAKE = (
    f"haproxy -c -f {CANDIDATE_FILE} || exit {_REFUSED};"
    f" mv -f {CANDIDATE_FILE} {CONFIG_FILE} && kill -USR2 1"
)


class DockerGateway:
    """Satisfies `GatewayWriter`; safe to use from several threads."""

    def __init__(self, engine: Engine, http: EngineHttp, reader: DockerGatewayReader) -> None:
        self._engine = engine
        self._http = http
        self._reader = reader
        self._lock = Lock()
        self._commits: dict[str, GroupCommit] = {}

    def switch(self, container: str, changes: Changes) -> str:
        """Set the route of each app in one step; see `GatewayWriter`.

        Changes of callers who come while a reload is under way share the next one. Raises CONFLICT
        when the file was changed by another hand: the other routes are not known then.
        """
        with self._lock:
            commit = self._commits.setdefault(
                container, GroupCommit(partial(self._apply, container))
            )
        return commit.submit(changes)

    def restore(self, container: str, routes: Sequence[Route]) -> str:
        """Write the whole configuration anew; see `GatewayWriter`."""
        look = self._reader.look(container)
        wanted = _render(routes)
        if not look.running:
            self._write(container, CONFIG_FILE, wanted)
        elif (look.state.revision, look.state.served) != (wanted.revision, wanted.revision):
            self._serve_or_leave(container, wanted, look.front)
        return wanted.revision

    def draining(self, container: str) -> int:
        """Return how many processes still serve requests by a previous configuration."""
        return max(self._engine.processes(container) - OWN_PROCESSES, 0)

    def probe(self, container: str, upstream: Route, path: str, timeout: float) -> ProbeAnswer:
        """Ask `upstream` for `path` through the gateway, routed or not."""
        return self._reader.front(container).probe(upstream, path, timeout)

    def _apply(self, container: str, changes: Changes) -> str:
        look = self._reader.look(container)
        if look.state.routes is None:
            raise DriverError(
                ErrorKind.CONFLICT,
                f"routes of gateway {container} cannot be changed",
                f"{CONFIG_FILE} in it is not as gitops wrote it; the next reconcile restores it",
            )
        routes = {route.app: route for route in look.state.routes}
        wanted = _changed(routes, changes)
        if wanted == routes and look.state.served == look.state.revision:
            return look.state.revision
        new = _render(wanted.values())
        self._serve(container, new, look.front)
        return new.revision

    def _serve_or_leave(self, container: str, wanted: Configuration, front: Front) -> None:
        """Serve it; in a container that its old file keeps down, leave it for the next start.

        Such a container is running at one moment and restarting at the next.
        """
        try:
            self._serve(container, wanted, front)
        except DriverError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            self._write(container, CONFIG_FILE, wanted)

    def _serve(self, container: str, wanted: Configuration, front: Front) -> None:
        self._write(container, CANDIDATE_FILE, wanted)
        if not self._take_at_once(container):
            self._check(container)
            self._write(container, CONFIG_FILE, wanted)
            self._engine.signal(container, "SIGUSR2")
        if not _is_served(front, wanted.revision):
            raise DriverError(
                ErrorKind.TIMEOUT,
                f"gateway {container} did not take revision {wanted.revision}"
                f" within {DEADLINE:g} s; the old one serves on",
                "\n".join(self._engine.logs(container, 20)),
            )

    def _take_at_once(self, container: str) -> bool:
        """Check, move and reload in one call, where the image has a shell: half the time.

        Return false where it has none, with nothing changed.
        """
        try:
            code, output = self._engine.execute(container, ("sh", "-c", _TAKE))
        except DriverError:
            return False
        if code == _REFUSED:
            raise _refusal(container, output)
        return code == 0

    def _check(self, container: str) -> None:
        code, output = self._engine.execute(container, ("haproxy", "-c", "-f", CANDIDATE_FILE))
        if code != 0:
            raise _refusal(container, output)

    def _write(self, container: str, path: str, wanted: Configuration) -> None:
        folder, _, name = path.rpartition("/")
        answer = self._http.call(
            "PUT",
            f"/containers/{quote(container)}/archive?path={quote(folder)}",
            _archive(name, wanted),
        )
        expect(answer, f"{path} could not be written into gateway {container}")


def _refusal(container: str, output: str) -> DriverError:
    return DriverError(
        ErrorKind.INVALID,
        f"the new configuration of gateway {container} is refused; the old one serves on",
        output.strip(),
    )


def _archive(name: str, wanted: Configuration) -> bytes:
    """Return a tar of the one file, with the time that tells its revision."""
    data = wanted.text.encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(data), 0o644, stamp(wanted.revision)
        archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _changed(routes: dict[str, Route], changes: Changes) -> dict[str, Route]:
    merged = {**routes, **changes}
    return {app: route for app, route in merged.items() if route is not None}


def _render(routes: Iterable[Route]) -> Configuration:
    from gitops.drivers.gateway.render import (  # noqa: PLC0415 - Jinja2: 70 ms, for a write only
        render,
    )

    return render(routes)


def _is_served(front: Front, revision: str) -> bool:
    deadline = time.monotonic() + DEADLINE
    row = 0
    while row < IN_A_ROW:
        if time.monotonic() > deadline:
            return False
        row = row + 1 if front.served()[0] == revision else 0
        if not row:
            time.sleep(PAUSE)
    return True

"""Has a running gateway take a configuration: check, write, reload, and see that it is served."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from gitops.drivers.base import DriverError, Engine, ErrorKind
from gitops.drivers.engine.http import EngineHttp
from gitops.drivers.gateway.challenges import challenge_map
from gitops.drivers.gateway.files import Placed, are_there, put_files
from gitops.drivers.gateway.front import Front
from gitops.drivers.gateway.header import Configuration, stamp
from gitops.drivers.gateway.names import (
    CANDIDATE_FILE,
    CERTIFICATE_FOLDER,
    CHALLENGES_FILE,
    CONFIG_FILE,
    CONFIG_FOLDER,
    STATE_FILE,
    crt_list,
)
from gitops.drivers.gateway.states import server_states
from gitops.model.routes import Route

DEADLINE = 10.0
"""Seconds until a new configuration must be served."""
PAUSE = 0.005
IN_A_ROW = 3
"""New connections that must get the new configuration: two workers overlap for a moment."""

_REFUSED = 3
_TAKE = (
    f"haproxy -c -f {CANDIDATE_FILE} || exit {_REFUSED};"
    f" mv -f {CANDIDATE_FILE} {CONFIG_FILE} && kill -USR2 1"
)


class Loader:
    """Loads configurations into gateways; the caller sees to it that one is loaded at a time."""

    def __init__(self, engine: Engine, http: EngineHttp) -> None:
        self._engine = engine
        self._http = http

    def leave(self, container: str, wanted: Configuration) -> None:
        """Only write it, for the next start."""
        self._write(container, CONFIG_FILE, wanted, "")

    def serve(self, container: str, wanted: Configuration, front: Front) -> None:
        """Write it and reload; return when it is served.

        Raises INVALID when HAProxy refuses it, and the old one serves on then.
        """
        self._write(container, CANDIDATE_FILE, wanted, front.stats())
        if not self._take_at_once(container):
            self._check(container)
            self._write(container, CONFIG_FILE, wanted, front.stats())
            self._engine.signal(container, "SIGUSR2")
        self._wait(container, f"revision {wanted.revision}", _serves(front, wanted.revision))

    def answer(self, container: str, text: bytes, routes: Sequence[Route], front: Front) -> None:
        """Write the map of challenges and have it read; return when it is what is answered."""
        files = [
            _placed(CHALLENGES_FILE, text),
            _placed(STATE_FILE, server_states(front.stats(), routes)),
        ]
        put_files(self._http, container, CONFIG_FOLDER, files)
        self._engine.signal(container, "SIGUSR2")
        wanted = text.split()[1].decode()
        self._wait(container, "the answers to challenges", lambda: front.challenges() == wanted)

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

    def _write(self, container: str, path: str, wanted: Configuration, stats: str) -> None:
        """Write a configuration and the files that it reads; `stats` are those of the old one."""
        files = [
            _placed(path, wanted.text.encode(), stamp(wanted.revision)),
            _placed(STATE_FILE, server_states(stats, wanted.routes)),
        ]
        names = certificates(wanted.routes)
        if names:
            text = "".join(f"{CERTIFICATE_FOLDER}/{name}\n" for name in names)
            files.append(_placed(crt_list(wanted.revision), text.encode()))
        if not are_there(self._http, container, [CHALLENGES_FILE])[0]:
            files.append(_placed(CHALLENGES_FILE, challenge_map({})))
        put_files(self._http, container, CONFIG_FOLDER, files)

    def _wait(self, container: str, what: str, served: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        row = 0
        while row < IN_A_ROW:
            if time.monotonic() > deadline:
                raise DriverError(
                    ErrorKind.TIMEOUT,
                    f"gateway {container} did not take {what}"
                    f" within {DEADLINE:g} s; the old one serves on",
                    "\n".join(self._engine.logs(container, 20)),
                )
            row = row + 1 if served() else 0
            if not row:
                time.sleep(PAUSE)


def certificates(routes: Sequence[Route]) -> tuple[str, ...]:
    """Return the names of the certificates that routes are served with, sorted."""
    return tuple(sorted({route.rules.certificate for route in routes} - {""}))


def _serves(front: Front, revision: str) -> Callable[[], bool]:
    return lambda: front.served()[0] == revision


def _placed(path: str, data: bytes, modified: int = 0) -> Placed:
    return Placed(path.rpartition("/")[2], data, modified)


def _refusal(container: str, output: str) -> DriverError:
    return DriverError(
        ErrorKind.INVALID,
        f"the new configuration of gateway {container} is refused; the old one serves on",
        output.strip(),
    )

"""Steps of builds that outlived their engine, on this machine.

An engine runs the `RUN` instructions of BuildKit as its own children, in control groups below
`buildkit`, and forgets them when it is stopped (Docker 20.10). They go on to their own end, and
nobody can have what they make: the next engine knows nothing of them. They carry no mark of ours,
for it would be part of what is built; so whoever asks has to say which times were ours.
See proc(5), cgroups(7) and pid_namespaces(7). Where there is no /proc, none are found.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_GROUP = "/buildkit/"
_ENGINES = frozenset(("dockerd", "buildkitd", "containerd", "containerd-shim"))
"""Names of programs that know their steps, as the kernel has them: 15 characters at most."""
_START = 19
"""Where /proc/PID/stat, behind the name, has the start in clock ticks since the machine's."""
_PATIENCE = 2000
"""Milliseconds until a process that was killed has to be gone."""


class Orphan(NamedTuple):
    """The first process of a step whose engine is gone; `began` is in seconds since 1970."""

    pid: int
    name: str
    began: float

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name}) of a build whose engine was stopped"


def orphaned_steps() -> tuple[Orphan, ...]:
    """Return the steps that no engine knows any more."""
    started = _machine_start()
    found = (_orphan(pid, started) for pid in _steps())
    return tuple(one for one in found if one is not None)


def end_orphans(ours: Callable[[float], bool]) -> tuple[str, ...]:
    """Kill the steps that began at a time that `ours` knows; return in words which these were."""
    return tuple(str(one) for one in orphaned_steps() if ours(one.began) and _kill(one))


def _kill(orphan: Orphan) -> bool:
    """Kill a step with all that it has started: the first of a PID namespace takes all along."""
    with suppress(ProcessLookupError, PermissionError):
        handle = os.pidfd_open(orphan.pid)
        try:
            # Looked at again with the handle in hand: the number may be another's by now.
            if _orphan(orphan.pid, _machine_start()) != orphan:
                return False
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            gone = select.poll()
            gone.register(handle, select.POLLIN)
            return bool(gone.poll(_PATIENCE))
        finally:
            os.close(handle)
    return False


def _steps() -> Iterator[int]:
    """Give the processes that are the first of a build's step."""
    with suppress(OSError):
        for entry in _PROC.iterdir():
            if entry.name.isdecimal() and _GROUP in _text(entry / "cgroup"):
                numbers = _status(int(entry.name)).get("NSpid", "").split()
                if len(numbers) > 1 and numbers[-1] == "1":
                    yield int(entry.name)


def _orphan(pid: int, started: float) -> Orphan | None:
    """Return the step, unless an engine is among its ancestors, or it is gone."""
    _, _, fields = _text(_PROC / str(pid) / "stat").rpartition(")")
    ticks = fields.split()[_START:]
    if not ticks or not _ENGINES.isdisjoint(_ancestors(pid)):
        return None
    began = started + int(ticks[0]) / os.sysconf("SC_CLK_TCK")
    return Orphan(pid, _status(pid).get("Name", ""), began)


def _ancestors(pid: int) -> Iterator[str]:
    """Give the names of a process's parent, of its parent, and so on."""
    seen = {0}
    while pid not in seen:
        seen.add(pid)
        pid = int(_status(pid).get("PPid", "0"))
        yield _status(pid).get("Name", "")


def _status(pid: int) -> dict[str, str]:
    lines = _text(_PROC / str(pid) / "status").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _machine_start() -> float:
    """Return when the machine was started, in seconds since 1970; 0 where that is not told."""
    for line in _text(_PROC / "stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "btime":
            return float(value)
    return 0.0


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""

"""Programs of this machine that a run of a task started, and that outlived whoever ran it.

Each carries `GITOPS_RUN=run|host|process` in its environment, as do all that it starts (proc(5)).
Where there is no /proc, none are found.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.processes import is_alive

VARIABLE = "GITOPS_RUN"
Alive = Callable[[str, str], bool | None]
"""Says of (host, process) whether it runs; none when that cannot be known here."""
GRACE = 2.0
"""Seconds between the request to end and the kill."""
_ROUNDS = 5
"""Times that we look again: one that is being killed may just have started another."""
_PROC = Path("/proc")
_FIELDS = 3


class LeftoverProcess(NamedTuple):
    """A process of a run whose own process is dead; `name` is what the kernel calls it."""

    pid: int
    name: str
    run: str
    owner: str
    """The mark as a whole: what its environment says."""

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name}) of run {self.run}"


def leftover_processes(alive: Alive = is_alive) -> tuple[LeftoverProcess, ...]:
    """Return the processes that carry the mark of a run whose process is dead, as `alive` tells.

    Those of other users are left out, unless we are root: their environment is not ours to read.
    """
    dead: dict[str, bool] = {}
    found = []
    for pid in _pids():
        mark = _mark(pid)
        _, _, rest = mark.partition("|")
        host, _, process = rest.rpartition("|")
        if mark.count("|") == _FIELDS - 1:
            dead.setdefault(mark, alive(host, process) is False)
            if dead[mark]:
                found.append(LeftoverProcess(pid, _name(pid), mark.partition("|")[0], mark))
    return tuple(found)


def end(processes: Sequence[LeftoverProcess]) -> None:
    """End processes and all that carries the same marks: SIGTERM, after `GRACE` seconds SIGKILL.

    A group goes as a whole when its leader is marked: all in it was started for the run. Our own
    group is never signalled, nor is anything that carries another mark, or none.
    """
    marks = {process.owner for process in processes}
    _signal_all((process.pid for process in processes), marks, signal.SIGTERM, GRACE)
    for _ in range(_ROUNDS):
        left = [pid for pid in _pids() if _mark(pid) in marks]
        if not left:
            return
        _signal_all(left, marks, signal.SIGKILL, GRACE)


def end_leftovers(alive: Alive = is_alive) -> tuple[str, ...]:
    """End all processes that dead runs left; return which these were, in words."""
    found = leftover_processes(alive)
    end(found)
    return tuple(str(process) for process in found)


def _signal_all(
    pids: Iterable[int], marks: set[str], number: signal.Signals, patience: float
) -> None:
    """Signal processes, and return when all are gone, or `patience` seconds have passed."""
    with ExitStack() as held:
        waited = select.poll()
        count = 0
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                handle = os.pidfd_open(pid)
                held.callback(os.close, handle)
                # Looked at again with the handle in hand: the number may be another's by now.
                if _mark(pid) not in marks:
                    continue
                _signal(pid, handle, number)
                waited.register(handle, select.POLLIN)
                count += 1
        _await(waited, count, patience)


def _signal(pid: int, handle: int, number: signal.Signals) -> None:
    if os.getpgid(pid) == pid != os.getpgrp():
        os.killpg(pid, number)
    else:
        signal.pidfd_send_signal(handle, number)


def _await(waited: select.poll, count: int, patience: float) -> None:
    until = time.monotonic() + patience
    while count and (left := until - time.monotonic()) > 0:
        for handle, _ in waited.poll(left * 1000):
            waited.unregister(handle)
            count -= 1


def _pids() -> Iterator[int]:
    """Give the processes that live, less ourselves."""
    with suppress(OSError):
        for entry in _PROC.iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                yield int(entry.name)


def _mark(pid: int) -> str:
    """Return what a process's environment says; empty without the mark, or when it is dead."""
    try:
        environment = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return ""
    begin = f"{VARIABLE}=".encode()
    for line in environment.split(b"\0"):
        if line.startswith(begin):
            return line[len(begin) :].decode(errors="replace")
    return ""


def _name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "ended"

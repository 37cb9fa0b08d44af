"""Names this process so that another can tell whether it still runs (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def this_host() -> str:
    """Return what names this machine since it was started, and this process's view of its pids."""
    parts = (_text(Path("/etc/machine-id")), _text(_PROC / "sys/kernel/random/boot_id"))
    return ":".join((*parts, _namespace()))


def this_process() -> str:
    """Return `PID:START`, START in clock ticks since the machine was started."""
    return f"{os.getpid()}:{_start(os.getpid())}"


def is_alive(host: str, process: str) -> bool | None:
    """Say whether `process` of `host` still runs; none when it is not for this machine to know."""
    pid, _, start = process.partition(":")
    if host != this_host() or not pid.isdecimal() or not _namespace():
        return None
    return _start(int(pid)) == start


def is_gone(host: str, process: str) -> bool:
    """Say whether `process` has ended for certain, be it because the machine was started anew.

    For what is remembered on this machine only: elsewhere two machines may share a machine id.
    """
    alive = is_alive(host, process)
    if alive is not None:
        return not alive
    machine, _, rest = host.partition(":")
    own, _, here = this_host().partition(":")
    boot, now = rest.partition(":")[0], here.partition(":")[0]
    return machine == own != "" and "" not in (boot, now) and boot != now


def _namespace() -> str:
    try:
        return (_PROC / "self/ns/pid").readlink().name
    except OSError:
        return ""


def _start(pid: int) -> str:
    """Return field 22 of /proc/PID/stat; empty when it is gone, or dead and not yet waited for."""
    _, _, fields = _text(_PROC / str(pid) / "stat").rpartition(")")
    found = fields.split()
    return found[19] if len(found) > 19 and found[0] not in ("Z", "X") else ""  # noqa: PLR2004


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""

"""Options of `docker run` that few steps have: limits of processes, weights, security.

https://docs.docker.com/reference/cli/docker/container/run/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from gitops.model.tasks import HostOptions, Ulimit
from gitops.spec.tasks import amounts
from gitops.spec.tasks.flags import Options
from gitops.spec.tasks.platforms import platform
from gitops.spec.tasks.words import LineError, quoted

VALUED: Mapping[str, str] = MappingProxyType(
    {
        "ulimit": "--ulimit",
        "group": "--group-add",
        "security": "--security-opt",
        "sysctl": "--sysctl",
        "dns-search": "--dns-search",
        "dns-option": "--dns-option --dns-opt",
        "memory-swap": "--memory-swap",
        "memory-reservation": "--memory-reservation",
        "pids": "--pids-limit",
        "cpu-shares": "-c --cpu-shares",
        "cpu-period": "--cpu-period",
        "cpu-quota": "--cpu-quota",
        "cpuset-cpus": "--cpuset-cpus",
        "cpuset-mems": "--cpuset-mems",
        "oom-score": "--oom-score-adj",
        "platform": "--platform",
    }
)
LOST: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("--stop-signal", "--stop-timeout"), "remove it: a step that has to end is killed"
        ),
        **dict.fromkeys(("--log-driver", "--log-opt"), "remove it: a step's log is the run's"),
        **dict.fromkeys(
            ("--device", "--gpus", "--device-cgroup-rule"),
            "a step gets no device of the machine, unless it is privileged",
        ),
        **dict.fromkeys(
            ("--pid", "--ipc", "--uts", "--userns", "--cgroupns", "--cgroup-parent"),
            "a step has namespaces of its own: remove it",
        ),
        "--cidfile": "reach the container by the id of its step",
    }
)
_ULIMIT = re.compile(r"([a-z]+)=(-?[0-9]{1,18})(?::(-?[0-9]{1,18}))?")
_SET = re.compile(r"[0-9]+(?:-[0-9]+)?(?:,[0-9]+(?:-[0-9]+)?)*")
_LOWEST, _HIGHEST = -1000, 1000
"""Of oom_score_adj (proc(5))."""


def host_options(options: Options) -> HostOptions:
    """Return what a line says of them. Raises `LineError`."""
    return HostOptions(
        ulimits=tuple(_ulimit(each) for each in options.all("ulimit")),
        groups=options.all("group"),
        security=options.all("security"),
        sysctls=_sysctls(options.all("sysctl")),
        dns_search=options.all("dns-search"),
        dns_options=options.all("dns-option"),
        memory_swap=_swap(options.last("memory-swap")),
        memory_reservation=amounts.size("--memory-reservation", options.last("memory-reservation")),
        pids=max(0, _number("--pids-limit", options.last("pids"))),
        cpu_shares=_number("--cpu-shares", options.last("cpu-shares")),
        cpu_period=_number("--cpu-period", options.last("cpu-period")),
        cpu_quota=max(0, _number("--cpu-quota", options.last("cpu-quota"))),
        cpuset_cpus=_set("--cpuset-cpus", options.last("cpuset-cpus")),
        cpuset_mems=_set("--cpuset-mems", options.last("cpuset-mems")),
        oom_score=_oom_score(options.last("oom-score")),
        platform=platform(options.last("platform")),
    )


def _ulimit(written: str) -> Ulimit:
    match = _ULIMIT.fullmatch(written)
    if match is None:
        raise LineError(
            f"--ulimit: {quoted(written)} is not a limit", "write nofile=1024 or nofile=1024:2048"
        )
    name, soft, hard = match.groups()
    return Ulimit(name, int(soft), int(hard or soft))


def _sysctls(written: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = [each.partition("=") for each in written]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise LineError(f"--sysctl: {quoted(name)} is not a setting", "write net.x.y=1")
    return tuple((name, value) for name, _, value in pairs)


def _swap(written: str) -> int:
    return -1 if written == "-1" else amounts.size("--memory-swap", written)


def _number(name: str, written: str) -> int:
    if not written:
        return 0
    if re.fullmatch(r"-?[0-9]{1,18}", written):
        return int(written)
    raise LineError(f"{name}: {quoted(written)} is not a whole number", "write digits")


def _oom_score(written: str) -> int:
    found = _number("--oom-score-adj", written)
    if not _LOWEST <= found <= _HIGHEST:
        raise LineError(f"--oom-score-adj: {found} is not between {_LOWEST} and {_HIGHEST}")
    return found


def _set(name: str, written: str) -> str:
    if not written or _SET.fullmatch(written):
        return written
    raise LineError(f"{name}: {quoted(written)} is not a set of numbers", "write 0-3 or 0,2")

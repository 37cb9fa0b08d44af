"""What a container uses while it runs, looked at now and then.

Engine API v1.41, ContainerStats: https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import Self, TypedDict, cast

from gitops.drivers.base import DriverError
from gitops.drivers.engine.http import EngineHttp

_FIRST = 0.1
_LONGEST = 1.0
"""Seconds between two looks: the engine measures no more often."""
_NANO = 1e9


class _Cpu(TypedDict):
    total_usage: int


class _CpuStats(TypedDict):
    cpu_usage: _Cpu


class _MemoryDetails(TypedDict, total=False):
    inactive_file: int
    total_inactive_file: int


class _MemoryStats(TypedDict, total=False):
    usage: int
    max_usage: int
    stats: _MemoryDetails


class _Stats(TypedDict):
    cpu_stats: _CpuStats
    memory_stats: _MemoryStats


class Samples:
    """Looks at a container from a thread of its own while the context lasts.

    `memory` is the most that was seen, in bytes, less files that the kernel merely keeps at hand
    (as in `docker stats`); with cgroups v1 the kernel itself keeps the most. `cpu` is seconds.
    Both are 0 for a container that ended before the first look.
    """

    def __init__(self, http: EngineHttp, container: str) -> None:
        self.memory = 0
        self.cpu = 0.0
        self._http = http
        self._path = f"/containers/{container}/stats?stream=0&one-shot=1"
        self._ended = Event()
        self._thread = Thread(target=self._follow, name=f"use of {container}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not waited for: the engine measures once a second, and a look that is under way until the
        # container is gone is answered with nothing.
        self._ended.set()

    def _follow(self) -> None:
        pause = _FIRST
        while not self._ended.wait(pause):
            pause = min(pause * 2, _LONGEST)
            self.look()

    def look(self) -> None:
        """Look once more: before the container is killed, for example."""
        try:
            answer = self._http.call("GET", self._path)
        except DriverError:
            return
        # Of a container that ends just now the engine tells nothing at all, and calls it well.
        if answer.status == 200 and answer.body.strip():  # noqa: PLR2004 - OK
            self._take(cast("_Stats", answer.json()))

    def _take(self, told: _Stats) -> None:
        memory = told["memory_stats"]
        details = memory.get("stats", {})
        cached = details.get("total_inactive_file", details.get("inactive_file", 0))
        most = memory.get("max_usage") or memory.get("usage") or 0
        self.memory = max(self.memory, most - cached)
        self.cpu = max(self.cpu, told["cpu_stats"]["cpu_usage"]["total_usage"] / _NANO)

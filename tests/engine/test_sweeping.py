"""What dead runs have left is taken away, and nothing else."""

from __future__ import annotations

import pytest

from gitops.drivers.base import DriverError, ErrorKind, Leftover, RunMark, marker_of
from gitops.engine.tasks.sweeping import sweep

DEAD = RunMark("r1", "shop", "here", "1:1")
ALIVE = RunMark("r2", "shop", "here", "2:2")
FAR = RunMark("r3", "shop", "far", "1:1")


def over(mark: RunMark) -> bool:
    return mark == DEAD


def nothing() -> tuple[str, ...]:
    return ()


class Ruins:
    """An engine with leftovers; `failing` cannot be removed."""

    def __init__(self, *left: Leftover, failing: dict[str, ErrorKind] | None = None) -> None:
        self._left = left
        self._failing = failing or {}
        self.removed: list[tuple[str, str]] = []

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return what is there."""
        return self._left

    def remove(self, name: str) -> None:
        """Remove a container."""
        self._remove("container", name)

    def remove_network(self, name: str) -> None:
        """Remove a network."""
        self._remove("network", name)

    def remove_volume(self, name: str) -> None:
        """Remove a volume."""
        self._remove("volume", name)

    def untag(self, name: str) -> None:
        """Remove an image."""
        self._remove("image", name)

    def _remove(self, kind: str, name: str) -> None:
        if name in self._failing:
            raise DriverError(self._failing[name], f"{kind} {name}", "it is in use")
        self.removed.append((kind, name))


def swept(ruins: Ruins) -> tuple[str, ...]:
    return sweep(ruins, nothing, over)  # type: ignore[arg-type]


def test_only_what_dead_runs_left_goes() -> None:
    """What a run that lives has made stays, and so does that of a machine that cannot be asked."""
    ruins = Ruins(
        *(Leftover("container", f"c-{mark.run}", mark) for mark in (DEAD, ALIVE, FAR)),
        *(Leftover("network", f"n-{mark.run}", mark) for mark in (DEAD, ALIVE, FAR)),
        *(Leftover("volume", f"v-{mark.run}", mark) for mark in (DEAD, ALIVE, FAR)),
        *(Leftover("image", f"i-{mark.run}", mark) for mark in (DEAD, ALIVE, FAR)),
    )
    told = swept(ruins)
    last = [("volume", "v-r1"), ("image", "i-r1"), ("volume", marker_of("i-r1"))]
    assert ruins.removed == [("container", "c-r1"), ("network", "n-r1"), *last]
    assert told == (
        "container c-r1 of run r1",
        "network n-r1 of run r1",
        "volume v-r1 of run r1",
        "image i-r1 of run r1",
    )


def test_what_cannot_go_is_told_and_the_rest_goes() -> None:
    """One that cannot be removed keeps no other; it is named with the reason."""
    ruins = Ruins(
        Leftover("network", "n", DEAD),
        Leftover("volume", "v", DEAD),
        failing={"n": ErrorKind.CONFLICT},
    )
    assert swept(ruins) == (
        "network n of run r1 could not be removed: network n: it is in use",
        "volume v of run r1",
    )


def test_engine_that_is_away_ends_it() -> None:
    """An engine that goes away in the middle is an error, not a list of failures."""
    ruins = Ruins(Leftover("volume", "v", DEAD), failing={"v": ErrorKind.UNREACHABLE})
    with pytest.raises(DriverError):
        swept(ruins)


def test_processes_end_first() -> None:
    """Programs of dead runs are ended before what they may still be making is removed."""
    ruins = Ruins(Leftover("container", "c", DEAD))
    seen: list[int] = []

    def processes() -> tuple[str, ...]:
        seen.append(len(ruins.removed))
        return ("process 7 (docker) of run r1",)

    told = sweep(ruins, processes, over)  # type: ignore[arg-type]
    assert seen == [0]
    assert told == ("process 7 (docker) of run r1", "container c of run r1")

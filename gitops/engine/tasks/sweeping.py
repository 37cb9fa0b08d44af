"""Takes away what runs left behind whose process died: nothing of it is of use to anybody."""

from __future__ import annotations

from collections.abc import Callable

from gitops.drivers.base import DriverError, ErrorKind, Leftover, TaskEngine


def sweep(
    engine: TaskEngine,
    processes: Callable[[], tuple[str, ...]],
    alive: Callable[[str, str], bool | None],
) -> tuple[str, ...]:
    """Remove what dead runs left; return in words what was, and what could not be.

    `processes` ends the programs of dead runs on this machine, and names them. `alive` says of
    (host, process) whether it runs; what belongs to a machine that cannot be asked (none) stays.
    Raises `DriverError` when the engine cannot be reached.
    """
    done = list(processes())
    known: dict[tuple[str, str], bool | None] = {}
    # Containers come first: what they use can only go after them.
    for left in engine.leftovers():
        owner = (left.mark.host, left.mark.process)
        if owner not in known:
            known[owner] = alive(*owner)
        if known[owner] is False:
            done.append(_remove(engine, left))
    return tuple(done)


def _remove(engine: TaskEngine, left: Leftover) -> str:
    named = f"{left.kind} {left.name} of run {left.mark.run}"
    try:
        _ways(engine)[left.kind](left.name)
    except DriverError as error:
        if error.kind is ErrorKind.UNREACHABLE:
            raise
        # The rest can still go, and the next run will try this one again.
        return f"{named} could not be removed: {error}"
    return named


def _ways(engine: TaskEngine) -> dict[str, Callable[[str], None]]:
    return {
        "container": engine.remove,
        "network": engine.remove_network,
        "volume": engine.remove_volume,
    }

"""Takes away what runs left behind whose process died: nothing of it is of use to anybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gitops.drivers.base import (
    DriverError,
    ErrorKind,
    Leftover,
    RunMark,
    TaskEngine,
    marker_of,
)
from gitops.engine.tasks.ports import TaskBook


def sweep(
    engine: TaskEngine,
    processes: Callable[[], tuple[str, ...]],
    over: Callable[[RunMark], bool],
) -> tuple[str, ...]:
    """Remove what dead runs left; return in words what was, and what could not be.

    `processes` ends the programs of dead runs on this machine, and names them. `over` says of
    a run whether it is certain that nobody works on it any more.
    Raises `DriverError` when the engine cannot be reached.
    """
    done = list(processes())
    known: dict[RunMark, bool] = {}
    # Containers come first: what they use can only go after them.
    for left in engine.leftovers():
        if left.mark not in known:
            known[left.mark] = over(left.mark)
        if known[left.mark]:
            done.append(_remove(engine, left))
    return tuple(done)


def end_records(book: TaskBook, project: str, gone: Callable[[str, str], bool]) -> int:
    """End the records of a project's runs whose process is gone; return how many there were.

    `gone` says of (host, process) whether it has ended for certain.
    """
    dead = [run.id for run in book.unended(project) if gone(run.host, run.process)]
    return book.abandon(dead) if dead else 0


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
        "image": partial(remove_image, engine),
    }


def remove_image(engine: TaskEngine, image: str) -> None:
    """Remove an image without a name, and after it the volume that tells of it."""
    engine.untag(image)
    engine.remove_volume(marker_of(image))

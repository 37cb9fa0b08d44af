"""Who comes next in the queue of the machine, and how one who waits is told (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gitops.store.queue_file import Held


def order(waiting: Sequence[Held], working: Sequence[Held], turns: Mapping[str, int]) -> list[Held]:
    """Return those who wait in the order in which they would get their turns now.

    `turns` numbers the last turn of each project; one that had none comes first.
    """
    busy = Counter(one.project for one in working)
    last = dict(turns)
    newest = max(last.values(), default=0)
    queues: dict[str, list[Held]] = {}
    for one in sorted(waiting, key=_rank, reverse=True):
        queues.setdefault(one.project, []).append(one)
    line: list[Held] = []
    while queues:
        # Only who is first in a project can be next: with a hundred in line, all is too many.
        project = min(
            queues, key=lambda name: (busy[name], last.get(name, 0), _rank(queues[name][-1]))
        )
        line.append(queues[project].pop())
        if not queues[project]:
            del queues[project]
        busy[project] += 1
        newest += 1
        last[project] = newest
    return line


def _rank(one: Held) -> tuple[int, float, int]:
    return -one.priority, one.asked, one.number


def told_place(place: int, of: int, working: Sequence[Held], now: float) -> str:
    """Say at which place one waits, and for which run: the one that has worked longest."""
    if not working:
        return f"place {place} of {of}: others come first"
    first = min(working, key=lambda one: one.since or 0.0)
    what = f"BuildTask/{first.task}" if first.task else f"project {first.project}"
    return (
        f"place {place} of {of}: waiting for run {first.run} of {what}"
        f" ({_span(now - (first.since or now))})"
    )


def _span(seconds: float) -> str:
    """Return a time in steps of ten seconds, so that the words do not change all the time."""
    whole = max(0, int(seconds) // 10 * 10)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours}h{minutes}m"
    return f"{minutes}m{whole % 60}s" if minutes else f"{whole}s"

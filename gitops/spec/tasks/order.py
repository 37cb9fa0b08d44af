"""Which step waits for which: `when`, and the waves that come of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from gitops.model.tasks import Task
from gitops.spec.tasks.table import Table
from gitops.spec.tasks.words import quoted

_AT_ONCE = "-"
_RESERVED = "acb_root"
_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")


def ordered(task: Task) -> tuple[tuple[str, ...], ...]:
    """Return waves of step ids: those of one may run together, after all of those before."""
    sorter = TopologicalSorter({step.id: step.after for step in task.steps})
    sorter.prepare()
    places = {step.id: number for number, step in enumerate(task.steps)}
    waves = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda step: places[step])
        sorter.done(*ready)
        waves.append(tuple(ready))
    return tuple(waves)


def step_ids(steps: Sequence[Table]) -> list[str]:
    """Return the id of each step: `acb_step_<n>` for one without; wrong ones are noted."""
    ids: list[str] = []
    for step in steps:
        name = step.text("id") or f"acb_step_{step.path[-1]}"
        if name == _RESERVED:
            step.complain("id", f"{name} is reserved", "choose another id")
        elif not _ID.fullmatch(name):
            hint = "an id names a container and a host: use letters, digits and - . _"
            step.complain("id", f"{quoted(name)} cannot be an id", hint)
        elif name in ids:
            there = ("id",) if "id" in step.found else ()
            step.complain_at(there, f"there are two steps {name!r}", "give each its own id")
        ids.append(name)
    return ids


def dependencies(steps: Sequence[Table], ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the ids that each step waits for; what cannot be is noted."""
    known = frozenset(ids)
    after = [_after(step, number, ids, known) for number, step in enumerate(steps)]
    _no_cycle(steps, ids, after)
    return after


def _after(step: Table, number: int, ids: Sequence[str], known: frozenset[str]) -> tuple[str, ...]:
    when = step.texts("when")
    if not when:
        return (ids[number - 1],) if number else ()
    if when == (_AT_ONCE,):
        return ()
    for place, name in enumerate(when):
        if name == _AT_ONCE:
            hint = 'write ["-"] alone to start at once, or only ids'
            step.complain_at(("when", place), "'-' stands beside ids", hint)
        elif name == ids[number]:
            step.complain_at(("when", place), f"the step {name!r} waits for itself", "remove it")
        elif name not in known:
            hint = step.near(name, known, "steps are")
            step.complain_at(("when", place), f"there is no step {quoted(name)}", hint)
    return tuple(dict.fromkeys(name for name in when if name in known and name != ids[number]))


def _no_cycle(steps: Sequence[Table], ids: Sequence[str], after: Sequence[tuple[str, ...]]) -> None:
    if len(set(ids)) != len(ids):
        return
    graph: Mapping[str, tuple[str, ...]] = dict(zip(ids, after, strict=True))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1][:-1]
        first = min(range(len(cycle)), key=lambda at: ids.index(cycle[at]))
        names = [*cycle[first:], *cycle[:first]]
        chain = " -> ".join([*names, names[0]])
        step = steps[ids.index(names[0])]
        there = ("when",) if "when" in step.found else ()
        step.complain_at(there, f"steps wait for each other: {chain}", "break the circle")

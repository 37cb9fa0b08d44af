"""What `gitops run --dry-run` shows: the rendered steps, and the order in which they may run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple, cast

from gitops.engine.tasks.states import waves
from gitops.model.tasks import BuildLine, RunLine, Task, TaskStep

_SKIPPED = frozenset({"id", "line", "work", "after", "args", "image", "context"})


def task_page(task: Task) -> str:
    """Return the steps in groups that may run at the same time; secrets are the caller's care."""
    groups = waves(task)
    lines = [f"{len(task.steps)} steps, in {len(groups)} groups one after the other:"]
    for number, group in enumerate(groups, 1):
        lines.append(f"{number}.")
        for step in group:
            lines += (f"  {line}" for line in _step(step))
    return "\n".join(lines) + "\n"


def _step(step: TaskStep) -> Iterator[str]:
    after = f" after {', '.join(step.after)}" if step.after else ""
    yield f"{step.id}: {step.kind}{after}"
    match step.work:
        case BuildLine() as line:
            yield f"  {line.context}"
            yield from _given(line)
            yield from (f"  arg {name}{_value(value)}" for name, value in line.args)
        case RunLine() as line:
            yield f"  {shlex.join((line.image, *line.args))}"
            yield from _given(line)
        case images:
            yield from (f"  {image}" for image in images)
    yield from _given(step)


def _given(record: BuildLine | RunLine | TaskStep) -> Iterator[str]:
    """Give the fields that are not what they are by default."""
    for name, value in _changed(record):
        yield f"  {name}: {_text(value)}"


def _changed(record: NamedTuple) -> Iterator[tuple[str, object]]:
    """Give the fields of a record that are not what they are by default, with their names."""
    defaults = type(record)._field_defaults
    for name, value in zip(record._fields, record, strict=True):
        if name not in _SKIPPED and defaults.get(name) != value:
            yield name.replace("_", " "), value


def _value(value: str | None) -> str:
    return "" if value is None else f"={value}"


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Mapping():
            return ", ".join(f"{name}={inner}" for name, inner in value.items())
        case tuple() if hasattr(value, "_fields"):
            record = cast("NamedTuple", value)
            return ", ".join(f"{name} {_text(each)}" for name, each in _changed(record))
        case tuple():
            return ", ".join(map(_item, value))
        case _:
            return str(value)


def _item(value: object) -> str:
    """Return an item of a list; one that is a tuple is a name with its value, if it has one."""
    if isinstance(value, tuple):
        return "=".join(_text(inner) for inner in value if inner not in ("", None))
    return _text(value)

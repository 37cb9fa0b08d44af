"""Failures as they are kept and shown: lines for people, whose heads a program can read as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gitops.model.probing import Diagnosis, GateReport

_CAUSE, _TODO, _ANSWER, _CODE = "cause", "what to do", "last answer", "exit code"
_LOG = "last log lines:"
_INDENT = "  "


class Told(NamedTuple):
    """What a kept failure says. `exit_code` is as it is written: empty when nothing ended.

    `facts` are all lines that are none of the others.
    """

    cause: str = ""
    todo: str = ""
    answer: str = ""
    exit_code: str = ""
    facts: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


def as_text(report: GateReport, diagnosis: Diagnosis) -> str:
    """Return the report of a gate, its cause first."""
    lines = [*_head(diagnosis), f"attempts: {report.attempts}"]
    if report.last is not None:
        lines.append(f"{_ANSWER}: {report.last.text}")
    if report.ended:
        lines.append(f"{_CODE}: {report.exit_code}")
    if report.oom:
        lines.append("killed by the kernel: out of memory (raise resources.memory)")
    if report.error:
        lines.append(f"engine: {report.error}")
    return "\n".join([*lines, *_log(report.log)])


def hook_text(diagnosis: Diagnosis, code: int | None, log: Sequence[str]) -> str:
    """Return the report of a hook; `code` is none when it did not end."""
    ended = [f"{_CODE}: {code}"] if code is not None else []
    return "\n".join([*_head(diagnosis), *ended, *_log(log)])


def with_cause(diagnosis: Diagnosis | None, detail: str) -> str:
    """Return a driver's words with the cause before them, if there is one."""
    head = _head(diagnosis) if diagnosis else []
    return "\n".join([*head, *([detail] if detail else [])])


def run_text(todo: str, log: Sequence[str]) -> str:
    """Return the report of a task's run: what to do, and the end of the failed step's log."""
    return "\n".join([f"{_TODO}: {todo}", *_log(log)])


def read(detail: str) -> Told:
    """Return what the functions above have written, and any other text as facts."""
    before, mark, after = f"\n{detail}".partition(f"\n{_LOG}\n")
    told = Told(
        log=tuple(line.removeprefix(_INDENT) for line in after.splitlines()) if mark else ()
    )
    facts = []
    for line in before.splitlines()[1:]:
        head, colon, rest = line.partition(": ")
        if not colon or head not in (_CAUSE, _TODO, _ANSWER, _CODE):
            facts.append(line)
        elif head == _CAUSE:
            told = told._replace(cause=rest)
        elif head == _TODO:
            told = told._replace(todo=rest)
        elif head == _ANSWER:
            told = told._replace(answer=rest)
        else:
            told = told._replace(exit_code=rest)
    return told._replace(facts=tuple(facts))


def _head(diagnosis: Diagnosis) -> list[str]:
    lines = [f"{_CAUSE}: {_one_line(diagnosis.cause)}"]
    return [*lines, f"{_TODO}: {diagnosis.todo}"] if diagnosis.todo else lines


def _log(lines: Sequence[str]) -> list[str]:
    return [_LOG, *(f"{_INDENT}{line}" for line in lines)] if lines else ["it logged nothing"]


def _one_line(text: str) -> str:
    return " ".join(text.split())

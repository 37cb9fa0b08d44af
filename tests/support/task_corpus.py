"""Task files with what is expected of them: how an `expect.yaml` is read, and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from support.process import Result

from gitops.model.task_runs import OutputImage, TaskRun, TaskStepRun

FILE = "acr-task.yaml"
EXPECTED = "expect.yaml"


class Expected(NamedTuple):
    """One document of an `expect.yaml`: a run of the folder's task, and all that must be seen.

    `out` are whole lines of standard output, `err` pieces of standard error, `either` pieces of
    which one stands in one of them, `never` pieces that stand in neither. `counts` says how often
    a line is there. `steps` gives `status`, `status xATTEMPTS` or `status =EXITCODE` by id.
    `before` are pairs of steps of which the first has ended when the second begins, `together`
    steps that were at work at one time. `pushed` is all that the run has pushed, by name and tag.
    `<run>`, `<registry>` and `<commit>` stand for what they are.
    """

    about: str = ""
    args: Sequence[str] = (FILE, ".")
    more: Sequence[str] = ()
    env: Mapping[str, str] = {}
    stdin: bool = False
    registry: bool = False
    git: bool = False
    images: Sequence[str] = ()
    code: int = 0
    status: str = ""
    out: Sequence[str] = ()
    counts: Mapping[str, int] = {}
    err: Sequence[str] = ()
    either: Sequence[str] = ()
    never: Sequence[str] = ()
    steps: Mapping[str, str] = {}
    before: Sequence[Sequence[str]] = ()
    together: Sequence[str] = ()
    pushed: Sequence[str] = ()
    least: float = 0.0
    most: float = 60.0


class Seen(NamedTuple):
    """What a run has come to; `run` is none when it was refused before it began."""

    result: Result
    run: TaskRun | None
    steps: Mapping[str, TaskStepRun]
    images: Sequence[OutputImage]
    known: Mapping[str, str]

    def filled(self, text: str) -> str:
        """Return a text with `<run>` and the like in their place."""
        for name, value in self.known.items():
            text = text.replace(f"<{name}>", value)
        return text


def expectations(folder: Path) -> list[Expected]:
    """Return what is expected of a folder's task, run by run; an unknown key is an error."""
    documents = yaml.safe_load_all((folder / EXPECTED).read_text())
    return [Expected(**document) for document in documents]


def check(wanted: Expected, seen: Seen) -> None:
    """Fail unless a run went as it should, with all that it said."""
    _check_words(wanted, seen)
    if wanted.status or wanted.code == 0:
        status = None if seen.run is None else str(seen.run.status)
        dry = "--dry-run" in wanted.more
        assert status == (None if dry else wanted.status or "Succeeded"), str(seen.result)
    for name, text in wanted.steps.items():
        _check_step(seen.steps[name], text, seen.result)
    _check_times(wanted, seen)
    names = [f"{one.repository}:{one.tag}" for one in seen.images]
    assert sorted(names) == sorted(map(seen.filled, wanted.pushed)), str(seen.result)


def _check_words(wanted: Expected, seen: Seen) -> None:
    result = seen.result
    assert result.code == wanted.code, str(result)
    lines = result.out.splitlines()
    for line in map(seen.filled, wanted.out):
        assert line in lines, f"no line {line!r}:\n{result}"
    for line, times in wanted.counts.items():
        assert lines.count(seen.filled(line)) == times, f"not {times} lines {line!r}:\n{result}"
    for piece in map(seen.filled, wanted.err):
        assert piece in result.err, f"no {piece!r} in standard error:\n{result}"
    assert not wanted.either or any(piece in result.text for piece in wanted.either), str(result)
    for piece in map(seen.filled, wanted.never):
        assert piece not in result.text, f"{piece!r} is there:\n{result}"


def _check_step(step: TaskStepRun, text: str, result: Result) -> None:
    match = re.fullmatch(r"(\w+)(?: x(\d+))?(?: =(\d+))?", text)
    assert match, text
    status, attempts, code = match.groups()
    assert str(step.status) == status, f"{step}\n{result}"
    assert attempts is None or step.attempts == int(attempts), f"{step}\n{result}"
    assert code is None or step.exit_code == int(code), f"{step}\n{result}"


def _check_times(wanted: Expected, seen: Seen) -> None:
    for first, second in wanted.before:
        ended, started = seen.steps[first].ended, seen.steps[second].started
        assert ended is not None
        assert started is not None
        assert ended <= started, f"{second} began before {first} had ended"
    spans = [seen.steps[name] for name in wanted.together]
    if spans:
        last = max(step.started or 0.0 for step in spans)
        assert all(last < (step.ended or 0.0) for step in spans), f"not together: {spans}"
    if seen.run is not None and seen.run.started is not None and seen.run.ended is not None:
        took = seen.run.ended - seen.run.started
        assert wanted.least <= took <= wanted.most, f"it took {took:.2f} s"

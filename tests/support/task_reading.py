"""Reads texts of tasks in tests, and asserts that they have no findings."""

from __future__ import annotations

from gitops.model.tasks import (
    BuildLine,
    RunFacts,
    RunLine,
    Task,
    TaskStep,
)
from gitops.spec.report import as_text
from gitops.spec.tasks import FetchError, Given, TaskText, read_task

FACTS = RunFacts("r7", "reg.example.com", "reg", "20260131-235959z", commit="abc", branch="main")


def read(text: str, given: Given | None = None, files: dict[str, str] | None = None) -> Task:
    """Return the task of a text that has no findings."""

    def fetch(name: str) -> str:
        if name not in (files or {}):
            raise FetchError(f"there is no {name}")
        return (files or {})[name]

    task, found = read_task(TaskText(text, "t.yaml"), given or Given(FACTS), fetch)
    assert as_text(found) == ""
    assert task is not None
    return task


def run(line: str) -> RunLine:
    """Return the work of one cmd step."""
    return run_line(read(f"steps:\n  - cmd: {line}\n").steps[0])


def run_line(step: TaskStep) -> RunLine:
    """Return the work of a cmd step."""
    assert isinstance(step.work, RunLine)
    return step.work


def build(line: str) -> BuildLine:
    """Return the work of one build step."""
    work = read(f"steps:\n  - build: {line}\n").steps[0].work
    assert isinstance(work, BuildLine)
    return work

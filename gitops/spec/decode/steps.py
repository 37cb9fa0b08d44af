"""A multi-step task in the place of a Dockerfile: a file in the source, or steps in the spec."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from gitops.model.resources import Steps
from gitops.model.secret import Secret
from gitops.model.tasks import RunFacts
from gitops.spec.findings import Finding, Path, dotted
from gitops.spec.scope import EMPTY, Scope, Spec
from gitops.spec.scope import text as text_of

_OF_BUILDS = ("dockerfile", "target", "args", "labels", "ssh", "platforms", "cache")
_OF_STEPS = ("values", "dockerSocket")
_FIRST = 3
"""The line of the first step in what `inline` returns."""
_FACTS = RunFacts(
    id="1",
    registry="registry.example.com",
    registry_name="registry",
    date="20260131-235959z",
    commit="0" * 40,
    branch="main",
    git_tag="v1.0.0",
    repository="https://git.example.com/any.git",
    task_name="any",
    triggered_by="COMMIT",
    shared_volume="any",
)


def decode_steps(spec: Spec, scope: Scope) -> Steps | None:
    """Return the multi-step task of a spec; none when it builds a Dockerfile."""
    if "steps" not in spec and "taskFile" not in spec:
        for key in _OF_STEPS:
            if spec.get(key):
                hint = "it is for a multi-step task: add taskFile or steps, or remove it"
                scope.complain(("spec", key), "means nothing to a Dockerfile", hint, at_key=True)
        return None
    if "steps" in spec and "taskFile" in spec:
        hint = "keep one of the two"
        scope.complain(("spec", "steps"), "there is a taskFile as well", hint, at_key=True)
    _without_dockerfile(spec, scope)
    values, text = {name: _value(each) for name, each in spec.get("values", EMPTY).items()}, ""
    if "steps" in spec:
        text = inline(spec["steps"])
        _check(text, values, spec, scope)
    return Steps(
        text,
        scope.inside(("spec", "taskFile"), spec["taskFile"]) if "taskFile" in spec else "",
        values,
        spec.get("dockerSocket", False),
    )


def _value(written: object) -> str | bool | int | float:
    """Return a value of a template; 1.10 stays text, as no float is printed so."""
    if isinstance(written, bool | int):
        return written
    said = text_of(written)
    if isinstance(written, Decimal) and repr(float(written)) == said:
        return float(written)
    return said


def _without_dockerfile(spec: Spec, scope: Scope) -> None:
    """Complain of what is for a Dockerfile alone."""
    for key in _OF_BUILDS:
        if key in spec:
            hint = "write it into the build step, or remove it"
            scope.complain(("spec", key), "means nothing to a multi-step task", hint, at_key=True)


def _check(text: str, values: Mapping[str, object], spec: Spec, scope: Scope) -> None:
    """Complain of steps that no run could begin with: each at its place in the spec."""
    from gitops.spec.tasks import (  # noqa: PLC0415 - 100 ms, for tasks with inline steps only
        IN_SPEC,
        FetchError,
        Given,
        TaskText,
        read_task,
    )

    def fetch(name: str) -> str:
        raise FetchError(f"{name} cannot be read here: write its aliases into the task file")

    # What templates may ask for is known once it runs: any value that is a valid name will do.
    secrets = {name: Secret("not-known-yet") for name in spec.get("secrets", EMPTY)}
    _, found = read_task(
        TaskText(text, "steps"), Given(_FACTS, values, secrets, advice=IN_SPEC), fetch
    )
    for one in found:
        number = one.span.line - _FIRST
        inside = 0 <= number < len(spec["steps"])
        path: Path = ("spec", "steps", number) if inside else ("spec", "steps")
        named = one.message.startswith(dotted(path[1:]))
        message = f"spec.{one.message}" if named else f"{dotted(path)}: {one.message}"
        scope.findings.append(Finding(path, message, one.hint, severity=one.severity))


def inline(steps: Sequence[Spec]) -> str:
    """Return steps as the text of a task file: the first one on line 3, each on a line of its own.

    JSON is YAML, and keeps what the spec file's YAML meant; a number with a fraction is a float.
    """
    lines = [f"- {json.dumps(step, ensure_ascii=False, default=float)}" for step in steps]
    return "\n".join(["version: v1.1.0", "steps:", *lines, ""])

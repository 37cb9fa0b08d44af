"""A multi-step task in the place of a Dockerfile: a file in the source, or steps in the spec."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gitops.model.resources import Steps
from gitops.spec.scope import EMPTY, Scope, Spec, texts

_OF_BUILDS = ("dockerfile", "target", "args", "labels", "ssh", "platforms")
_OF_STEPS = ("values", "dockerSocket")


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
    for key in _OF_BUILDS:
        if key in spec:
            hint = "write it into the build step, or remove it"
            scope.complain(("spec", key), "means nothing to a multi-step task", hint, at_key=True)
    return Steps(
        inline(spec["steps"]) if "steps" in spec else "",
        scope.inside(("spec", "taskFile"), spec["taskFile"]) if "taskFile" in spec else "",
        texts(spec.get("values", EMPTY)),
        spec.get("dockerSocket", False),
    )


def inline(steps: Sequence[Spec]) -> str:
    """Return steps as the text of a task file: the first one on line 3, each on a line of its own.

    JSON is YAML, and keeps what the spec file's YAML meant; a number with a fraction is a float.
    """
    lines = [f"- {json.dumps(step, ensure_ascii=False, default=float)}" for step in steps]
    return "\n".join(["version: v1.1.0", "steps:", *lines, ""])

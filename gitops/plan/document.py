"""A plan as data: the versioned JSON document of `plan -o json` and `plan --out`.

Format: docs/plan-format.md. It holds references to secrets, never values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.plan import Plan, Step
from gitops.model.secret import EnvSecret, FileSecret
from gitops.plan.describe import describe, verb

FORMAT = "gitops.plan/v1"
"""Raised when a reader of the document would have to change."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def as_document(plan: Plan) -> dict[str, Json]:
    """Return the plan as plain values; equal plans give equal documents."""
    return {
        "format": FORMAT,
        "project": plan.project,
        "steps": [_step(step) for step in plan.steps],
        "inSync": {str(address): what for address, what in sorted(plan.in_sync.items())},
        "blocked": {
            str(address): {"reason": why.reason, "message": why.message, "fatal": why.fatal}
            for address, why in sorted(plan.blocked.items())
        },
        "suspended": {str(address): why for address, why in sorted(plan.suspended.items())},
        "warnings": list(plan.warnings),
        "refused": plan.refused,
        "converged": plan.converged,
    }


def as_json(document: Json) -> str:
    """Return the document's text; equal documents give equal texts."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _step(step: Step) -> dict[str, Json]:
    return {
        "number": step.number,
        "address": str(step.address),
        "action": verb(step.action),
        "summary": describe(step.action),
        "because": step.because,
        "after": list(step.after),
        "otherwise": [describe(action) for action in step.otherwise],
        "arguments": plain(step.action),
    }


def plain(value: object) -> Json:  # noqa: PLR0911 - one line for each kind of value
    """Return a value of the model as JSON: records as objects, names as strings."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Address() | ImageRef():
            return str(value)
        case EnvSecret(variable):
            return {"env": variable}
        case FileSecret(path):
            return {"file": path}
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case tuple() if hasattr(value, "_asdict"):
            return {name: plain(one) for name, one in value._asdict().items()}
        case tuple() | list() | frozenset():
            return [plain(one) for one in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no form in a plan document")

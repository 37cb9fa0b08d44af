"""A plan as text: one line a step, one line for every resource without one."""

from __future__ import annotations

from collections.abc import Iterator

from gitops.model.address import Address
from gitops.model.plan import Plan, Step
from gitops.plan.describe import describe


def as_lines(plan: Plan) -> Iterator[str]:
    """Give the plan line by line; the same plan always reads the same."""
    for address, what in sorted(plan.in_sync.items()):
        yield f"  {address}: in sync ({what})"
    for address, why in sorted(plan.suspended.items()):
        yield f"  {address}: suspended ({why})"
    for address, blocked in sorted(plan.blocked.items()):
        first, *rest = blocked.message.splitlines() or [""]
        yield f"! {address}: {blocked.reason}: {first}"
        yield from (f"      {line}" for line in rest)
    for address, steps in _by_resource(plan):
        yield f"~ {address}"
        yield from map(_line, steps)
    for warning in plan.warnings:
        yield f"warning: {warning}"
    if plan.refused:
        yield f"refused: {plan.refused}"
    yield summary(plan)


def as_text(plan: Plan) -> str:
    """Return all lines of the plan, each with its line end."""
    return "".join(f"{line}\n" for line in as_lines(plan))


def summary(plan: Plan) -> str:
    """Return the plan in one line."""
    counts = [
        (len(plan.steps), "step" if len(plan.steps) == 1 else "steps"),
        (len(plan.in_sync), "in sync"),
        (len(plan.suspended), "suspended"),
        (len(plan.blocked), "blocked"),
    ]
    return f"Plan for {plan.project}: " + ", ".join(
        f"{count} {word}" for count, word in counts if count or word == "steps"
    )


def _by_resource(plan: Plan) -> list[tuple[Address, list[Step]]]:
    grouped: dict[Address, list[Step]] = {}
    for step in plan.steps:
        grouped.setdefault(step.address, []).append(step)
    return list(grouped.items())


def _line(step: Step) -> str:
    after = f" [after {', '.join(map(str, step.after))}]" if step.after else ""
    undo = f" [else {'; '.join(map(describe, step.otherwise))}]" if step.otherwise else ""
    return f"  {step.number:>3}. {describe(step.action)}: {step.because}{after}{undo}"

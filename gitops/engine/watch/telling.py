"""What a loop says of its looks: what stands in the way, and that all is well, once each time."""

from __future__ import annotations

from gitops.model.outcomes import Outcome, Stalled
from gitops.model.plan import Plan


class Telling:
    """Remembers what was said last, since most looks find the same as the one before."""

    def __init__(self) -> None:
        self._said: frozenset[str] = frozenset()
        self._trouble = ""

    def of(self, plan: Plan) -> tuple[str, ...]:
        """Return the lines about `plan` that the last one did not give as well."""
        lines = [
            f"! {address}: {blocked.reason}: {blocked.message}"
            for address, blocked in sorted(plan.blocked.items())
        ]
        if plan.refused:
            lines.append(f"refused: {plan.refused}")
        if plan.converged:
            lines.append(f"in sync: {len(plan.in_sync)} resources")
        new = tuple(line for line in lines if line not in self._said)
        self._said = frozenset(lines)
        return new

    def is_new(self, trouble: str) -> bool:
        """Say whether this trouble is another one than that of the last look; empty for none."""
        new = trouble != self._trouble
        self._trouble = trouble
        return new


def again(outcome: Outcome, seconds: float) -> str:
    """Return when what failed is tried again, in words."""
    if isinstance(outcome, Stalled) and outcome.quarantine:
        return "not tried again until its inputs change (or `gitops reconcile --retry`)"
    return f"tried again in {seconds:.0f} s, or when it changes"

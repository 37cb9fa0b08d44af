"""When a container counts as well."""

from __future__ import annotations

from gitops.model.webapp import Health
from gitops.spec.scope import Scope, Spec, text
from gitops.spec.units import statuses

_PLACE = ("spec", "health")
PLAIN = Health("", (), 1.0, 5.0, 230.0, 5.0)
"""Health that is left out: the image's HEALTHCHECK, or running and taking connections."""


def decode_health(found: Spec, scope: Scope) -> Health:
    """Return the health of a valid document."""
    path = found.get("path", "")
    health = Health(
        path,
        _statuses(found, scope) if path else (),
        scope.duration(found, (*_PLACE, "interval"), "1s"),
        scope.duration(found, (*_PLACE, "timeout"), "5s"),
        scope.duration(found, (*_PLACE, "deadline"), "230s"),
        scope.duration(found, (*_PLACE, "stableFor"), "5s"),
        int(found.get("failures", 3)),
        tuple([text(part) for part in found.get("command", ())]),
        found.get("tcp", False),
    )
    if health.stable_for >= health.deadline:
        message = f"stableFor ({health.stable_for:g}s) is not shorter than deadline"
        hint = f"make deadline longer than {health.stable_for:g}s, or stableFor shorter"
        scope.complain(_PLACE, f"{message} ({health.deadline:g}s)", hint)
    return health


def _statuses(found: Spec, scope: Scope) -> tuple[tuple[int, int], ...]:
    given = found.get("statuses", "200-299")
    ranges = statuses(given if isinstance(given, str) else str(int(given)))
    for low, high in ranges:
        if low > high:
            hint = f"write {high}-{low}"
            scope.complain((*_PLACE, "statuses"), f"{low}-{high} is an empty range", hint)
    return ranges

"""What makes a build task run again, and what becomes of its runs."""

from __future__ import annotations

from collections.abc import Sequence

from gitops.model.address import Address
from gitops.model.globs import Globs
from gitops.model.resources import (
    Attest,
    Concurrency,
    Keep,
    PullRequests,
    Schedule,
    Triggers,
)
from gitops.spec.findings import Path, shown
from gitops.spec.scope import EMPTY, Scope, Spec

_PATTERNS = "write globs as in .gitignore, for example web/** or *.md"

ALWAYS = Triggers()
"""The triggers of a task that names none."""


_OF_GIT = ("tags", "pullRequest")
_FOLDER = "means nothing to a folder: it is for a git source"


def check_source(spec: Spec, scope: Scope) -> None:
    """Complain of what is said of a folder and has no meaning there."""
    if "git" in spec["source"]:
        return
    paths: list[Path] = [("spec", "interval")] if "interval" in spec else []
    paths += [("spec", "triggers", key) for key in _OF_GIT if key in spec.get("triggers", EMPTY)]
    for path in paths:
        scope.complain(path, _FOLDER, "remove it, or name a git repository", at_key=True)


def decode_triggers(found: Spec, scope: Scope) -> Triggers:
    """Return the triggers of a task."""
    if found.get("tags"):
        _tags(found["tags"], scope)
    commit: Spec = found.get("commit", EMPTY)
    pulls: Spec = found.get("pullRequest", EMPTY)
    base: Spec = found.get("baseImage", EMPTY)
    for key in ("paths", "ignore"):
        _globs(commit.get(key, ()), key, scope)
    return Triggers(
        commit=commit.get("enabled", True),
        paths=tuple(commit.get("paths", ())),
        ignore=tuple(commit.get("ignore", ())),
        tags=found.get("tags", ""),
        pulls=PullRequests(pulls.get("enabled", False), int(pulls.get("limit", 20))),
        base_image=base.get("enabled", True),
        schedules=_schedules(found.get("schedule", ()), scope),
        after=tuple(Address("BuildTask", one.partition("/")[2]) for one in found.get("after", ())),
    )


def _tags(wanted: str, scope: Scope) -> None:
    from gitops.model.versions import check_tags  # noqa: PLC0415 - rare: 10 ms to import

    try:
        check_tags(wanted)
    except ValueError as wrong:
        hint = "write a glob such as v*, or a range such as ^1.2"
        scope.complain(("spec", "triggers", "tags"), str(wrong), hint)


def _globs(patterns: Sequence[str], key: str, scope: Scope) -> None:
    for number, pattern in enumerate(patterns):
        try:
            Globs((pattern,))
        except ValueError as wrong:
            scope.complain(("spec", "triggers", "commit", key, number), str(wrong), _PATTERNS)


def _schedules(found: Sequence[Spec], scope: Scope) -> tuple[Schedule, ...]:
    if not found:
        return ()
    from gitops.spec.schedule import check_schedule  # noqa: PLC0415 - rare: 20 ms to import

    schedules = []
    taken: set[str] = set()
    for number, one in enumerate(found):
        path: Path = ("spec", "triggers", "schedule", number)
        zone = one.get("timeZone", "UTC")
        check_schedule((*path, "cron"), one["cron"], zone, scope)
        if one["name"] in taken:
            hint = "give each schedule a name of its own"
            scope.complain((*path, "name"), f"{shown(one['name'])} is there already", hint)
        taken.add(one["name"])
        cron = " ".join(one["cron"].split())
        schedules.append(Schedule(one["name"], cron, zone, one.get("enabled", True)))
    return tuple(schedules)


def decode_concurrency(found: Spec) -> Concurrency:
    """Return what becomes of a run when something newer is wanted."""
    return Concurrency(found.get("policy", "coalesce"))


def decode_keep(found: Spec, scope: Scope) -> Keep:
    """Return how many runs are remembered, and for how long."""
    return Keep(
        int(found.get("succeeded", 10)),
        int(found.get("failed", 10)),
        scope.duration(found, ("spec", "retention", "age"), "30d"),
    )


def decode_attest(found: Spec) -> Attest:
    """Return what is attached to an image."""
    return Attest(found.get("provenance", False), found.get("sbom", False))

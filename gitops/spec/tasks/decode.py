"""The values of a task file to a task: defaults applied, every rule checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from gitops.model.tasks import (
    WORKSPACE,
    RunFacts,
    RunLine,
    Task,
    TaskNetwork,
    TaskStep,
    TaskVolume,
)
from gitops.spec.findings import shown
from gitops.spec.tasks.environment import decode_task_env
from gitops.spec.tasks.order import dependencies, step_ids
from gitops.spec.tasks.parts import decode_networks, decode_secrets, decode_volumes
from gitops.spec.tasks.sections import ALIASES_SINCE
from gitops.spec.tasks.steps import Around, decode_step, with_pushed_tags
from gitops.spec.tasks.table import LIST_HINT, Table
from gitops.spec.tasks.workplace import absolute

VERSIONS = ("1.0-preview-1", "v1.0.0", ALIASES_SINCE)
STEPS = 1000
"""Steps of one task, which are told apart one with another."""

STEP_TIMEOUT = 600
"""Seconds of a step whose task says nothing else, or 0."""

_KEYS = (
    *("version", "steps", "stepTimeout", "workingDirectory", "env"),
    *("secrets", "networks", "volumes", "alias"),
)
_HINTS = MappingProxyType({"volume": "did you mean 'volumes'?", "cmd": "write it below steps"})


def decode_task(
    table: Table, lines: Mapping[str, Sequence[int]], images: Mapping[str, str], facts: RunFacts
) -> Task:
    """Return the task; with an error among the findings it may lack steps.

    `lines` are those of the items of `steps` and `secrets`, `images` the aliases of images.
    """
    table.known(_KEYS, _HINTS)
    version = _version(table, aliased=bool(images))
    networks, volumes = decode_networks(table), decode_volumes(table)
    around = Around(
        decode_task_env(table),
        absolute(table.text("workingDirectory") or WORKSPACE),
        table.whole("stepTimeout", 0) or STEP_TIMEOUT,
        _default(networks),
        frozenset(network.name for network in networks),
        frozenset(volume.name for volume in volumes),
        images,
        facts.registry,
        facts.shared_volume,
    )
    steps = with_pushed_tags(_steps(table, lines["steps"], around), facts.registry)
    every = (*volumes, *_volumes_of_lines(steps, around))
    return Task(steps, version, networks, every, decode_secrets(table, lines["secrets"]))


def _volumes_of_lines(steps: Sequence[TaskStep], around: Around) -> Iterator[TaskVolume]:
    """Give the empty volumes that lines name and the task does not declare, as in docker."""
    lines = [step.work for step in steps if isinstance(step.work, RunLine)]
    names = dict.fromkeys(each.partition(":")[0] for line in lines for each in line.volumes)
    for name in names:
        if not name.startswith("/") and name != around.shared and name not in around.volumes:
            yield TaskVolume(name, {})


def _version(table: Table, *, aliased: bool) -> str:
    written = table.text("version", "v1.0.0") or "v1.0.0"
    version = written.lower()
    if version not in VERSIONS:
        table.complain("version", f"{shown(written)} is not known", f"write {', '.join(VERSIONS)}")
    elif table.found.get("alias") is not None:
        hint = "write it as a section of its own, at the left margin"
        if version != ALIASES_SINCE:
            hint = f"write version: {ALIASES_SINCE}"
        table.complain("alias", "aliases cannot be read here", hint, at_key=True)
    elif version == ALIASES_SINCE and not aliased:
        hint = "write it as it is, at the left margin: it is read before templates"
        table.warn("version", "no alias is replaced: the version was not seen in time", hint)
    return version


def _default(networks: Sequence[TaskNetwork]) -> str:
    return next((network.name for network in networks if network.default), "")


def _steps(table: Table, lines: Sequence[int], around: Around) -> list[TaskStep]:
    tables = table.tables("steps")
    if not table.found.get("steps"):
        there = ("steps",) if "steps" in table.found else ()
        table.complain_at(there, "a task needs steps", LIST_HINT)
    if len(tables) > STEPS:
        table.complain("steps", f"more than {STEPS} steps", "write several tasks")
        return []
    ids = step_ids(tables)
    after = dependencies(tables, ids)
    steps = []
    for step, name, waits in zip(tables, ids, after, strict=True):
        decoded = decode_step(step, name, around)
        number = int(step.path[-1])
        if decoded is not None:
            line = lines[number] if number < len(lines) else 1
            steps.append(decoded._replace(after=waits, line=line))
    return steps

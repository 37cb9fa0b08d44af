"""`env`: a list of `NAME=value`, of the task and of each step."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gitops.spec.tasks.table import Table

_HINT = "write NAME=value; a value may be empty"
_SETTING = re.compile(r"[^\s=,]+=")


def decode_env(table: Table) -> Mapping[str, str]:
    """Return the variables under `env`. A wrong item is told by its place: it may be a secret."""
    env: dict[str, str] = {}
    for number, item in enumerate(table.texts("env")):
        name, equals, value = item.partition("=")
        if not equals or not name or any(character.isspace() for character in name):
            table.complain_at(("env", number), "expected NAME=value", _HINT)
        elif "\0" in item:
            table.complain_at(("env", number), "a NUL character cannot be in a variable")
        else:
            env[name] = value
    return env


def decode_task_env(table: Table) -> Mapping[str, str]:
    """Return the variables of a task.

    Azure splits an item of the task's list at its commas, and refuses it if a part is no setting
    (https://github.com/Azure/acr-builder/blob/main/graph/task.go, mergeEnvs). What it splits is
    split here; what it refuses is one value with commas in it.
    """
    found = table.found.get("env")
    if not isinstance(found, list):
        return decode_env(table)
    items = [part for item in found for part in _parts(item)]
    if len(items) == len(found):
        return decode_env(table)
    return decode_env(table._replace(found={"env": items}))


def _parts(item: object) -> list[object]:
    if isinstance(item, str):
        parts = item.split(",")
        if len(parts) > 1 and all(_SETTING.match(part) for part in parts):
            return list(parts)
    return [item]

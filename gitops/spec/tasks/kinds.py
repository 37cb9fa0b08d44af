"""Kinds of steps, and which properties each of them takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gitops.spec.tasks.table import Table

KINDS = ("build", "push", "cmd")
_NOTHING: tuple[object, ...] = (None, "", [])
_EVERY = (
    *("id", "when", "env", "ignoreErrors", "startDelay", "timeout", "repeat"),
    *("retries", "retryDelay", "retryOnErrors", "isolation"),
)
_PLACED = ("workingDirectory", "volumeMounts", "cpus")
_RUN = (
    *("entryPoint", "user", "network", "ports", "expose", "detach", "keep", "privileged"),
    *("pull", "disableWorkingDirectoryOverride"),
)
_DOWNLOAD = ("cmdDownloadRetries", "cmdDownloadRetryDelay")
# The `_RUN` of a build: Azure runs the client of a build in a container, which they
# are for. No image differs by them, so they are told and not refused.
_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "build": (*_EVERY, *_PLACED, *_RUN, "cache", "build"),
        "push": (*_EVERY, "push"),
        "cmd": (*_EVERY, *_PLACED, *_RUN, *_DOWNLOAD, "cmd"),
    }
)
_ALL = frozenset(key for keys in _KEYS.values() for key in keys)
_UNUSED = "Azure reads it and never acts on it; use ignoreErrors, or test the code in the command"
_HINTS = MappingProxyType(
    {
        "secret": "declare it in secrets of the task, and use {{ .Secrets.id }}",
        "downloadRetries": "did you mean 'cmdDownloadRetries'?",
        "entrypoint": "did you mean 'entryPoint'?",
    }
)


def kind_of(step: Table) -> str:
    """Return the kind of a step; an empty text when it has none or several, which is noted."""
    there = [kind for kind in KINDS if kind in step.found]
    kinds = [kind for kind in there if step.found[kind] not in _NOTHING] or there[:1]
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        hint = "write a step for each"
        step.complain(kinds[1], f"a step cannot {' and '.join(kinds)}", hint, at_key=True)
        return ""
    hint = next(
        (found for key in step.found if (found := step.near(key, KINDS)).startswith("did you")), ""
    )
    step.complain_at((), "the step does nothing", hint or "write build, push or cmd")
    return ""


def check_keys(step: Table, kind: str) -> None:
    """Note every property that is unknown, or means nothing for a step of this kind."""
    keys = _KEYS[kind]
    for key, value in step.found.items():
        if (key in KINDS and key != kind and value in _NOTHING) or (key in _ALL and value is None):
            continue  # as in Azure, it counts as not there
        if key in keys and key in _RUN and kind == "build":
            hint = "options of the build itself stand in its line, such as --network or --pull"
            step.warn(key, "it has no effect on a build step", hint)
        elif key in keys:
            continue
        elif key in _ALL:
            step.complain(key, f"it means nothing for a {kind} step", "remove it", at_key=True)
        elif key in ("exitedWith", "exitedWithout"):
            step.complain(key, "it is not supported", _UNUSED, at_key=True)
        else:
            hint = _HINTS.get(key) or step.near(key, keys)
            step.complain(key, "unknown key", hint, at_key=True)
    if step.text("isolation", "default").lower() not in ("default", ""):
        step.complain("isolation", "only default is there on Linux", "remove it")

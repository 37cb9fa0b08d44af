"""What a task file is read with: its text, the facts of the run, values and secrets."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

from gitops.model.secret import Secret
from gitops.model.tasks import RunFacts


class FetchError(OSError):
    """A file of aliases cannot be had; the message is a sentence for the user."""


Fetch = Callable[[str], str]
"""Gives the text at a URL, or of the file at a path; raises `FetchError`."""


class TaskText(NamedTuple):
    """A task file: its text, its name in findings, and the folder that its paths start at.

    One that is `made` of the options of a command has templates in its strings alone, each of which
    is rendered by itself: what a template yields may have quotes in it.
    """

    text: str
    file: str
    folder: str = ""
    made: bool = False


class Advice(NamedTuple):
    """How what is missing is given: sentences with `{name}` in them."""

    value: str
    secret: str
    registry: str


ON_COMMAND_LINE = Advice(
    "set it with `--set {name}=...`",
    "declare it under `secrets` and give it with `--secret {name}=...`",
    "give --registry SERVER, or have one Registry in registry.yaml",
)
IN_SPEC = Advice(
    "add {name} to the task's `values`",
    "declare it under `secrets`, and add {name} to the `secrets` of the spec",
    "give the task a `repository`, or have exactly one Registry in the specs",
)


class Given(NamedTuple):
    """What templates may ask for. `secrets` are by id; `now` is seconds since 1970."""

    facts: RunFacts
    values: Mapping[str, object] = MappingProxyType({})
    secrets: Mapping[str, Secret] = MappingProxyType({})
    now: float = 0.0
    advice: Advice = ON_COMMAND_LINE


def template_data(given: Given, *, reveal: bool) -> Mapping[str, object]:
    """Return what a template sees as `.`; secrets are `***` unless they are revealed.

    Names: https://github.com/Azure/acr-builder/blob/main/docs/templates.md
    """
    run = _run(given.facts)
    values = _plain(given.values, reveal=reveal)
    return {
        # Without a registry its names are missing, so that nothing is pushed to an empty one.
        "Run": {name: told for name, told in run.items() if told or name not in _REGISTRY},
        "RunJSON": _quoted(run),
        "Build": {"ID": given.facts.id},
        "Values": values,
        "ValuesJSON": _quoted(values),
        "Secrets": {
            name: secret.reveal() if reveal else str(secret)
            for name, secret in given.secrets.items()
        },
    }


_REGISTRY = ("Registry", "RegistryName")


def _quoted(value: object) -> str:
    """Return JSON as one word of a shell, as Azure writes it."""
    return shlex.quote(json.dumps(value, default=str, sort_keys=True, separators=(",", ":")))


def secret_texts(given: Given) -> tuple[str, ...]:
    """Return the values that must never be printed, the longest first."""
    found = {secret.reveal() for secret in given.secrets.values()}
    found.update(secret.reveal() for secret in _secrets_in(given.values))
    return tuple(sorted(found - {""}, key=len, reverse=True))


def with_other_secrets(given: Given) -> Given:
    """Return the same with another value, which may stand in any name, for each secret."""
    secrets = {name: _other(secret) for name, secret in given.secrets.items()}
    return given._replace(secrets=secrets, values=_others(given.values))


def _others(value: Any) -> Any:  # noqa: ANN401 - the values of a template are of any type
    if isinstance(value, Mapping):
        return {key: _others(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_others(each) for each in value]
    return _other(value) if isinstance(value, Secret) else value


def _other(secret: Secret) -> Secret:
    value = secret.reveal()
    if value.isascii() and value.isdecimal():
        return Secret("".join(str(int(digit) % 9 + 1) for digit in value))
    return Secret(f"x{sha256(secret.reveal().encode(errors='surrogateescape')).hexdigest()[:16]}")


def _run(facts: RunFacts) -> Mapping[str, str]:
    return {
        "ID": facts.id,
        "SharedVolume": facts.shared_volume,
        "Registry": facts.registry,
        "RegistryName": facts.registry_name,
        "Date": facts.date,
        "OS": facts.os,
        "OSVersion": facts.os_version,
        "Architecture": facts.architecture,
        "Commit": facts.commit,
        "Branch": facts.branch,
        "GitTag": facts.git_tag,
        "Repository": facts.repository,
        "TaskName": facts.task_name,
        "TriggeredBy": facts.triggered_by,
    }


def _plain(value: object, *, reveal: bool) -> object:
    """Return a value without `Secret`s in it, which no template function knows."""
    if isinstance(value, Secret):
        return value.reveal() if reveal else str(value)
    if isinstance(value, Mapping):
        return {key: _plain(each, reveal=reveal) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, reveal=reveal) for each in value]
    return value


def _secrets_in(value: object) -> Iterator[Secret]:
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _secrets_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _secrets_in(each)

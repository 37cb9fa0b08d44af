"""What a command line gives to a task: values, secrets, and the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from gitops.drivers.secret_reader import LocalSecretReader
from gitops.model.secret import EnvSecret, FileSecret, Secret, SecretRef

Values = dict[str, object]


class Wishes(NamedTuple):
    """The options as they were written."""

    values: tuple[Path, ...]
    settings: tuple[str, ...]
    secret_settings: tuple[str, ...]
    secrets: tuple[str, ...]


class Handed(NamedTuple):
    """What templates and builds get. `hidden` is everything that must never be printed."""

    values: Mapping[str, object]
    secrets: Mapping[str, Secret]
    references: Mapping[str, str]
    """Where the secrets came from: `env:NAME`, `file:PATH`, or empty for what was typed."""

    @property
    def hidden(self) -> tuple[Secret, ...]:
        """Return all secret values."""
        return (*self.secrets.values(), *(secret for _, secret in _hidden(self.values)))

    @property
    def unkept(self) -> tuple[str, ...]:
        """Return the names of the values that are secret: `a.b` for `b` inside of `a`."""
        return tuple(name for name, _ in _hidden(self.values))


def handed(wishes: Wishes, environ: Mapping[str, str], kept: Values | None = None) -> Handed:
    """Return the values and secrets; what is given later wins, secret values over the others.

    `kept` are the values of an earlier run, which all others win over. Raises `click.UsageError`
    for an option that cannot be read, and ends the command for a file.
    """
    values = {**(kept or {}), **(_of_files(wishes.values) if wishes.values else {})}
    for setting in wishes.settings:
        name, value = _pair("--set", setting)
        _put(values, name, value)
    for setting in wishes.secret_settings:
        name, value = _pair("--set-secret", setting)
        _put(values, name, Secret(value))
    found_secrets = [_secret(text, environ) for text in wishes.secrets]
    return Handed(
        values,
        {name: secret for name, secret, _ in found_secrets},
        {name: reference for name, _, reference in found_secrets},
    )


def _of_files(paths: tuple[Path, ...]) -> Values:
    from gitops.cli.loading import show  # noqa: PLC0415 - 70 ms, only with files of values
    from gitops.spec.load import read_values  # noqa: PLC0415 - the same

    found = read_values(paths, ())
    if isinstance(found, list):
        show(tuple(found), verbose=False)
        raise click.UsageError("the values cannot be read")
    return found


_FORMS = {"--secret": "ID=VALUE, ID=@FILE, ID:env=NAME or ID:file=PATH"}


def _pair(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not all(name.split(".")):
        # The text may be a secret whose name was forgotten.
        forms = _FORMS.get(option, f"NAME=VALUE, as in {option} tag=v1")
        raise click.UsageError(f"{option} is followed by {forms}")
    return name, value


def _put(values: Values, name: str, value: object) -> None:
    """Put a value, which stays text, where its name says: `a.b` is `b` inside of `a`."""
    *folders, last = name.split(".")
    for folder in folders:
        inner = values.get(folder)
        values[folder] = inner = dict(inner) if isinstance(inner, dict) else {}
        values = inner
    values[last] = value


def _secret(text: str, environ: Mapping[str, str]) -> tuple[str, Secret, str]:
    """Read `id=value`, `id=@file`, `id:env=NAME` or `id:file=PATH`."""
    name, value = _pair("--secret", text)
    name, _, source = name.partition(":")
    if not source and value.startswith("@"):
        source, value = "file", value[1:]
    if not source:
        return name, Secret(value), ""
    references: dict[str, SecretRef] = {
        "env": EnvSecret(value),
        "file": FileSecret(str(Path(value).resolve())),
    }
    if source not in references:
        raise click.UsageError(
            f"--secret {name}:{source}= is not known; write {name}=VALUE, {name}=@FILE, "
            f"{name}:env=NAME or {name}:file=PATH"
        )
    reference = references[source]
    values, errors = LocalSecretReader(environ).read([reference])
    if reference not in values:
        raise click.UsageError(f"the secret {name}: {errors[reference]}")
    kept = reference.path if isinstance(reference, FileSecret) else value
    return name, values[reference], f"{source}:{kept}"


def _hidden(value: object, name: str = "") -> Sequence[tuple[str, Secret]]:
    if isinstance(value, Secret):
        return ((name, value),)
    if isinstance(value, Mapping):
        inside = name and f"{name}."
        return [found for key, inner in value.items() for found in _hidden(inner, f"{inside}{key}")]
    return ()

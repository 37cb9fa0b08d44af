"""Networks, volumes and secrets of a task."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence

from gitops.model.secret import Secret
from gitops.model.tasks import SecretNeed, TaskNetwork, TaskVolume
from gitops.spec.scope import text as as_text
from gitops.spec.tasks.table import Table
from gitops.spec.tasks.words import quoted
from gitops.spec.tasks.workplace import VOLUME

DEFAULT_NETWORK = "acb_default_network"
"""What all steps share when a task declares no network."""

_NETWORK = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def decode_networks(task: Table) -> tuple[TaskNetwork, ...]:
    """Return the networks of a task: one that all steps share when it declares none.

    Of several defaults the last counts. With networks and no default among them, a step that names
    none is in none of them, as in Azure.
    """
    tables = task.tables("networks")
    _unique(tables, "name", "network")
    found = [_network(table) for table in tables]
    last = max((at for at, each in enumerate(found) if each.default), default=-1)
    networks = [each._replace(default=at == last) for at, each in enumerate(found)]
    return tuple(networks) or (TaskNetwork(DEFAULT_NETWORK, default=True),)


def _network(table: Table) -> TaskNetwork:
    table.known(("name", "driver", "ipv6", "skipCreation", "isDefault"), {})
    name = _name(table, "name", _NETWORK, "a network's name has letters, digits and - . _")
    return TaskNetwork(
        name,
        table.text("driver", "bridge"),
        table.truth("ipv6"),
        table.truth("skipCreation"),
        table.truth("isDefault"),
    )


def decode_volumes(task: Table) -> tuple[TaskVolume, ...]:
    """Return the volumes of a task with the contents of their files."""
    tables = task.tables("volumes")
    _unique(tables, "name", "volume")
    return tuple([_volume(table) for table in tables])


def _volume(table: Table) -> TaskVolume:
    table.known(("name", "secret"), {})
    name = _name(table, "name", VOLUME, "a volume's name has letters, digits, - and _")
    return TaskVolume(name, _files(table))


def _files(table: Table) -> Mapping[str, Secret]:
    found = table.found.get("secret")
    if not isinstance(found, dict) or not found:
        hint = "write a mapping of file names to their contents in Base64"
        if "secret" in table.found:
            table.complain("secret", "expected a mapping of file names", hint)
        else:
            table.complain_at((), "secret is missing", hint)
        return {}
    files = {}
    for name, value in found.items():
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            hint = "a file stands in the volume's top folder: write a name without /"
            message = f"{quoted(name)} cannot be the name of a file"
            table.complain_at(("secret", name), message, hint, at_key=True)
            continue
        content = _decoded(value)
        if content is None:
            hint = "encode it, for example with {{ .Secrets.name | b64enc }}"
            table.complain_at(("secret", name), "the content is not Base64", hint)
        else:
            files[name] = Secret(content)
    return files


def _decoded(value: object) -> str | None:
    """Return the bytes of Base64 as characters (latin-1); none when it is something else."""
    if isinstance(value, dict | list) or value is None:
        return None
    written = "".join(as_text(value).split())
    try:
        return base64.b64decode(written, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return None


def decode_secrets(task: Table, lines: Sequence[int]) -> tuple[SecretNeed, ...]:
    """Return the secrets that a task declares; `lines` are those of the list's items."""
    tables = task.tables("secrets")
    _unique(tables, "id", "secret")
    return tuple([_secret(table, lines) for table in tables])


def _secret(table: Table, lines: Sequence[int]) -> SecretNeed:
    hints = {"keyVault": "did you mean 'keyvault'?", "clientId": "did you mean 'clientID'?"}
    table.known(("id", "keyvault", "clientID"), hints)
    name = table.text("id")
    if not name:
        table.complain_at(() if "id" not in table.found else ("id",), "a secret needs an id")
    elif any(character.isspace() for character in name):
        table.complain("id", f"{quoted(name)} holds a space", "write it without")
    client = table.text("clientID")
    if client and not _GUID.fullmatch(client):
        table.complain("clientID", f"{quoted(client)} is not a GUID", "remove it, or write one")
    number = table.path[-1]
    known = isinstance(number, int) and number < len(lines)
    return SecretNeed(name, table.text("keyvault"), client, lines[int(number)] if known else 1)


def _name(table: Table, key: str, form: re.Pattern[str], hint: str) -> str:
    name = table.text(key)
    if not name:
        table.complain_at((key,) if key in table.found else (), f"{key} is missing", hint)
    elif not form.fullmatch(name):
        table.complain(key, f"{quoted(name)} is not a name", hint)
    return name


def _unique(tables: Iterable[Table], key: str, what: str) -> None:
    seen: set[str] = set()
    for table in tables:
        value = table.found.get(key)
        if isinstance(value, str) and value in seen:
            table.complain(key, f"there are two {what}s {value!r}", "give each its own name")
        elif isinstance(value, str):
            seen.add(value)

"""Aliases: words after a `$` that stand for other text, and names of images in `cmd`.

Rules: https://learn.microsoft.com/azure/container-registry/container-registry-tasks-reference-yaml
(section Aliases) and https://github.com/Azure/acr-builder/blob/main/graph/preprocessor.go
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from gitops.spec.build import Values
from gitops.spec.findings import Finding, Path, dotted, shown
from gitops.spec.limits import FILE_BYTES
from gitops.spec.nearest import nearest
from gitops.spec.scope import text as as_text
from gitops.spec.tasks.given import Fetch, FetchError, TaskText
from gitops.spec.values import parse_values

_FACTS = (
    *("ID", "SharedVolume", "Registry", "RegistryName", "Date"),
    *("OS", "Architecture", "Commit", "Branch"),
)
IMAGES = MappingProxyType(
    {
        "acr": "mcr.microsoft.com/acr/acr-cli:0.19",
        "az": "mcr.microsoft.com/acr/azure-cli:fe316c9",
        "bash": "mcr.microsoft.com/acr/bash:fe316c9",
        "curl": "mcr.microsoft.com/acr/curl:fe316c9",
        "cssc": "mcr.microsoft.com/acr/cssc:fe316c9",
    }
)
"""Azure's images for common tools."""

# By `$`, which is all data even where `range` or `with` has made the dot something else.
_BUILT_IN = {**{name: f"{{{{$.Run.{name}}}}}" for name in _FACTS}, **IMAGES}
_ALPHANUMERIC = re.compile(r"[a-zA-Z0-9]+")
_KEYS = ("values", "src", "directive")


class Aliases(NamedTuple):
    """What each name stands for, and the character that comes before a name."""

    names: Mapping[str, str]
    directive: str = "$"


NONE = Aliases({})


class AliasReader(NamedTuple):
    """Reads an `alias` section; findings are appended as they are made."""

    source: TaskText
    fetch: Fetch
    findings: list[Finding]

    def read(self, section: Values) -> Aliases:
        """Return the aliases of a task file: its own values win, then later files, then ours."""
        found = section.get("alias")
        if found is None:
            return Aliases(_BUILT_IN)
        if not isinstance(found, dict):
            self._complain(("alias",), f"expected a mapping, found {shown(found)}")
            return Aliases(_BUILT_IN)
        for key in found.keys() - set(_KEYS):
            hint = nearest(str(key), _KEYS)
            self._complain(("alias", key), "unknown key", hint, at_key=True)
        names = {**_BUILT_IN}
        for number, name in enumerate(self._list(found.get("src"))):
            names |= self._file(("alias", "src", number), name)
        names |= self._names(("alias", "values"), found.get("values"))
        return Aliases(names, self._directive(found.get("directive")))

    def _list(self, found: object) -> list[object]:
        if found is None or isinstance(found, list):
            return found or []
        hint = "write a list: [...], or lines that begin with a dash"
        self._complain(("alias", "src"), f"expected a list, found {shown(found)}", hint)
        return []

    def _file(self, path: Path, name: object) -> Mapping[str, str]:
        if not isinstance(name, str) or not name:
            self._complain(path, f"expected a file or URL, found {shown(name)}")
            return {}
        text = self._text([name] if "://" in name else self._local(path, name), path)
        found = parse_values(text, name)
        if isinstance(found, dict):
            return self._names(path, found)
        self._complain(path, f"the aliases cannot be read: {found[0]}")
        return {}

    def _text(self, places: Sequence[str], path: Path) -> str:
        """Return the text at the first place that has one; without any, the first error counts."""
        failed: FetchError | None = None
        for where in places:
            try:
                return self.fetch(where)
            except FetchError as error:
                failed = failed or error
        if failed is not None:
            self._complain(path, f"the aliases cannot be read: {failed}")
        return ""

    def _local(self, path: Path, name: str) -> Sequence[str]:
        """Return where a file may be: beside the task's, or at the top of all, as in Azure."""
        normal = posixpath.normpath(name)
        if normal.startswith(("/", "../")) or normal == "..":
            hint = "write a path below it, or a URL"
            self._complain(path, f"{shown(name)} leaves the folder of the task file", hint)
            return ()
        return tuple(dict.fromkeys((posixpath.join(self.source.folder, normal), normal)))

    def _names(self, path: Path, found: object) -> Mapping[str, str]:
        names: dict[str, str] = {}
        if found is not None and not isinstance(found, dict):
            self._complain(path, f"expected a mapping, found {shown(found)}")
            return names
        for key, value in (found or {}).items():
            if not _ALPHANUMERIC.fullmatch(key):
                hint = "use letters and digits only"
                message = f"{shown(key)} cannot be the name of an alias"
                self._complain((*path, key), message, hint, at_key=True)
            elif value is None or isinstance(value, dict | list):
                self._complain((*path, key), f"expected text, found {shown(value)}")
            else:
                names[key] = as_text(value)
        return names

    def _directive(self, found: object) -> str:
        if found is None:
            return "$"
        if isinstance(found, str) and len(found) == 1 and not _ALPHANUMERIC.match(found):
            return found
        hint = "write one character that is neither a letter nor a digit, such as '$' or '&'"
        self._complain(("alias", "directive"), f"{shown(found)} cannot stand for $", hint)
        return "$"

    def _complain(self, path: Path, message: str, hint: str = "", *, at_key: bool = False) -> None:
        self.findings.append(Finding(path, f"{dotted(path)}: {message}", hint, at_key=at_key))


def replaced(text: str, aliases: Aliases) -> str | None:
    """Return a text with aliases in their place; an unknown one stays as it is written.

    The directive twice is the directive itself. What an alias stands for is not read again. None
    when what is put in has more than `FILE_BYTES` characters.
    """
    mark = re.escape(aliases.directive)
    room = FILE_BYTES

    def one(match: re.Match[str]) -> str:
        nonlocal room
        name: str | None = match.group(1)
        found = aliases.directive if name is None else aliases.names.get(name, match.group())
        room -= len(found)
        return found if room >= 0 else ""

    result = re.sub(rf"{mark}(?:{mark}|([a-zA-Z0-9]+))", one, text)
    return result if room >= 0 else None


def image_names(aliases: Aliases) -> Mapping[str, str]:
    """Return the names that need no directive as the first word of `cmd`."""
    return {name: value for name, value in aliases.names.items() if "{{" not in value}

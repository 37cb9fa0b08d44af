"""What decoding one document needs around it: the project, the folder, and a place for findings."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.model.secret import EnvSecret, FileSecret, SecretRef
from gitops.spec.findings import Finding, Path, dotted, shown
from gitops.spec.units import YEAR, seconds

if TYPE_CHECKING:  # a task file has none, and would wait for all kinds of resources
    from gitops.model.resources import Credentials

Spec = Mapping[str, Any]

Reader = Callable[[str, int], str | Diagnostic]
"""Gives the text of the file at an absolute path, of at most so many bytes, or what is wrong."""


def no_files(path: str, _limit: int) -> Diagnostic:
    """Refuse to read: the reader of a load that looks at no disk."""
    return Diagnostic(Severity.ERROR, Span(path), "no file can be read beside a text without one")


class Scope(NamedTuple):
    """`folder` is the absolute folder of the spec file; findings are appended as they are made.

    `values` are those of templates, `read` gives the files that a spec takes in.
    """

    project: str
    folder: str
    findings: list[Finding]
    values: Mapping[str, object] = {}
    read: Reader = no_files

    def complain(self, path: Path, message: str, hint: str = "", *, at_key: bool = False) -> None:
        """Note an error at the value at `path`, or at its key."""
        self.findings.append(Finding(path, f"{dotted(path)}: {message}", hint, at_key=at_key))

    def warn(self, path: Path, message: str, hint: str = "") -> None:
        """Note a warning at the value at `path`."""
        text = f"{dotted(path)}: {message}"
        self.findings.append(Finding(path, text, hint, severity=Severity.WARNING))

    def absolute(self, path: str) -> str:
        """Return `path` as an absolute one; a relative one starts at the spec file's folder."""
        return os.path.normpath(os.path.join(self.folder, path))  # noqa: PTH118 - Path costs 10 us

    def secret(self, found: Spec) -> SecretRef:
        """Return the reference that `{env: NAME}` or `{file: path}` spells."""
        if "env" in found:
            return EnvSecret(found["env"])
        return FileSecret(self.absolute(found["file"]))

    def credentials(self, found: Spec) -> Credentials:
        """Return a user name with the reference to its password."""
        from gitops.model.resources import Credentials  # noqa: PLC0415 - see above

        return Credentials(found["username"], self.secret(found["password"]))

    def duration(self, spec: Spec, path: Path, default: str) -> float:
        """Return the seconds of the duration under the last key of `path`."""
        value = seconds(spec.get(str(path[-1]), default))
        if value > YEAR:
            self.complain(path, "longer than 366 days", "write a shorter duration")
        return value

    def contents(self, path: Path, name: str, limit: int) -> str:
        """Return the text of the file `name`, named at `path`; one that cannot be had is an error.

        `limit` is its most bytes.
        """
        found = self.read(self.absolute(name), limit)
        if isinstance(found, str):
            return found
        self.complain(path, f"the file {name[:200]}: {found.message}", found.hint)
        return ""

    def inside(self, path: Path, text: str) -> str:
        """Return a path inside a build context, normal; one that leaves it is an error."""
        normal = os.path.normpath(text)
        if normal == ".." or normal.startswith(("/", "../")):
            hint = "write a relative path below the folder that is built"
            self.complain(path, f"{shown(text)} leaves the build context", hint)
        return normal


def text(value: object) -> str:
    """Return a scalar as it was written: `1.10`, `true`, `8080`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def texts(found: Spec) -> Mapping[str, str]:
    """Return a mapping with each value as it was written."""
    return {key: text(value) for key, value in found.items()} if found else EMPTY


EMPTY: Mapping[str, str] = {}

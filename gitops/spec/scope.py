"""What decoding one document needs around it: the project, the folder, and a place for findings."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from gitops.model.diagnostics import Severity
from gitops.model.resources import Credentials
from gitops.model.secret import EnvSecret, FileSecret, SecretRef
from gitops.spec.findings import Finding, Path, dotted, shown
from gitops.spec.units import YEAR, seconds

Spec = Mapping[str, Any]


class Scope(NamedTuple):
    """`folder` is the absolute folder of the spec file; findings are appended as they are made."""

    project: str
    folder: str
    findings: list[Finding]

    def complain(self, path: Path, message: str, hint: str = "") -> None:
        """Note an error at the value at `path`."""
        self.findings.append(Finding(path, f"{dotted(path)}: {message}", hint))

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
        return Credentials(found["username"], self.secret(found["password"]))

    def duration(self, spec: Spec, path: Path, default: str) -> float:
        """Return the seconds of the duration under the last key of `path`."""
        value = seconds(spec.get(str(path[-1]), default))
        if value > YEAR:
            self.complain(path, "longer than 366 days", "write a shorter duration")
        return value

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

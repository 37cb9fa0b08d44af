"""What is wrong with something the user wrote: collected and returned, never raised half way."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad it is: an error stops everything, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Span(NamedTuple):
    """A place in a file; line and column count from 1, and column counts characters."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Diagnostic(NamedTuple):
    """One finding: where, what was wanted, what was found, and in `hint` what to do."""

    severity: Severity
    span: Span
    message: str
    hint: str = ""
    path: str = ""
    """The place inside the document as a JSON Pointer (RFC 6901), when there is one."""

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.span}: {self.severity}: {self.message}{tail}"


def has_errors(diagnostics: tuple[Diagnostic, ...]) -> bool:
    """Say whether any of them is an error."""
    return any(found.severity is Severity.ERROR for found in diagnostics)

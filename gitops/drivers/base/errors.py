"""The one error that drivers raise, and the flag by which work is called off."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Protocol


class ErrorKind(StrEnum):
    """What kind of failure it was; decides whether trying again can help."""

    UNREACHABLE = "unreachable"
    DENIED = "denied"
    MISSING = "missing"
    INVALID = "invalid"
    FAILED = "failed"
    TIMEOUT = "timeout"
    DISK_FULL = "disk full"
    CONFLICT = "conflict"
    CANCELLED = "cancelled"


class DriverError(Exception):
    """An outside program, service or file did not do what was asked.

    `what` names the thing and what was wanted of it, `detail` holds what it answered (already
    redacted), in as many lines as help.
    """

    def __init__(self, kind: ErrorKind, what: str, detail: str = "") -> None:
        super().__init__(kind, what, detail)
        self.kind = kind
        self.what = what
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.what}: {self.detail}" if self.detail else self.what


class Cancel(Protocol):
    """A flag that another thread may raise (`threading.Event` is one)."""

    def is_set(self) -> bool:
        """Say whether the work is to be given up."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds; return at once, with true, when the flag is raised."""
        ...


Output = Callable[[str], None]
"""Takes one line of a step's log, without its line end, already redacted."""

"""What goes wrong in a template: with its place, and before its place is known."""

from __future__ import annotations


class TemplateFault(Exception):  # noqa: N818 - a fault of the template's, not an error of ours
    """A template that cannot be rendered: where (both from 1), why, and what to do about it.

    `missing` is the key that was not given, if that is why.
    """

    def __init__(
        self, message: str, line: int = 1, column: int = 1, hint: str = "", missing: str = ""
    ) -> None:
        super().__init__(f"{line}:{column}: {message}{f' ({hint})' if hint else ''}")
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint
        self.missing = missing


class Complaint(Exception):  # noqa: N818 - it becomes a TemplateFault once its place is known
    """What a function or a value complains of; whoever knows the place makes a fault of it."""

    def __init__(self, message: str, hint: str = "", missing: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.missing = missing


def fault_at(
    text: str, offset: int, message: str, hint: str = "", missing: str = ""
) -> TemplateFault:
    """Return the fault at an offset of the text, which it turns into line and column."""
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return TemplateFault(message, line, column, hint, missing)

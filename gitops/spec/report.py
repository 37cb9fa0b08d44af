"""Findings as text, as JSON, and as annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gitops.model.diagnostics import Diagnostic, Severity

_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def as_text(diagnostics: Iterable[Diagnostic]) -> str:
    """Return `file:line:column: error: message` lines, each with its hint on a line of its own."""
    lines = []
    for found in diagnostics:
        lines.append(f"{found.span}: {found.severity}: {_one_line(found.message)}")
        if found.hint:
            lines.append(f"    hint: {_one_line(found.hint)}")
    return "".join(f"{line}\n" for line in lines)


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """Return a JSON list of {severity, file, line, column, path, message, hint}."""
    return json.dumps(
        [
            {
                "severity": str(found.severity),
                "file": found.span.file,
                "line": found.span.line,
                "column": found.span.column,
                "path": found.path,
                "message": found.message,
                "hint": found.hint,
            }
            for found in diagnostics
        ],
        indent=2,
        ensure_ascii=False,
    )


def as_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return workflow commands, which GitHub shows beside the lines of a pull request.

    Format: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands;
    escapes: https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    return "".join(f"{_annotation(found)}\n" for found in diagnostics)


def _annotation(found: Diagnostic) -> str:
    message = f"{found.message}\n{found.hint}" if found.hint else found.message
    place = f"file={_property(found.span.file)},line={found.span.line},col={found.span.column}"
    return f"::{_GITHUB[found.severity]} {place}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _one_line(text: str) -> str:
    return " ".join(text.split())

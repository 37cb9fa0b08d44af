"""Bytes of a file to text: UTF-8, without NUL, without control characters."""

from __future__ import annotations

import re

from gitops.model.diagnostics import Diagnostic, Severity, Span

_BYTE_ORDER_MARK = "\ufeff"
# https://yaml.org/spec/1.2.2/#51-character-set
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def decoded(raw: bytes, file: str) -> str | Diagnostic:
    """Return the text of a file, without a byte order mark, or what is wrong with it."""
    try:
        text = raw.decode().removeprefix(_BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode().removeprefix(_BYTE_ORDER_MARK)
        return Diagnostic(
            Severity.ERROR,
            _span(before, len(before), file),
            f"not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}",
            "save the file as UTF-8",
        )
    return control_character(text, file) if "\0" in text else text


def control_character(text: str, file: str) -> Diagnostic:
    """Return the finding for the first character that YAML does not allow."""
    match = _FORBIDDEN.search(text)
    where = match.start() if match else 0
    name = f"U+{ord(match.group()):04X}" if match else "a character"
    if name == "U+0000":
        name = "a NUL character (U+0000)"
    return Diagnostic(
        Severity.ERROR,
        _span(text, where, file),
        f"{name} is not allowed in YAML",
        "remove it, or write it as an escape in double quotes",
    )


def _span(text: str, position: int, file: str) -> Span:
    line = text.count("\n", 0, position) + 1
    return Span(file, line, position - (text.rfind("\n", 0, position) + 1) + 1)

"""Reads Go's literals: quoted and raw strings, characters, integers and floats.

The format is that of https://go.dev/ref/spec#Lexical_elements.
"""

from __future__ import annotations

import re

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.values import character, whole

ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))",
    re.DOTALL,
)
BYTE = 0xFF
SINGLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])*|[1-9](?:_?\d)*)", re.ASCII
)
FLOAT = re.compile(
    r"[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d+)?", re.ASCII
)


def read_string(text: str) -> str:
    """Return what a string literal, quotes included, stands for; complain about a bad escape."""
    if text[0] == "`":
        return text[1:-1].replace("\r", "")
    return _unescaped(text[1:-1], forbidden="'")


def read_char(text: str) -> int:
    """Return the code point of a character literal, quotes included."""
    char = _unescaped(text[1:-1], forbidden='"')
    if len(char) != 1:
        raise Complaint(f"{text} is not one character", 'a text is written in double quotes: "..."')
    return ord(char)


def read_number(text: str) -> int | float:
    """Return the integer or float that a number literal stands for."""
    if INTEGER.fullmatch(text):
        digits = text.replace("_", "").lower()
        if re.fullmatch(r"[+-]?0[0-7]+", digits):
            return whole(int(digits, 8))
        # Python limits the digits it converts; no number that fits comes near that.
        return whole(int(digits[:100], 0))
    if FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    raise Complaint(f"{text[:50]} is not a number", 'a text is written in double quotes: "..."')


def _unescaped(text: str, forbidden: str) -> str:
    """Work in bytes: three of them, in hexadecimal, may be one character."""

    def replaced(match: re.Match[str]) -> str:
        single, byte, short, long, octal, other = match.groups()
        if other is not None or single == forbidden:
            raise Complaint(f"{match.group()} is not an escape that Go knows", "write \\\\ for \\")
        if single:
            return chr(SINGLE[single])
        code = int(octal, 8) if octal else int(byte or short or long, 16)
        if byte or (octal and code <= BYTE):
            return bytes([code]).decode("utf-8", "surrogateescape")
        if octal:
            raise Complaint(f"{match.group()} is not a byte")
        return character(code)

    done = ESCAPE.sub(replaced, text)
    try:
        return done.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        raise Complaint("the text is not UTF-8", "check its \\x escapes") from None

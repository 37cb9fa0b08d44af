"""Sprig's functions of upper and lower case, and of the ways to join words.

Sources: https://masterminds.github.io/sprig/strings.html and https://github.com/huandu/xstrings,
whose rules for words and digits Sprig uses.
"""

from __future__ import annotations

import re

from gitops.spec.gotemplate.signature import Function

SEPARATORS = re.compile(r"[_\s-]")
ACRONYM = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])")
HUMP = re.compile(r"([a-z0-9])([A-Z])")
DIGITS = re.compile(r"^([A-Za-z]+)([0-9]+[a-z])")


def title(text: str) -> str:
    """Return a text with the first letter of each word in upper case, and the rest as it is."""
    return re.sub(r"(?<!\w)\w", lambda match: match.group().upper(), text)


def untitle(text: str) -> str:
    """Return a text with the first letter of each word in lower case."""
    return re.sub(r"(?<!\S)\S", lambda match: match.group().lower(), text)


def snake(text: str, joint: str = "_") -> str:
    """Return a text as snake_case: `HTTPServer` is `http_server`, `http2xx` is `http_2xx`."""
    humps = HUMP.sub(r"\1_\2", ACRONYM.sub("_", SEPARATORS.sub("_", text)))
    words = [DIGITS.sub(r"\1_\2", word) for word in humps.split("_")]
    return "_".join(words).lower().replace("_", joint)


def camel(text: str) -> str:
    """Return a text as CamelCase: `http_server` is `HttpServer`; joints at its ends stay."""
    core = text.strip("_- ")
    if not core:
        return text
    start = text.index(core)
    words = [word for word in SEPARATORS.split(core) if word]
    return text[:start] + "".join(map(_capital, words)) + text[start + len(core) :]


def _capital(word: str) -> str:
    return word[:1].upper() + (word[1:].lower() if word.isupper() else word[1:])


FUNCTIONS = {
    "upper": Function(str.upper, "s"),
    "lower": Function(str.lower, "s"),
    "title": Function(title, "s"),
    "untitle": Function(untitle, "s"),
    "swapcase": Function(str.swapcase, "s"),
    "snakecase": Function(snake, "s"),
    "kebabcase": Function(lambda text: snake(text, "-"), "s"),
    "camelcase": Function(camel, "s"),
}

"""Sprig's functions of regular expressions (https://masterminds.github.io/sprig/strings.html)."""

from __future__ import annotations

import re

from gitops.spec.gotemplate.limits import check_items, check_size
from gitops.spec.gotemplate.patterns import compiled
from gitops.spec.gotemplate.signature import Function

REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)
SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def find(pattern: str, text: str) -> str:
    """Return the first match, or an empty text."""
    match = compiled(pattern, text).search(text)
    return match.group() if match else ""


def find_all(pattern: str, text: str, most: int) -> list[object]:
    """Return the matches, at most so many, all for a negative number."""
    found: list[object] = []
    for match in compiled(pattern, text).finditer(text):
        if len(found) == most:
            break
        found.append(match.group())
        check_items(len(found))
    return found


def replace_all(pattern: str, text: str, new: str) -> str:
    """Return a text with each match replaced; `$1`, `${1}` and `${name}` stand for groups."""
    total = 0

    def expanded(match: re.Match[str]) -> str:
        nonlocal total
        done = REFERENCE.sub(lambda reference: _group(match, reference), new)
        total += len(done)
        check_size(total)
        return done

    return compiled(pattern, text).sub(expanded, text)


def _group(match: re.Match[str], reference: re.Match[str]) -> str:
    dollar, braced, bare = reference.groups()
    if dollar:
        return "$"
    name = str(braced or bare)
    if name.isdigit():
        number = int(name[:9])
        return (match[number] or "") if number <= match.re.groups else ""
    return match.groupdict().get(name) or ""


def replace_literal(pattern: str, text: str, new: str) -> str:
    """Return a text with each match replaced by the new text as it stands."""
    return replace_all(pattern, text, new.replace("$", "$$"))


def split(pattern: str, text: str, most: int) -> list[object]:
    """Return the parts between matches, at most so many, all for a negative number."""
    if most == 0:
        return []
    begin, parts = 0, list[object]()
    for match in compiled(pattern, text).finditer(text):
        if 0 < most <= len(parts) + 1:
            break
        if match.end() == 0 or (match.start() == match.end() == len(text)):
            continue
        parts.append(text[begin : match.start()])
        begin = match.end()
        check_items(len(parts))
    return [*parts, text[begin:]]


FUNCTIONS = {
    "regexMatch": Function(lambda pattern, text: bool(compiled(pattern, text).search(text)), "ss"),
    "regexFind": Function(find, "ss"),
    "regexFindAll": Function(find_all, "ssi"),
    "regexReplaceAll": Function(replace_all, "sss"),
    "regexReplaceAllLiteral": Function(replace_literal, "sss"),
    "regexSplit": Function(split, "ssi"),
    "regexQuoteMeta": Function(lambda text: SPECIAL.sub(r"\\\g<0>", text), "s"),
}

"""Version ranges as in npm and Flux: `>=1.2 <2`, `^1.2`, `~1.2`, `1.x`, `1.2.3`, joined by `||`.

Grammar: https://github.com/npm/node-semver#ranges. Versions are compared by https://semver.org/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from semver import Version

from gitops.model.globs import one_glob

_TERM = re.compile(r"(\^|~|>=|<=|>|<|=)?\s*v?([0-9xX*][^\s,|]*)")
_PART = re.compile(r"(?:[0-9]+|[xX*])$")

PARTS = 3
"""Numbers of a whole version."""


class Bounds(NamedTuple):
    """Versions from `low` (within) to `high` (without); None is no bound.

    `preview` is the pre-release that the term names, if it names one.
    """

    low: Version | None
    high: Version | None
    preview: Version | None = None


Range = tuple[tuple[Bounds, ...], ...]
"""Any of the outer, all of the inner."""


def parse_range(text: str) -> Range:
    """Return what `text` allows. Raises `ValueError` with a sentence for the user."""
    return tuple(_all_of(part, text) for part in text.split("||"))


def parse_version(tag: str) -> Version | None:
    """Return the version that a tag names (`v1.2.3`, `1.2.3`), or None."""
    try:
        return Version.parse(tag.removeprefix("v"))
    except ValueError:
        return None


def newest(tags: Iterable[str], wanted: str) -> str | None:
    """Return the tag with the highest version in the range `wanted`, or None."""
    allowed = parse_range(wanted)
    versions = ((parse_version(tag), tag) for tag in tags)
    fitting = [(v, tag) for v, tag in versions if v is not None and _fits(v, allowed)]
    return max(fitting)[1] if fitting else None


def newest_tag(tags: Iterable[str], wanted: str) -> str | None:
    """Return the newest of `tags` that `wanted` names: a glob (`v*`, `app-v1.*`) or a range.

    A glob has a wildcard and none of a range's signs, and is no `1.*`. Tags that end in a version
    (`v1.2.3`, `app-1.2.3-rc.1`) are compared by it and are newer than others, which are compared
    with their numbers as numbers. A glob takes pre-releases too, where it matches them.
    """
    if not _GLOB.fullmatch(wanted) or _X_RANGE.fullmatch(wanted):
        try:
            return newest(tags, wanted)
        except ValueError:  # a plain name, which stands for itself
            return wanted if wanted in set(tags) else None
    regex = one_glob(wanted)
    return max((tag for tag in tags if regex.fullmatch(tag)), key=_age, default=None)


def check_range(wanted: str) -> None:
    """Raise `ValueError`, with a sentence for the user, for what is no range of versions."""
    parse_range(wanted)


def check_tags(wanted: str) -> None:
    """Raise `ValueError`, with a sentence for the user, for what `newest_tag` could never find."""
    if _GLOB.fullmatch(wanted):
        one_glob(wanted)
    elif not _NAME.fullmatch(wanted):
        parse_range(wanted)


_NAME = re.compile(r"[^\s~^:?*\[\\<>=|]+")
"""What a tag may be called, near enough: https://git-scm.com/docs/git-check-ref-format."""
_GLOB = re.compile(r"[^<>=^~|\s]*[*?\[][^<>=~|\s]*")
_X_RANGE = re.compile(r"\d+(?:\.\d+)?\.\*")
_ENDS_IN = re.compile(r"(?:^|[^\d.])(\d+\.\d+\.\d+(?:[-+].*)?)$")


def _age(tag: str) -> tuple[bool, Version, list[tuple[int, str]]]:
    """Return what tags are ordered by: those with a version last, others by text and numbers."""
    found = _ENDS_IN.search(tag)
    version = parse_version(found[1]) if found else None
    parts = [(int(p), "") if p.isdigit() else (-1, p) for p in re.findall(r"[0-9]+|[^0-9]+", tag)]
    return version is not None, version or Version(0), parts


def _fits(version: Version, allowed: Range) -> bool:
    return any(
        all(_within(version, bounds) for bounds in terms) and _stable(version, terms)
        for terms in allowed
    )


def _within(version: Version, bounds: Bounds) -> bool:
    return (bounds.low is None or version >= bounds.low) and (
        bounds.high is None or version < bounds.high
    )


def _stable(version: Version, terms: tuple[Bounds, ...]) -> bool:
    """Keep pre-releases out unless one of the same release is named: `>=1` is never 2.0.0-rc."""
    named = {term.preview.finalize_version() for term in terms if term.preview}
    return version.prerelease is None or version.finalize_version() in named


def _all_of(part: str, text: str) -> tuple[Bounds, ...]:
    rest = _TERM.sub("", part).replace(",", "").strip()
    terms = _TERM.findall(part)
    if rest or not terms:
        raise ValueError(
            f"{text!r} is not a version range: write for instance ^1.2, ~1.2, 1.x or >=1.2 <2"
        )
    return tuple(_bounds(operator, version, text) for operator, version in terms)


def _bounds(operator: str, version: str, text: str) -> Bounds:
    core, _, extra = version.partition("-")
    parts = core.split("+")[0].split(".")
    if len(parts) > PARTS or not all(map(_PART.match, parts)):
        raise ValueError(f"{version!r} in the version range {text!r} is not a version")
    known = [int(part) for part in _known(parts)]
    low = _version(known, extra)
    above = _above(operator, known)
    whole = len(known) == PARTS
    preview = low if extra else None
    match operator:
        case ">=":
            return Bounds(low, None, preview)
        case "<":
            return Bounds(None, low, preview)
        case ">":
            return Bounds(_next(low) if whole else above, None, preview)
        case "<=":
            return Bounds(None, _next(low) if whole else above, preview)
        case _ if whole and operator in ("", "="):
            return Bounds(low, _next(low), preview)
    return Bounds(low, above, preview)


def _known(parts: list[str]) -> list[str]:
    wild = next((i for i, part in enumerate(parts) if part in "xX*"), len(parts))
    return parts[:wild]


def _version(known: list[int], extra: str = "") -> Version:
    major, minor, patch = (*known, 0, 0, 0)[:3]
    return Version(major, minor, patch, extra or None)


def _next(version: Version) -> Version:
    """Return the lowest version above `version`."""
    if version.prerelease:
        return version.replace(prerelease=f"{version.prerelease}.0")
    return Version(version.major, version.minor, version.patch + 1, "0")


def _above(operator: str, known: list[int]) -> Version | None:
    """Return the lowest version that is too high: the next one at the place that may not change."""
    if not known:
        return None
    place = len(known) - 1
    if operator == "^":
        place = next((i for i, number in enumerate(known) if number), len(known) - 1)
    elif operator == "~":
        place = min(1, place)
    return _version([*known[:place], known[place] + 1], "0")

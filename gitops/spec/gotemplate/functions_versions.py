"""Sprig's semver functions, with the constraints of https://github.com/Masterminds/semver."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitops.spec.gotemplate.faults import Complaint
from gitops.spec.gotemplate.printing import quote
from gitops.spec.gotemplate.signature import Function

if TYPE_CHECKING:
    from semver import Version

LOOSE = re.compile(
    r"v?([0-9]{1,18})(?:\.([0-9]{1,18}))?(?:\.([0-9]{1,18}))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
)
RULE = re.compile(
    r"\s*(=|==|!=|>=|=>|<=|=<|>|<|~>|~|\^)?\s*v?([0-9]{1,18}|[xX*])(?:\.([0-9]{1,18}|[xX*]))?"
    r"(?:\.([0-9]{1,18}|[xX*]))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\s*(?:,|(?=\s)|$)"
)
HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
LENGTH = 256
ALIASES = {"": "=", "==": "=", "=>": ">=", "=<": "<=", "~>": "~"}

Test = Callable[["Version"], bool]


def version(text: str) -> Version:
    """Return a version; a leading v and missing numbers are allowed. Complain about other texts."""
    from semver import Version  # noqa: PLC0415 - 45 ms, and few templates compare versions

    match = LOOSE.fullmatch(text) if len(text) <= LENGTH else None
    if match is None:
        raise Complaint(f"{quote(text[:50])} is not a version", "a version looks like 1.2.3")
    numbers = ".".join(str(int(number or 0)) for number in match.groups()[:3])
    try:
        return Version.parse(f"{numbers}{match[4] or ''}{match[5] or ''}")
    except ValueError:
        raise Complaint(f"{quote(text)} is not a version", "a version looks like 1.2.3") from None


class Parts(dict[str, object]):
    """A version by its parts, which is printed as a version."""

    def __str__(self) -> str:
        """Return the version as it is usually written."""
        return str(version(str(self["Original"])))


def parts(text: str) -> Parts:
    """Return the parts of a version under the names that Go's type has."""
    found = version(text)
    return Parts(
        Major=found.major,
        Minor=found.minor,
        Patch=found.patch,
        Prerelease=found.prerelease or "",
        Metadata=found.build or "",
        Original=text,
    )


def compare(constraint: str, text: str) -> bool:
    """Return whether a version satisfies a constraint: `^1.2 || >=3, <4`."""
    if len(constraint) > LENGTH:
        raise Complaint(f"the constraint is longer than {LENGTH} characters")
    found = version(text)
    choices = [_rules(each) for each in constraint.split("||")]
    return any(all(rule(found) for rule in rules) for rules in choices)


def _rules(text: str) -> list[Test]:
    text = HYPHEN.sub(r">=\1 <=\2", text)
    at, rules = 0, list[Test]()
    while at < len(text.rstrip()):
        match = RULE.match(text, at)
        if match is None:
            raise Complaint(f"{quote(text)} is not a constraint", 'write as ">=1.2, <2" or "^1.2"')
        rules.append(_rule(match))
        at = match.end()
    if not rules:
        raise Complaint("the constraint is empty", 'any version is "*"')
    return rules


def _rule(match: re.Match[str]) -> Test:
    """Read one comparison as a range: from `low`, up to but not including `high`."""
    sign = ALIASES.get(match[1] or "", match[1])
    given = [int(word) for word in match.groups()[1:4] if word and word not in "xX*"]
    low = version(".".join(map(str, [*given, 0, 0, 0][:3])) + (match[5] or ""))
    high = _end(sign, given)

    def test(found: Version) -> bool:
        if found.prerelease and not low.prerelease:
            return False
        above, below = found >= low, high is None or found.finalize_version() < high
        return {
            "!=": not (above and below) if len(given) < 3 else found != low,  # noqa: PLR2004
            ">": not below if len(given) < 3 else found > low,  # noqa: PLR2004
            "<": not above,
            ">=": above,
            "<=": below if len(given) < 3 else found <= low,  # noqa: PLR2004
            "=": above and below if len(given) < 3 else found == low,  # noqa: PLR2004
        }.get(sign, above and below)

    return test


def _end(sign: str, given: list[int]) -> Version | None:
    """Return where the range of a comparison ends; None when every version above is in it."""
    if not given:
        return None
    if sign == "^":
        place = next((at for at, number in enumerate(given) if number), len(given) - 1)
    else:
        place = min(len(given) - 1, 1) if sign == "~" else len(given) - 1
    return version(".".join(map(str, [*given[:place], given[place] + 1, 0, 0][:3])))


FUNCTIONS = {
    "semver": Function(parts, "s"),
    "semverCompare": Function(compare, "ss"),
}

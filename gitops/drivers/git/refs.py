"""What a remote says it has, read with suspicion: a name that git would not make is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class Listing(Enum):
    """How much a remote is asked to list, with the arguments of `git ls-remote`.

    Protocol 2 lets a client ask for prefixes, so a remote with thousands of pull requests sends
    none of them to who follows named branches and tags. `git ls-remote` asks for no prefix when
    HEAD is wanted too, which is who follows the default branch.
    """

    NAMED = ("--heads", "--tags")
    WITH_DEFAULT = ()
    WITH_PULLS = ("",)

    @property
    def options(self) -> Sequence[str]:
        """What comes before the address."""
        return [option for option in self.value if option]

    @property
    def patterns(self) -> Sequence[str]:
        """What comes after it: the refs that are printed."""
        match self:
            case Listing.NAMED:
                return ()
            case Listing.WITH_DEFAULT:
                return _PLAIN
            case Listing.WITH_PULLS:
                return (*_PLAIN, *_PULLS)

    @property
    def enough(self) -> Sequence[Listing]:
        """Which older listings serve as well when the remote cannot be asked."""
        wide = (Listing.WITH_DEFAULT, Listing.WITH_PULLS)
        return (self, *wide) if self is Listing.NAMED else (self, *reversed(wide))


_PLAIN = ("HEAD", "refs/heads/*", "refs/tags/*")
_PULLS = ("refs/pull/*/head", "refs/merge-requests/*/head", "refs/pull-requests/*/from")


class Pull(NamedTuple):
    """A pull request: its number, its newest commit, and the ref that leads to it."""

    number: int
    commit: str
    ref: str


class Refs(NamedTuple):
    """What a remote has: commits by branch and by tag (peeled), and its default branch.

    `pulls` are there only if they were asked for.
    """

    branches: Mapping[str, str]
    tags: Mapping[str, str]
    default: str
    pulls: Mapping[int, Pull] = MappingProxyType({})

    def newest_pulls(self, limit: int, known: str) -> list[Pull]:
        """Return pull requests by falling number, without those whose commit is `known`."""
        pulls = sorted(self.pulls.values(), reverse=True)
        return [pull for pull in pulls if pull.commit != known][:limit]


_OBJECT = re.compile(r"[0-9a-f]{40}")
# GitHub, Gitea and Forgejo; GitLab; Bitbucket Server.
_PULL = re.compile(
    r"refs/(?:pull/([1-9]\d{0,9})/head|merge-requests/([1-9]\d{0,9})/head"
    r"|pull-requests/([1-9]\d{0,9})/from)",
    re.ASCII,
)
# https://git-scm.com/docs/git-check-ref-format, and no leading dash.
_BAD = re.compile(r"[\x00-\x20\x7f-\x9f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-./]|[./]$|^@$")
LONGEST_NAME = 1024


def well_formed(name: str) -> bool:
    """Say whether `name` (without `refs/heads/`) may be the name of a branch or tag."""
    return 0 < len(name) <= LONGEST_NAME and _BAD.search(name) is None


def parse_refs(text: str) -> Refs:
    """Read what `git ls-remote --symref` prints.

    Format: https://git-scm.com/docs/git-ls-remote (`<oid> TAB <ref>`, `ref: <target> TAB HEAD`; a
    `^{}` after an annotated tag names the commit that it points to).
    """
    branches: dict[str, str] = {}
    tags: dict[str, str] = {}
    pulls: dict[int, Pull] = {}
    default = ""
    for line in text.split("\n"):  # a ref may hold what splitlines takes for the end of a line
        value, _, ref = line.partition("\t")
        if value.startswith("ref: refs/heads/") and ref == "HEAD":
            default = value.removeprefix("ref: refs/heads/")
        if not _OBJECT.fullmatch(value):
            continue
        kind, name = _named(ref)
        if kind == "heads":
            branches[name] = value
        elif kind == "tags":
            # The peeled line comes after the tag's own, and takes its place.
            tags[name] = value
        elif found := _PULL.fullmatch(ref):
            number = int(next(group for group in found.groups() if group))
            pulls[number] = Pull(number, value, ref)
    return Refs(branches, tags, default if well_formed(default) else "", pulls)


def _named(ref: str) -> tuple[str, str]:
    for kind in ("heads", "tags"):
        if ref.startswith(f"refs/{kind}/"):
            name = ref.removeprefix(f"refs/{kind}/")
            name = name.removesuffix("^{}") if kind == "tags" else name
            return (kind, name) if well_formed(name) else ("", "")
    return "", ""

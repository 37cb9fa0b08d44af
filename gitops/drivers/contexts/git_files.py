"""A commit of a git repository, read from the mirror without being checked out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.contexts.files import LARGEST, Facts, RunFiles, too_large
from gitops.drivers.git.access import Remote, access, remote_of, split_url
from gitops.drivers.git.listing import Located, Tree, nearest
from gitops.drivers.git.look import look_at
from gitops.drivers.git.mirror import Mirror, config_file, mirror
from gitops.drivers.git.program import git, objects
from gitops.drivers.git.sending import Terms, lost, send, terms_of
from gitops.drivers.git.wanted import GitWanted
from gitops.drivers.sources.context_tree import (
    FILE,
    LINK,
    PROGRAM,
    TarStream,
    above,
    relative,
    select,
)
from gitops.drivers.sources.ignore import Matcher
from gitops.model.secret import Secrets
from gitops.model.sources import Source

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class GitFiles(NamedTuple):
    """The files of a commit's folder by path."""

    files: Mapping[str, Located]
    terms: Terms
    location: str

    def content(self, path: str) -> bytes | None:
        """Return a file; see `Files`."""
        for place in (*above(path), path):
            if place in self.files and self.files[place].entry.mode == LINK:
                raise DriverError(
                    ErrorKind.INVALID,
                    f"{path!r} goes through the symbolic link {place!r} in {self.location}",
                    "name the file itself",
                )
        found = self.files.get(path)
        if found is None or found.entry.mode not in (FILE, PROGRAM):
            return None
        with objects(found.mirror.folder, found.mirror.env) as reader:
            blob = reader.read(found.entry.blob)
            if blob is None:
                raise lost(path)
            if blob.size > LARGEST:
                raise too_large(path)
            return blob.data()

    def write(self, below: str, matcher: Matcher, tar: TarStream) -> None:
        """Write a folder of the commit; see `Files`."""
        prefix = f"{below}/" if below else ""
        inside = {
            path.removeprefix(prefix): found
            for path, found in self.files.items()
            if path.startswith(prefix)
        }
        if below and not inside:
            raise DriverError(ErrorKind.MISSING, f"there is no folder {below!r} in {self.location}")
        entries = [found.entry._replace(path=path) for path, found in inside.items()]
        chosen = (Located(one, inside[one.path].mirror) for one in select(entries, matcher))
        send(chosen, tar, self.terms)


class Wanted(NamedTuple):
    """`URL#ref:folder`: a branch, tag or whole commit, and a folder, each may be empty."""

    url: str
    ref: str = ""
    folder: str = ""


class _Found(NamedTuple):
    commit: str
    branch: str = ""
    tag: str = ""


@contextmanager
def git_files(cache: Path, wanted: Wanted, cancel: Cancel | None = None) -> Iterator[RunFiles]:
    """Give a folder of what a ref stands for now (empty: the default branch), submodules included.

    `cache` is the folder of the mirrors. Raises `DriverError`: UNREACHABLE, DENIED, MISSING with
    the names that are near, INVALID, CANCELLED.
    """
    remote = split_url(wanted.url)
    config = config_file(cache)
    folder = relative(wanted.folder, "the folder of the repository")
    with ExitStack() as stack:

        def opened(place: Remote) -> Mirror:
            return mirror(cache, place, stack.enter_context(access(place, config)), cancel)

        def module(place: Remote, commit: str) -> Mirror:
            below = opened(place)
            below.fetch(commit, commit)
            return below

        top = opened(remote)
        found = _resolved(top, wanted.ref)
        top.fetch(found.commit, wanted.ref or found.branch)
        files = {one.entry.path: one for one in Tree(top, found.commit).listing(folder, module)}
        date = _date(top, found.commit)
        name = found.branch or found.tag or found.commit
        location = f"{remote.url}#{name}{f':{folder}' if folder else ''}"
        facts = Facts(location, found.commit, found.branch, found.tag, remote.url, date)
        yield RunFiles(GitFiles(files, Terms(date), location), facts)


@contextmanager
def source_files(
    cache: Path, wanted: GitWanted, source: Source, secrets: Secrets
) -> Iterator[RunFiles]:
    """Give the files of a source that was seen before, as a task's run gets them.

    `cache` is the folder of the mirrors. Raises `DriverError` as `Look.again` does.
    """
    with look_at(cache, remote_of(wanted.source, secrets)) as look:
        files = GitFiles(look.files(wanted, source), terms_of(source), source.location)
        facts = Facts(
            source.location, source.commit, source.branch, source.tag, source.url, source.date
        )
        yield RunFiles(files, facts)


def _resolved(place: Mirror, ref: str) -> _Found:
    """Return what a ref stands for: as in `docker build`, it may be any of the three."""
    if _COMMIT.fullmatch(ref):
        return _Found(ref)
    refs = place.refs()
    branch = ref.removeprefix("refs/heads/") or refs.default
    tag = ref.removeprefix("refs/tags/")
    if branch in refs.branches:
        return _Found(refs.branches[branch], branch=branch)
    if tag in refs.tags:
        return _Found(refs.tags[tag], tag=tag)
    raise DriverError(
        ErrorKind.MISSING,
        f"{place.remote.url} has no branch or tag {ref or 'that is its default'!r}",
        f"it has {nearest(ref, [*refs.branches, *refs.tags])}; write all digits of a commit",
    )


def _date(place: Mirror, commit: str) -> int:
    answer = git(place.folder, ["show", "-s", "--format=%ct", commit], place.env)
    text = answer.stdout.strip()
    return int(text) if text.isdecimal() else 0

"""One look at one repository: what its refs stand for, and the files of its commits."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.git.access import Remote, access
from gitops.drivers.git.listing import Located, Tree, nearest
from gitops.drivers.git.mirror import Mirror, config_file, mirror
from gitops.drivers.git.program import Objects, objects
from gitops.drivers.git.refs import Listing, Pull, Refs
from gitops.drivers.git.wanted import GitWanted
from gitops.drivers.sources.context_tree import (
    FILE,
    FOLDER,
    LINK,
    LONGEST_TEXT,
    PROGRAM,
    above,
    check_length,
    followed,
    ignore_files,
    relative,
    select,
    tree_hash,
)
from gitops.drivers.sources.ignore import Matcher, parse_ignore
from gitops.model.resources import GitRef
from gitops.model.sources import Source
from gitops.model.versions import newest

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_COMMITTER = re.compile(rb"^committer .*> (\d{1,11}) [+-]\d+$", re.MULTILINE)


class Resolved(NamedTuple):
    """The commit that a ref stands for now, and the names it was found under."""

    commit: str
    branch: str = ""
    tag: str = ""
    pull: Pull | None = None


class Contents(NamedTuple):
    """The files of a context in the order of their paths, their hash, and the Dockerfile, if one
    was asked for.
    """

    files: list[Located]
    tree: str
    followed: str
    dockerfile: Located | None


class Look:
    """Asks the remote once, however often its refs are needed; not for several threads."""

    def __init__(self, cache: Path, remote: Remote, stack: ExitStack, listing: Listing) -> None:
        self._cache = cache
        self._listing = listing
        self._stack = stack
        self._config = config_file(cache)
        self._mirror = self._open(remote)
        self._refs: Refs | DriverError | None = None
        self._stale = ""
        self._readers: dict[Path, Objects] = {}

    def source(self, wanted: GitWanted, found: Resolved) -> Source:
        """Return what `wanted` is at a commit, fetched if it is not here (a pull request's is)."""
        commit, branch, tag, pull = found
        if pull is None:
            self.ensure(self._mirror, commit, tag or branch or str(wanted.source.ref))
        contents = self.contents(wanted, commit, strange=pull is not None)
        url, path = self._mirror.remote.url, relative(wanted.source.path, "the path")
        ref = pull.ref if pull else branch or tag or commit
        return Source(
            tree=contents.tree,
            dockerfile=contents.dockerfile.entry.blob if contents.dockerfile else "",
            location=f"{url}#{ref}:{path}".rstrip(":"),
            commit=commit,
            branch=branch,
            tag=tag,
            date=self._date(commit),
            url=url,
            stale=self._stale if branch or tag or pull else "",
            followed=contents.followed,
            recipe=self._recipe(contents.dockerfile),
            pull=str(pull.number) if pull else "",
        )

    def _recipe(self, file: Located | None) -> str:
        return self._text(file) if file is not None else ""

    def again(self, wanted: GitWanted, source: Source) -> Contents:
        """Return the files of a source that was seen before, fetched again if they are gone."""
        self._have(source)
        return self.contents(wanted, source.commit, strange=bool(source.pull))

    def files(self, wanted: GitWanted, source: Source) -> dict[str, Located]:
        """Return every file of a source that was seen before by its path, whatever is ignored."""
        self._have(source)
        return self._files(wanted, source.commit, strange=bool(source.pull))

    def _have(self, source: Source) -> None:
        commit = source.commit
        if source.pull and not self._reader(self._mirror).has(f"{commit}^{{tree}}"):
            pulls = [p for p in self.refs().pulls.values() if p.commit == commit]
            if not pulls:
                raise DriverError(
                    ErrorKind.CONFLICT,
                    f"pull request {source.pull} of {source.url} is no longer at {commit[:8]}",
                    "its newest commit is read at the next look",
                )
            for error in self.have_pulls(pulls[:1]).values():
                raise error
        self.ensure(self._mirror, commit, commit)

    def resolve(self, ref: GitRef) -> Resolved:
        """Return the commit of `ref`; MISSING, with the names that are near, when there is none.

        A commit is not asked for: it cannot change, and what is here may outlive its remote.
        """
        if ref.commit:
            if not _COMMIT.match(ref.commit):
                raise DriverError(
                    ErrorKind.INVALID, f"{ref.commit!r} is not a commit", "write all 40 digits"
                )
            return Resolved(ref.commit)
        return _resolved(ref, self.refs(), self._mirror.remote.url)

    def ensure(self, place: Mirror, commit: str, ref: str) -> None:
        """Have `commit` in a mirror, with one fetch at most."""
        if not self._reader(place).has(f"{commit}^{{tree}}"):
            place.fetch(commit, ref)

    def have_pulls(self, pulls: Sequence[Pull]) -> Mapping[int, DriverError]:
        """Have the commits of pull requests, with one fetch; return why some cannot be had."""
        reader = self._reader(self._mirror)
        missing = [pull for pull in pulls if not reader.has(f"{pull.commit}^{{tree}}")]
        return self._mirror.fetch_pulls(missing) if missing else {}

    def contents(self, wanted: GitWanted, commit: str, *, strange: bool) -> Contents:
        """Return the files that a build of `commit` gets, and its Dockerfile."""
        path = relative(wanted.source.path, "the path in the repository")
        name = relative(wanted.dockerfile, "the Dockerfile")
        found = self._files(wanted, commit, strange=strange)
        chosen = select((located.entry for located in found.values()), self._matcher(found, name))
        files = [found.get(entry.path, Located(entry, self._mirror)) for entry in chosen]
        file = self._dockerfile(found, name, commit) if name else None
        return Contents(files, tree_hash(chosen), followed(chosen, wanted.triggers, path), file)

    def _files(self, wanted: GitWanted, commit: str, *, strange: bool) -> dict[str, Located]:
        """Return every file of a commit by its path.

        Submodules of a `strange` commit, a pull request's, are empty folders: its author chooses
        where they are, and would have us ask there, with our credentials for the same host.
        """
        path = relative(wanted.source.path, "the path in the repository")
        open_module = self._module if wanted.source.submodules and not strange else None
        return {
            located.entry.path: located
            for located in Tree(self._mirror, commit).listing(path, open_module)
        }

    def refs(self) -> Refs:
        """Return what the remote has, or had when it last answered; raises when it never did."""
        if self._refs is None:
            try:
                self._refs = self._mirror.refs(self._listing)
            except DriverError as error:
                # A remote that is down means "no new commit", not "no healing".
                self._refs = self._mirror.last_refs(self._listing) or error
                self._stale = str(error)
        if isinstance(self._refs, DriverError):
            raise self._refs
        return self._refs

    def _open(self, remote: Remote) -> Mirror:
        return mirror(self._cache, remote, self._stack.enter_context(access(remote, self._config)))

    def _module(self, remote: Remote, commit: str) -> Mirror:
        place = self._open(remote)
        self.ensure(place, commit, commit)
        return place

    def _reader(self, place: Mirror) -> Objects:
        if place.folder not in self._readers:
            opened = self._stack.enter_context(objects(place.folder, place.env))
            self._readers[place.folder] = opened
        return self._readers[place.folder]

    def _date(self, commit: str) -> int:
        """Return the committer's time, from `committer <name> <<mail>> <seconds> <zone>`.

        Format: https://git-scm.com/docs/git-commit-tree
        """
        found = _COMMITTER.search(self._data(self._mirror, commit).partition(b"\n\n")[0])
        # As git does, a time that is none is the first second of 1970.
        return int(found[1]) if found else 0

    def _text(self, file: Located) -> str:
        entry, place = file
        return self._data(place, entry.blob, entry.path).decode(errors="replace")

    def _data(self, place: Mirror, name: str, path: str = "") -> bytes:
        """Return an object; INVALID for the file `path` when it is longer than a text may be."""
        blob = self._reader(place).read(name)
        if blob is None:
            raise DriverError(
                ErrorKind.FAILED,
                f"{name} is not in {place.folder}",
                "remove that folder: it is a cache",
            )
        if path and blob.size > LONGEST_TEXT:
            del self._readers[place.folder]  # what it is about to say would be taken for another's
        check_length(blob.size if path else 0, path)
        return blob.data()

    def _matcher(self, found: Mapping[str, Located], dockerfile: str) -> Matcher:
        for name in ignore_files(dockerfile):
            if name in found and found[name].entry.mode in (FILE, PROGRAM):
                return Matcher(parse_ignore(self._text(found[name])))
        return Matcher()

    def _dockerfile(self, found: Mapping[str, Located], name: str, commit: str) -> Located:
        for path in (*above(name), name):
            if path in found and found[path].entry.mode == LINK:
                raise DriverError(
                    ErrorKind.INVALID,
                    f"the Dockerfile {name!r} goes through the symbolic link '{path}'",
                    "name the file itself, inside the folder",
                )
        if name in found and found[name].entry.mode != FOLDER:
            return found[name]
        near = nearest(name, [path for path in found if "ockerfile" in path] or sorted(found))
        raise DriverError(
            ErrorKind.MISSING,
            f"there is no file {name!r} in {self._mirror.remote.url} at {commit[:8]}",
            f"there is {near}",
        )


def _resolved(ref: GitRef, refs: Refs, url: str) -> Resolved:
    if ref.tag or ref.semver:
        tag = ref.tag or _newest(refs, ref.semver)
        if tag in refs.tags:
            return Resolved(refs.tags[tag], tag=tag)
        near = nearest(ref.tag or ref.semver, list(refs.tags))
        raise DriverError(ErrorKind.MISSING, f"{url} has no {ref}", f"it has the tags {near}")
    branch = ref.branch or refs.default
    if branch in refs.branches:
        return Resolved(refs.branches[branch], branch=branch)
    near = nearest(branch, list(refs.branches))
    raise DriverError(ErrorKind.MISSING, f"{url} has no {ref}", f"it has the branches {near}")


def _newest(refs: Refs, wanted: str) -> str:
    try:
        return newest(refs.tags, wanted) or ""
    except ValueError as error:
        raise DriverError(ErrorKind.INVALID, str(error)) from error


@contextmanager
def look_at(cache: Path, remote: Remote, listing: Listing = Listing.WITH_PULLS) -> Iterator[Look]:
    """Begin a look; programs and credential files are gone when it ends."""
    with ExitStack() as stack:
        try:
            look = Look(cache, remote, stack, listing)
        except OSError as error:
            full = error.errno == errno.ENOSPC
            raise DriverError(
                ErrorKind.DISK_FULL if full else ErrorKind.FAILED,
                f"the git cache {cache} cannot be used",
                str(error),
            ) from error
        yield look

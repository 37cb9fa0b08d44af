"""Reads commits of git repositories as build sources. Importing this costs what GitPython costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gitops.drivers.base import HIDDEN_DOCKERFILE, DriverError, ErrorKind
from gitops.drivers.git.access import Remote, remote_of
from gitops.drivers.git.beside import listing_for, source_of
from gitops.drivers.git.listing import Located
from gitops.drivers.git.look import look_at
from gitops.drivers.git.sending import Terms, send, terms_of
from gitops.drivers.git.wanted import GitWanted
from gitops.drivers.observe import observed
from gitops.drivers.sources.context_tree import TarStream, instead
from gitops.model.address import Address
from gitops.model.outcomes import Found, Observation, Unreachable
from gitops.model.secret import Secrets
from gitops.model.sources import Source

THREADS = 8
"""Repositories that are asked at the same time: they wait for the network, not for us."""


class GitContext(NamedTuple):
    """The files of a commit, ready to be sent."""

    dockerfile: str
    files: Sequence[Located]
    terms: Terms
    recipe: str = ""
    """What takes the place of the Dockerfile's text, if it is not empty."""

    def write_to(self, stream: BinaryIO) -> None:
        """Write the tar: content as committed (no line end conversion), times the commit's."""
        tar = TarStream(stream, instead(self.dockerfile, self.recipe))
        send(self.files, tar, self.terms)
        tar.end()


class GitReader:
    """Reads through mirrors below the folder `cache`."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache / "git"

    def read(
        self, tasks: Sequence[GitWanted], secrets: Secrets
    ) -> Mapping[Address, Observation[Source]]:
        """Return the source of each task; repositories are asked side by side, each one once."""
        result: dict[Address, Observation[Source]] = {}
        groups: dict[Remote, list[GitWanted]] = {}
        for wanted in tasks:
            match observed(
                partial(remote_of, wanted.source, secrets), f"{wanted.address}'s source"
            ):
                case Found(remote):
                    groups.setdefault(remote, []).append(wanted)
                case other:
                    result[wanted.address] = other
        if groups:
            with ThreadPoolExecutor(min(THREADS, len(groups))) as pool:
                for found in pool.map(self._group, groups.keys(), groups.values()):
                    result |= found
        return result

    @contextmanager
    def context(
        self, wanted: GitWanted, source: Source, secrets: Secrets, *, recipe: str = ""
    ) -> Iterator[GitContext]:
        """Give the files of `source.commit`, fetched again if the cache has lost them."""
        remote = remote_of(wanted.source, secrets)
        with look_at(self._cache, remote) as look:
            contents = look.again(wanted, source)
            if contents.tree != source.tree:
                raise DriverError(
                    ErrorKind.CONFLICT,
                    f"commit {source.short_commit} of {remote.url} holds other files than before",
                    f"remove {self._cache}: it is a cache, and is not what it was",
                )
            files, dockerfile = contents.files, contents.dockerfile
            if dockerfile is not None and dockerfile not in files:
                # An ignored Dockerfile travels all the same, for the builder alone.
                entry = dockerfile.entry._replace(path=HIDDEN_DOCKERFILE)
                dockerfile = dockerfile._replace(entry=entry)
                files.append(dockerfile)
            name = dockerfile.entry.path if dockerfile is not None else ""
            yield GitContext(name, files, terms_of(source), recipe)

    def _group(
        self, remote: Remote, group: Sequence[GitWanted]
    ) -> Mapping[Address, Observation[Source]]:
        try:
            with look_at(self._cache, remote, listing_for(group)) as look:
                return {
                    wanted.address: observed(partial(source_of, look, wanted), remote.url)
                    for wanted in group
                }
        except DriverError as error:  # no cache, or no git: nothing could be asked
            return {wanted.address: Unreachable(remote.url, str(error)) for wanted in group}

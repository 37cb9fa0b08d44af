"""Opens the files of a run by their address, whatever kind it is of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.contexts.files import Facts, Given, RunFiles
from gitops.drivers.contexts.folder_files import VCS, FolderFiles
from gitops.drivers.contexts.places import Kind, Place, place_of
from gitops.drivers.sources.context_tree import ignore_files


def open_context(cache: Path, address: str) -> AbstractContextManager[RunFiles]:
    """Give the files of a folder, repository, archive, URL or `-`, for a person at this machine.

    `cache` is the folder that mirrors of repositories lie in. Raises `DriverError`: MISSING,
    DENIED, UNREACHABLE, INVALID.
    """
    return _open(cache, place_of(address))


def open_remote(cache: Path, address: str, cancel: Cancel) -> AbstractContextManager[RunFiles]:
    """Give the files that an address in a task names, which may not be of this machine.

    A task comes from anybody; INVALID for what would read files here. CANCELLED when `cancel` is
    raised while they are fetched.
    """
    place = place_of(address)
    if place.local:
        raise DriverError(
            ErrorKind.INVALID,
            f"the context {address} is on the machine that runs the task",
            "a build step takes a folder of the run's own files, or an https or ssh URL",
        )
    return _open(cache, place, cancel)


def _open(
    cache: Path, place: Place, cancel: Cancel | None = None
) -> AbstractContextManager[RunFiles]:
    match place.kind:
        case Kind.STDIN | Kind.ARCHIVE:
            from gitops.drivers.contexts.archive_files import (  # noqa: PLC0415 - not for a folder
                archive_files,
                archive_of_file,
            )

            if place.kind is Kind.ARCHIVE:
                return archive_of_file(Path(place.address))
            return archive_files(sys.stdin.buffer, "standard input")
        case Kind.FOLDER:
            return _folder(place.address)
        case Kind.DOWNLOAD:
            from gitops.drivers.contexts.download import (  # noqa: PLC0415 - 30 ms, for URLs only
                downloaded,
            )

            return downloaded(place.address, cancel)
        case Kind.GIT:
            from gitops.drivers.contexts.git_files import (  # noqa: PLC0415 - 80 ms, for git only
                Wanted,
                git_files,
            )

            wanted = Wanted(place.address, place.ref, place.folder)
            return git_files(cache / "git", wanted, cancel)


def with_dockerfile(files: RunFiles, path: str) -> RunFiles:
    """Return the files with a Dockerfile from elsewhere on this machine, and its ignore file.

    Raises `DriverError` MISSING when there is none, and what reading it raises.
    """
    place = Path(path)
    beside = FolderFiles(place.parent)
    text = beside.content(place.name)
    if text is None:
        raise DriverError(ErrorKind.MISSING, f"there is no Dockerfile {path}", "name it with -f")
    own, _ = ignore_files(place.name)
    return files._replace(given=Given(text, beside.content(own)))


@contextmanager
def _folder(path: str) -> Iterator[RunFiles]:
    if not Path(path).is_dir():
        raise DriverError(
            ErrorKind.MISSING,
            f"there is no folder {path}",
            "a context is a folder, a tar archive, a git or http(s) URL, or `-`",
        )
    yield RunFiles(FolderFiles(Path(path).resolve()), Facts(path), VCS)

"""Runs git through GitPython, and reads objects of a repository on disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast

from git import Git
from git.exc import GitCommandNotFound

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.command import PLAIN, CommandOptions, Completed, stop_group, supervise
from gitops.drivers.sources.context_tree import CHUNK

_LIMITED = 'ulimit -f "$1" && shift && exec "$@"'
_BLOCK = 512
"""Bytes that `ulimit -f` counts in
(https://pubs.opengroup.org/onlinepubs/9699919799/utilities/ulimit.html)."""


def git(
    folder: Path,
    args: Sequence[str],
    env: Mapping[str, str],
    options: CommandOptions = PLAIN,
    keep: tuple[int, ...] = (),
    largest: int = 0,
) -> Completed:
    """Run `git args` in `folder` to its end; `keep` are file numbers that it holds open.

    `largest` is bytes of the largest file that it may write; 0 is no limit.

    GitPython starts it and `supervise` ends it: GitPython's own limit finds child processes through
    `ps`, and leaves a transport helper behind that was started meanwhile.
    """
    process = _start(folder, args, env, keep=keep, largest=largest)
    return supervise(process, options._replace(title=f"git {args[0]}"))


def _start(
    folder: Path,
    args: Sequence[str],
    env: Mapping[str, str],
    *,
    stdin: int | None = None,
    keep: tuple[int, ...] = (),
    largest: int = 0,
) -> subprocess.Popen[bytes]:
    inherited = [name for name in os.environ if name.startswith("GIT_") and name not in env]
    # GitPython hands the whole environment on, and an empty GIT_DIR is not the same as none.
    cleaner = ["env", *(part for name in inherited for part in ("-u", name))] if inherited else []
    if largest:
        # A limit of the process: index-pack has no option that `git fetch` would hand on to it.
        cleaner = ["sh", "-c", _LIMITED, "sh", str(largest // _BLOCK), *cleaner]
    try:
        handle = Git(folder).execute(
            [*cleaner, "git", *args],
            istream=stdin,
            as_process=True,
            env=dict(env),
            start_new_session=True,
            pass_fds=keep,
        )
    except GitCommandNotFound as error:
        raise DriverError(
            ErrorKind.MISSING, "git cannot be run", "install it, or put it on the PATH"
        ) from error
    process = cast("subprocess.Popen[bytes]", handle.proc)
    handle.proc = None  # GitPython would end it when its handle is collected
    return process


class Blob(NamedTuple):
    """An object: its type, and its bytes in pieces, to be read before the next object."""

    kind: str
    size: int
    chunks: Iterator[bytes]

    def data(self) -> bytes:
        """Return it whole."""
        return b"".join(self.chunks)


class Objects:
    """Reads objects of one repository through one `git cat-file --batch`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the program was started without pipes")
        self._ask, self._answer = process.stdin, process.stdout

    def read(self, name: str) -> Blob | None:
        """Return the object that `name` (an id, or `id^{tree}`) stands for, or None."""
        try:
            self._ask.write(f"{name}\n".encode())
            self._ask.flush()
        except OSError as error:
            raise DriverError(ErrorKind.FAILED, "git cat-file has ended", str(error)) from error
        header = self._answer.readline().decode(errors="replace").split()
        if len(header) != 3 or not header[2].isdigit():  # noqa: PLR2004 - id, type and size
            return None
        return Blob(header[1], int(header[2]), self._chunks(int(header[2])))

    def has(self, name: str) -> bool:
        """Say whether there is such an object."""
        blob = self.read(name)
        return blob is not None and all(True for _ in blob.chunks)

    def _chunks(self, size: int) -> Iterator[bytes]:
        while size:
            chunk = self._answer.read(min(size, CHUNK))
            if not chunk:
                raise DriverError(ErrorKind.FAILED, "git cat-file ended in the middle of an object")
            size -= len(chunk)
            yield chunk
        self._answer.read(1)


@contextmanager
def objects(folder: Path, env: Mapping[str, str]) -> Iterator[Objects]:
    """Open the objects of the bare repository `folder`."""
    process = _start(
        folder, [f"--git-dir={folder}", "cat-file", "--batch"], env, stdin=subprocess.PIPE
    )
    try:
        yield Objects(process)
    finally:
        stop_group(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

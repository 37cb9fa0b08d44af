"""One bare mirror per repository, in a cache folder that threads and processes share."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp, mkstemp
from typing import NamedTuple

from gitops.drivers.base import Cancel, DriverError, ErrorKind
from gitops.drivers.command import CommandOptions, Completed
from gitops.drivers.git.access import CONFIG, Remote
from gitops.drivers.git.guard import PULL_BYTES, REFS_BYTES
from gitops.drivers.git.program import git
from gitops.drivers.git.refs import Listing, Pull, Refs, parse_refs

QUIET = 60.0
"""Seconds without a sign of life after which a remote counts as hung."""

LISTING = 20.0
"""Seconds for the list of what a remote has: every decision of a run waits for it."""

LONGEST = 3600.0
"""Seconds for one fetch, however lively."""

LONGEST_PULL = 600.0
"""Seconds for a fetch of pull requests: strangers' work does not hold up the branch for longer."""

_GLANCE = 0.05
"""Seconds between two tries to have a lock, where the wait for it may be called off."""

_LAST = "gitops-refs"
"""The file of a mirror that holds what the remote last listed."""


class FetchLimits(NamedTuple):
    """Seconds for a fetch, and bytes for its largest file; 0 is no limit."""

    seconds: float
    size: int = 0


BRANCH = FetchLimits(LONGEST)
PULL = FetchLimits(LONGEST_PULL, PULL_BYTES)


class Mirror(NamedTuple):
    """A bare repository with the commits that were asked for, with their files, without history.

    What asks the remote is given up, as CANCELLED, when `cancel` is raised.
    """

    folder: Path
    remote: Remote
    env: Mapping[str, str]
    cancel: Cancel | None = None

    def refs(self, listing: Listing = Listing.WITH_DEFAULT) -> Refs:
        """Ask the remote what it has. Raises UNREACHABLE, DENIED or TIMEOUT."""
        args = ["ls-remote", "--symref", *listing.options, "--", self.remote.url, *listing.patterns]
        options = CommandOptions(
            timeout=LISTING, redact=self.remote.redact, most=REFS_BYTES, cancel=self.cancel
        )
        answer = git(self.folder, args, self.env, options)
        if answer.code:
            raise _refused(self.remote, answer)
        self._remember(answer.stdout, self._last(listing))
        for other in Listing:
            # An older listing of another kind would bring back commits that have been replaced.
            if other is not listing:
                self._last(other).unlink(missing_ok=True)
        return parse_refs(answer.stdout)

    def last_refs(self, listing: Listing = Listing.WITH_DEFAULT) -> Refs | None:
        """Return what the remote had when it last answered; none when it never did."""
        for enough in listing.enough:
            try:
                return parse_refs(self._last(enough).read_text())
            except FileNotFoundError:
                continue
        return None

    def _last(self, listing: Listing) -> Path:
        return self.folder / f"{_LAST}-{listing.name.lower()}"

    def _remember(self, text: str, place: Path) -> None:
        if place.exists() and place.read_text() == text:
            return
        number, new = mkstemp(prefix=_LAST, dir=self.folder)
        with os.fdopen(number, "w") as stream:
            stream.write(text)
        Path(new).replace(place)

    def fetch(self, commit: str, ref: str) -> None:
        """Get `commit`, to which `ref` points; MISSING when the remote will not give it."""
        name = hashlib.sha256(ref.encode()).hexdigest()[:16]
        with locked(self.folder.with_suffix(".lock"), self.cancel) as lock:
            if self._has(commit):  # somebody else fetched it while we waited
                return
            self._clear()
            answer = self._fetch(["--depth=1"], [f"+{commit}:refs/gitops/{name}"], lock)
            if answer.code and _unwilling(answer.stderr):
                # A server may give nothing but the ends of its branches and tags (and their past).
                deep = ["--unshallow"] if (self.folder / "shallow").exists() else []
                answer = self._fetch(deep, _EVERYTHING, lock)
            if answer.code:
                raise _refused(self.remote, answer)
            if not self._has(commit):
                raise DriverError(
                    ErrorKind.MISSING,
                    f"{self.remote.url} has no commit {commit}",
                    "it is on none of its branches and tags",
                )
            git(
                self.folder,
                ["-c", "gc.auto=6700", "gc", "--auto", "--quiet"],
                self.env,
                keep=(lock,),
            )

    def fetch_pulls(self, pulls: Sequence[Pull]) -> Mapping[int, DriverError]:
        """Get pull requests in one fetch; return those that cannot be had, each with the reason.

        Each is fetched alone where they do not come together: one may not hurt the others.
        """
        with locked(self.folder.with_suffix(".lock"), self.cancel) as lock:
            self._clear()
            if self._fetch_heads(pulls, lock) is None:
                return {}
            errors = {pull.number: self._fetch_heads([pull], lock) for pull in pulls}
        return {number: error for number, error in errors.items() if error}

    def _fetch_heads(self, pulls: Sequence[Pull], lock: int) -> DriverError | None:
        specs = [f"+{pull.ref}:refs/gitops/pull/{pull.number}" for pull in pulls]
        try:
            answer = self._fetch(["--depth=1"], specs, lock, PULL)
        except DriverError as error:
            return error
        if answer.code:
            return _refused(self.remote, answer)
        for pull in pulls:
            if not self._has(pull.commit):
                return DriverError(
                    ErrorKind.CONFLICT, f"{pull.ref} has moved on from {pull.commit[:8]} meanwhile"
                )
        return None

    def _has(self, commit: str) -> bool:
        return git(self.folder, ["cat-file", "-e", f"{commit}^{{tree}}"], self.env).code == 0

    def _fetch(
        self, how: list[str], specs: list[str], lock: int, limits: FetchLimits = BRANCH
    ) -> Completed:
        args = ["fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"]
        args += ["--progress", *how, "--", self.remote.url, *specs]
        options = CommandOptions(
            timeout=limits.seconds,
            quiet=QUIET,
            redact=self.remote.redact,
            most=REFS_BYTES,
            cancel=self.cancel,
        )
        # The lock goes with git: it stays taken when only we are killed.
        return git(self.folder, args, self.env, options, keep=(lock,), largest=limits.size)

    def _clear(self) -> None:
        """Remove what a killed git left: nobody else works here, or we had not got the lock."""
        for stale in (self.folder / "shallow.lock", self.folder / "packed-refs.lock"):
            stale.unlink(missing_ok=True)
        for stale in (self.folder / "refs").rglob("*.lock"):
            stale.unlink(missing_ok=True)


_EVERYTHING = ["+refs/heads/*:refs/gitops/heads/*", "+refs/tags/*:refs/gitops/tags/*"]


def mirror(
    cache: Path, remote: Remote, env: Mapping[str, str], cancel: Cancel | None = None
) -> Mirror:
    """Return the mirror of a repository, made empty if there is none."""
    name = hashlib.sha256(remote.url.encode()).hexdigest()[:24]
    folder = cache / f"{name}.git"
    if not (folder / "HEAD").exists():
        cache.mkdir(parents=True, exist_ok=True)
        new = Path(mkdtemp(prefix=f"{name}.", suffix=".new", dir=cache))
        answer = git(new, ["init", "--bare", "--quiet", "--template=", str(new)], env)
        if answer.code:
            raise DriverError(ErrorKind.FAILED, f"cannot make a repository in {new}", answer.stderr)
        try:
            new.rename(folder)
        except OSError:  # another process was faster, and its mirror is as good
            shutil.rmtree(new)
    return Mirror(folder, remote, env, cancel)


def config_file(cache: Path) -> Path:
    """Return the configuration that git uses, written if it is not there or is another one."""
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = cache / "config"
    if not file.exists() or file.read_text() != CONFIG:
        number, new = mkstemp(prefix="config.", dir=cache)
        with os.fdopen(number, "w") as stream:
            stream.write(CONFIG)
        Path(new).replace(file)
    return file


@contextmanager
def locked(file: Path, cancel: Cancel | None = None) -> Iterator[int]:
    """Hold a lock file against other threads and processes; give its file number.

    The wait for it is given up, as CANCELLED, when `cancel` is raised.
    """
    number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while cancel is not None and not _taken(number):
            if cancel.wait(_GLANCE):
                raise DriverError(ErrorKind.CANCELLED, f"the wait for {file.name} was given up")
        fcntl.flock(number, fcntl.LOCK_EX)
        yield number
    finally:
        os.close(number)


def _taken(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unwilling(stderr: str) -> bool:
    lower = stderr.lower()
    phrases = ("not our ref", "unadvertised object", "does not support shallow", "dumb http")
    return any(phrase in lower for phrase in phrases)


_DENIED = (
    "authentication failed", "could not read username", "could not read password",
    "permission denied", "returned error: 403", "returned error: 401",
    "host key verification failed",
)  # fmt: skip


def _refused(remote: Remote, answer: Completed) -> DriverError:
    lower = answer.stderr.lower()
    kind = ErrorKind.UNREACHABLE
    if any(phrase in lower for phrase in _DENIED):
        kind = ErrorKind.DENIED
    elif _unwilling(answer.stderr):
        kind = ErrorKind.MISSING
    elif "no space left on device" in lower:
        kind = ErrorKind.DISK_FULL
    return DriverError(kind, f"cannot read the git repository {remote.url}", answer.stderr.strip())

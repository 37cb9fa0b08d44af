"""What tests of sources share: real repositories, tasks, and a git that counts its calls."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.sources.reader import Sources
from gitops.model.address import Address
from gitops.model.metadata import Metadata
from gitops.model.outcomes import Found
from gitops.model.resources import (
    BuildTask,
    Credentials,
    GitRef,
    GitSource,
    PathSource,
    SshKey,
)
from gitops.model.secret import Secrets
from gitops.model.sources import Source

WHEN = 1_700_000_000


class Origin(NamedTuple):
    """A repository with a working tree, as a developer has it."""

    folder: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"file://{self.folder}"

    def git(self, *args: str) -> str:
        """Run git in it."""
        env = {
            **os.environ,
            "GIT_COMMITTER_DATE": f"{WHEN} +0000",
            "GIT_AUTHOR_DATE": f"{WHEN} +0000",
        }
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *args],
            cwd=self.folder, env=env, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str]) -> str:
        """Write files and commit everything; return the commit."""
        write(self.folder, files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")


def origin(folder: Path, files: Mapping[str, str]) -> Origin:
    """Make a repository with one commit on `main`."""
    folder.mkdir(parents=True)
    made = Origin(folder)
    made.git("init", "-q", "-b", "main")
    made.commit(files)
    return made


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write text files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def task(
    source: PathSource | GitSource, name: str = "app", dockerfile: str = "Dockerfile"
) -> BuildTask:
    """Return a build task of a source."""
    return BuildTask(
        address=Address("BuildTask", name),
        metadata=Metadata({}, {}),
        repository=Address("Repository", name),
        source=source,
        dockerfile=dockerfile,
        target="",
        args={},
        labels={},
        tags=(),
        latest=True,
        interval=60.0,
        timeout=600.0,
    )


def git_source(
    url: str,
    ref: GitRef = GitRef(),  # noqa: B008 - frozen
    path: str = ".",
    *,
    submodules: bool = False,
    credentials: Credentials | SshKey | None = None,
) -> GitSource:
    """Return a git source."""
    return GitSource(url, ref, path, submodules, credentials)


def read(sources: Sources, built: BuildTask, secrets: Secrets | None = None) -> Source:
    """Return the source of a task that has to be found."""
    observation = sources.read([built], secrets or {})[built.address]
    assert isinstance(observation, Found), observation
    return observation.value


def unpack(sources: Sources, built: BuildTask, secrets: Secrets | None = None) -> tarfile.TarFile:
    """Return the tar that is sent for a task."""
    stream = io.BytesIO()
    with sources.context(built, read(sources, built, secrets), secrets or {}) as context:
        context.write_to(stream)
    return tarfile.open(fileobj=io.BytesIO(stream.getvalue()))


def counted_git(folder: Path) -> tuple[Path, Path]:
    """Make a `git` that logs its arguments; return the folder for the PATH, and the log."""
    folder.mkdir()
    log = folder / "log"
    real = shutil.which("git")
    script = folder / "git"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {log}\nexec {real} "$@"\n')
    script.chmod(0o755)
    log.write_text("")
    return folder, log


def calls(log: Path, command: str) -> int:
    """Count the calls of a git command."""
    return sum(line.split()[0] == command for line in log.read_text().splitlines())

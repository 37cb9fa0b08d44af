"""Builds of folders on the real engine, and looks at what they made and left."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from threading import Event

from support.eventual import eventually

from gitops.drivers.base import Builder, BuildJob
from gitops.drivers.sources.folder import folder_context, read_folder
from gitops.model.image import ImageRef

HOST = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")


def job(image: ImageRef, **changes: object) -> BuildJob:
    """Return a build of two minutes at most."""
    return BuildJob(image, "", {}, {}, 120.0, 0)._replace(**changes)  # type: ignore[arg-type]


def build(builder: Builder, folder: Path, job: BuildJob, cancel: Event | None = None) -> list[str]:
    """Build a folder; return the lines of the log."""
    lines: list[str] = []
    source = read_folder(str(folder), "Dockerfile")
    with folder_context(str(folder), "Dockerfile", source) as context:
        builder.build(job, context, lines.append, cancel or Event())
    return lines


def docker(*words: str) -> str:
    """Return what the docker CLI prints."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def inspect(image: ImageRef | str, template: str) -> str:
    """Return a fact of an image; raise when there is none."""
    return docker("image", "inspect", "--format", template, str(image))


def wait_until_gone(command: str) -> None:
    """Wait until no process of this machine has a command line."""

    def gone() -> bool:
        lines = [_text(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
        return not any(line.endswith(command) for line in lines)

    eventually(gone)


def _text(path: Path) -> str:
    """Return a command line, or nothing for a process that has just ended."""
    try:
        return path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""

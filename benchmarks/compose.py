"""The two composes that no-op and first deployment are measured against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from workspace import PATIENCE, Workspace, remove_labelled

OLD_PATIENCE = 60.0
"""Seconds for compose v1 to start its containers."""

FETCH = Path(__file__).with_name("fetch-compose")


class Compose(NamedTuple):
    """One compose: what it is called in the results, and its program."""

    name: str
    program: str
    patience: float = PATIENCE

    def up(self, project: str, file: Path) -> list[str]:
        """Return the command that is measured."""
        return [self.program, "--project-name", project, "--file", str(file), "up", "-d"]


def second(space: Workspace) -> Compose:
    """Return compose v2, fetched from Debian 13 if need be."""
    return Compose("compose v2", space.run([str(FETCH)]).strip())


def first() -> Compose | None:
    """Return compose v1, if this machine has it: the package `docker-compose` of Debian 12."""
    program = shutil.which("docker-compose")
    return Compose("compose v1", program, OLD_PATIENCE) if program else None


def versions(space: Workspace) -> str:
    """Return the versions of both."""
    found = [second(space), first()]
    return ", ".join(
        space.run([one.program, "version", "--short"]).strip() for one in found if one is not None
    )


@contextmanager
def project(space: Workspace, stem: str, number: int) -> Iterator[tuple[str, Path]]:
    """Give name and file of a project of equal services; all of it is removed at the end."""
    name = space.name(stem)
    service = (
        "    image: busybox:latest\n"
        '    command: ["httpd", "-f", "-p", "8000", "-h", "/etc"]\n'
        "    stop_grace_period: 1s\n"
    )
    services = "".join(f"  app{each}:\n{service}" for each in range(number))
    # Version 1 takes a file without a version for one of its oldest format.
    file = space.write(f"{name}.compose.yaml", f'version: "3.8"\nservices:\n{services}')
    try:
        yield name, file
    finally:
        remove_labelled(f"com.docker.compose.project={name}")

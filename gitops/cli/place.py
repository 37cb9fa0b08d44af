"""Whose project a command is about, and the settings of this process."""

from __future__ import annotations

import getpass
import os
import re
import socket
from pathlib import Path

import click

from gitops.cli.options import DEFAULT_ENTRY, SpecOptions
from gitops.settings import Settings, read_settings


def settings() -> Settings:
    """Return the settings of this process."""
    return read_settings(os.environ, getpass.getuser(), socket.gethostname())


def project_of(specs: SpecOptions) -> str:
    """Return whose project it is; without any spec, that of the current folder's name."""
    paths = specs.files or (Path(DEFAULT_ENTRY),)
    return checked_project(specs.project or project_name(paths[0]))


def checked_project(project: str) -> str:
    """Return a project's name; raise `click.UsageError` when it cannot be one."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", project):
        raise click.UsageError(
            f"project {project!r} is no name: up to 40 of a-z, 0-9 and -; give --project"
        )
    return project


def project_name(path: Path) -> str:
    """Return the name of the project that a spec, or a folder of specs, is of by default."""
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")[:40].strip("-")
    return name or "gitops"

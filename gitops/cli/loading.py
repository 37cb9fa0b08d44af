"""Reads the specs a command is about, and says what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from gitops.cli import exits
from gitops.cli.options import DEFAULT_ENTRY, SpecOptions
from gitops.cli.place import checked_project, project_name, project_of, settings
from gitops.model.bundle import Bundle, Loaded
from gitops.model.diagnostics import Diagnostic, Severity
from gitops.spec.assembly import LoadRequest
from gitops.spec.load import load, read_values

__all__ = ["Entry", "entry_of", "project_of", "read", "read_bundle", "settings", "show"]


class Entry(NamedTuple):
    """Where the specs are, and whose project they are."""

    paths: tuple[Path, ...]
    project: str


def entry_of(specs: SpecOptions) -> Entry:
    """Return the entries; without any, `registry.yaml` of the current folder."""
    paths = specs.files or (Path(DEFAULT_ENTRY),)
    if not specs.files and not paths[0].exists():
        raise click.UsageError(
            f"there is no {DEFAULT_ENTRY} in this folder; write one, or name a file with -f"
        )
    return Entry(paths, specs.project or project_name(paths[0]))


def read(specs: SpecOptions) -> Loaded:
    """Return what the specs hold, right or wrong."""
    entry = entry_of(specs)
    checked_project(entry.project)
    try:
        values = read_values(specs.values, specs.settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if isinstance(values, list):
        return Loaded(None, tuple(values), 0, ())
    return load(entry.paths, LoadRequest(entry.project, values))


def read_bundle(specs: SpecOptions) -> Bundle:
    """Return the bundle; print what is wrong and end the command if there is none."""
    loaded = read(specs)
    show(loaded.diagnostics, verbose=False)
    if loaded.bundle is None:
        raise SystemExit(exits.FAILED)
    return loaded.bundle


def show(diagnostics: tuple[Diagnostic, ...], *, verbose: bool) -> None:
    """Print findings on standard error; notes only if asked for."""
    kept = tuple(found for found in diagnostics if verbose or found.severity is not Severity.NOTE)
    if kept:
        from gitops.spec.report import as_text  # noqa: PLC0415 - only when something was found

        click.echo(as_text(kept), err=True, nl=False)

"""The registry of quick work: as it was named, or the one of `registry.yaml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import click

from gitops.cli.options import DEFAULT_ENTRY, SpecOptions
from gitops.settings import Settings
from gitops.wiring.errands import Auths

_SERVER = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?")


class Registries(NamedTuple):
    """The server for names without one, if there is any, and our logins by server."""

    server: str
    auths: Auths


def registries(named: str, settings: Settings, project: str) -> Registries:
    """Return the registry: `named`, else the only one of `registry.yaml`, which need not be."""
    if named and not _SERVER.fullmatch(named):
        raise click.UsageError(
            f"--registry is followed by HOST or HOST:PORT, as in localhost:5000, not {named!r}"
        )
    if not Path(DEFAULT_ENTRY).is_file():
        return Registries(named, {})
    from gitops.cli.loading import read_bundle  # noqa: PLC0415 - 70 ms, only with a spec
    from gitops.wiring.worlds import registry_auths  # noqa: PLC0415 - the same

    bundle = read_bundle(SpecOptions((), project, (), ()))
    servers = {registry.server for registry in bundle.registries}
    server = named or (servers.pop() if len(servers) == 1 else "")
    return Registries(server, registry_auths(bundle, settings))

"""A private configuration folder for docker clients, so that a password is in no argument."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.own_folders import own_folder
from gitops.model.image import DOCKER_HUB
from gitops.model.secret import Secret

HUB_KEY = "https://index.docker.io/v1/"
"""How docker clients have always called Docker Hub in their configuration."""

Auths = Mapping[str, tuple[str, Secret]]
"""User name and password by registry host."""


class Endpoint(NamedTuple):
    """An engine, who we are to the registries that its builds pull from, and our own environment.

    `address` is a Docker host address; empty leaves the choice to `environ`.
    """

    address: str
    auths: Auths
    environ: Mapping[str, str]

    @property
    def reached(self) -> str:
        """The address, also where the choice is that of the environment."""
        return self.address or self.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")

    @property
    def home(self) -> Path:
        """The user's own docker configuration folder."""
        own = Path(self.environ.get("HOME") or Path.home()) / ".docker"
        return Path(self.environ.get("DOCKER_CONFIG") or own)


@contextmanager
def docker_config(endpoint: Endpoint, *, helpers: bool = True) -> Iterator[Path]:
    """Give a folder with the user's configuration and our credentials; it is gone afterwards.

    `helpers` writes, for each registry of ours, that no credential helper is asked for it: the CLI
    would not look at our entry otherwise. The SDK takes the same line for a helper without a name.
    """
    with own_folder("docker") as folder:
        plugins = endpoint.home / "cli-plugins"
        if plugins.is_dir():
            (folder / "cli-plugins").symlink_to(plugins.resolve())
        text = json.dumps(_merged(_own(endpoint.home), endpoint.auths, helpers=helpers))
        file = folder / "config.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        yield folder


def client_env(endpoint: Endpoint, folder: Path) -> dict[str, str]:
    """Return the environment of a docker CLI that uses `folder`, the engine, and nothing else.

    Certificates lie in the user's folder by default, which is no longer the configured one.
    """
    dropped = ("BUILDX_BUILDER", "BUILDX_CONFIG", "DOCKER_CONTEXT", "DOCKER_BUILDKIT")
    env = {name: value for name, value in endpoint.environ.items() if name not in dropped}
    env["DOCKER_CONFIG"] = str(folder)
    env.setdefault("DOCKER_CERT_PATH", str(endpoint.home))
    if endpoint.address:
        env["DOCKER_HOST"] = endpoint.address
    return env


def _own(home: Path) -> dict[str, object]:
    """Return the user's configuration; one that cannot be read counts as none."""
    try:
        content = json.loads((home / "config.json").read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _merged(own: dict[str, object], auths: Auths, *, helpers: bool) -> dict[str, object]:
    entries = {_key(server): {"auth": _encoded(*login)} for server, login in auths.items()}
    kept = {key: value for key, value in own.items() if key != "currentContext"}
    kept["auths"] = {**_mapping(own.get("auths")), **entries}
    asked = _mapping(own.get("credHelpers"))
    others = {server: helper for server, helper in asked.items() if server not in entries}
    kept["credHelpers"] = {**others, **(dict.fromkeys(entries, "") if helpers else {})}
    return kept


def _mapping(value: object) -> dict[str, object]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _key(server: str) -> str:
    return HUB_KEY if server == DOCKER_HUB else server


def _encoded(username: str, password: Secret) -> str:
    return b64encode(f"{username}:{password.reveal()}".encode()).decode()

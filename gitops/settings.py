"""Settings from the environment; docs/settings.md describes each, and a test holds it to that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

DEFAULT_ENGINE = "unix:///var/run/docker.sock"
DEFAULT_BUILDS = 2
DEFAULT_BUILD_CACHE = 20 << 30

VARIABLES = {
    "DOCKER_HOST": "the engine of a target that names none",
    "GITOPS_BUILD_CACHE": "how large the engine's build cache may be after a build, or off",
    "GITOPS_BUILDER": "auto, buildkit or engine: what builds images",
    "GITOPS_BUILDS": "how many runs of tasks work at the same time on this machine",
    "GITOPS_CACHE": "the folder of git mirrors; it may be deleted at any time",
    "GITOPS_OWNER": "who a lease says holds it; default user@host",
    "GITOPS_STATE": "the folder of the database of runs, events and quarantines",
    "NO_COLOR": "no colours, whatever the terminal can do (https://no-color.org)",
}
"""Every variable that is read, and what for."""

_BUILDERS = ("auto", "buildkit", "engine")


class SettingsError(ValueError):
    """A variable has a value that cannot be used."""


class Settings(NamedTuple):
    """What the environment says, with every default applied."""

    engine: str
    builder: str
    cache: Path
    state: Path
    owner: str
    color: bool
    environ: Mapping[str, str]
    builds: int = DEFAULT_BUILDS
    build_cache: int = DEFAULT_BUILD_CACHE
    """Bytes; 0 is no limit."""


def read_settings(environ: Mapping[str, str], user: str, host: str) -> Settings:
    """Return the settings of `environ`; raise `SettingsError` that names a bad one."""
    home = Path(environ.get("HOME", "/"))
    builder = environ.get("GITOPS_BUILDER", "") or "auto"
    if builder not in _BUILDERS:
        raise SettingsError(f"GITOPS_BUILDER is {builder!r}; it is one of {', '.join(_BUILDERS)}")
    return Settings(
        engine=environ.get("DOCKER_HOST", "") or DEFAULT_ENGINE,
        builder=builder,
        cache=_folder(environ, "GITOPS_CACHE", "XDG_CACHE_HOME", home / ".cache"),
        state=_folder(environ, "GITOPS_STATE", "XDG_STATE_HOME", home / ".local/state"),
        owner=environ.get("GITOPS_OWNER", "") or f"{user}@{host}",
        color=not environ.get("NO_COLOR"),
        environ=environ,
        builds=_builds(environ.get("GITOPS_BUILDS", "")),
        build_cache=_build_cache(environ.get("GITOPS_BUILD_CACHE", "")),
    )


def _builds(text: str) -> int:
    if not text:
        return DEFAULT_BUILDS
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise SettingsError(f"GITOPS_BUILDS is {text!r}; it is a whole number from 1 on")
    return int(text)


def _build_cache(text: str) -> int:
    if not text:
        return DEFAULT_BUILD_CACHE
    if text == "off":
        return 0
    found = re.fullmatch(r"([1-9][0-9]{0,8})(Mi|Gi|Ti)", text)
    if found is None:
        raise SettingsError(
            f"GITOPS_BUILD_CACHE is {text!r}; it is off, or a size as 500Mi or 20Gi"
        )
    return int(found[1]) << {"Mi": 20, "Gi": 30, "Ti": 40}[found[2]]


def _folder(environ: Mapping[str, str], own: str, xdg: str, default: Path) -> Path:
    """Return our folder: as named, or inside of what the XDG base directory specification says."""
    if environ.get(own):
        return Path(environ[own])
    base = environ.get(xdg, "")
    return (Path(base) if base.startswith("/") else default) / "gitops"

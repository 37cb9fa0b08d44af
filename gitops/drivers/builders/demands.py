"""Says before a build what its builder cannot do, so that nothing is ever passed over silently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops.drivers.base import Ability, BuildJob, DriverError, ErrorKind

_ALIASES = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "arm64/v8": "arm64"}
_SECRET_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def platform_of(text: str) -> str:
    """Return `os/arch[/variant]` in the spelling of Go: `linux/aarch64` is `linux/arm64`.

    Normal form: https://github.com/containerd/platforms (Normalize).
    """
    system, _, rest = text.strip().lower().partition("/")
    return f"{system}/{_ALIASES.get(rest, rest)}" if rest else system


def joins(job: BuildJob) -> bool:
    """Say whether a build is to be on a network that somebody made."""
    return job.network not in ("", "default", "none", "host")


def foreign(job: BuildJob, engine: str) -> tuple[str, ...]:
    """Return the platforms to ask for: none when the job wants just what the engine is."""
    wanted = tuple(dict.fromkeys(map(platform_of, job.platforms)))
    return () if wanted == (platform_of(engine),) else wanted


def check(job: BuildJob, name: str, abilities: frozenset[Ability], engine: str) -> None:
    """Raise INVALID, with what to install, for what the builder `name` cannot do.

    `engine` is the engine's own platform.
    """
    for demand, ability, remedy in _demands(job, engine):
        if ability not in abilities:
            raise DriverError(
                ErrorKind.INVALID,
                f"{demand}: {name} cannot do that",
                remedy,
            )
    for key in job.secrets:
        if not _SECRET_ID.fullmatch(key):
            raise DriverError(
                ErrorKind.INVALID,
                f"{key!r} is not the id of a build secret",
                "use letters, digits, _ . and -",
            )


def _demands(job: BuildJob, engine: str) -> Iterator[tuple[str, Ability, str]]:
    if job.secrets:
        words = f"the build of {job.image} takes secrets ({', '.join(sorted(job.secrets))})"
        yield words, Ability.SECRETS, _BUILDKIT
    if job.ssh:
        yield f"the build of {job.image} forwards ssh", Ability.SSH, _BUILDKIT
    if joins(job):
        words = f"the build of {job.image} is to be on the network {job.network}"
        yield words, Ability.NETWORKS, "let GITOPS_BUILDER be auto or engine"
    others = foreign(job, engine)
    if len(others) > 1:
        words = f"the build of {job.image} is for several platforms ({', '.join(others)})"
        yield words, Ability.PLATFORMS, _BUILDX
    elif others:
        words = f"the build of {job.image} is for {others[0]}, and the engine is {engine}"
        yield words, Ability.FOREIGN, _BUILDKIT


_BUILDKIT = "install the docker CLI with its buildx plugin (docker-buildx) on this machine"
_BUILDX = (
    "install docker-buildx, make a builder that can (`docker buildx create --name many --driver "
    "docker-container`) and set BUILDX_BUILDER=many, or let the engine use the containerd image "
    "store"
)


def warnings(job: BuildJob, name: str, abilities: frozenset[Ability]) -> Iterator[str]:
    """Give a line for each limit that the builder passes over."""
    if Ability.LIMITS in abilities:
        return
    memory = f"memory {job.memory / 2**20:g} MiB" if job.memory else ""
    cpus = f"cpus {job.cpus:g}" if job.cpus else ""
    set_ = ", ".join(filter(None, (memory, cpus)))
    if set_:
        yield (
            f"warning: {name} limits no step of a build, so {set_} has no effect here; "
            "GITOPS_BUILDER=engine builds with the limit"
        )

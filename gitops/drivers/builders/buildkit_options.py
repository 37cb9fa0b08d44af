"""The options of `docker build` and `docker buildx build` for a job.

https://docs.docker.com/reference/cli/docker/buildx/build/ and, for the CLI's own BuildKit,
https://docs.docker.com/reference/cli/docker/build-legacy/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.drivers.base import BuildJob
from gitops.drivers.builders.demands import foreign

EPOCH = "SOURCE_DATE_EPOCH"

INLINE = "BUILDKIT_INLINE_CACHE"
"""The build arg that makes BuildKit write into the image what its layers were made from."""

APART = "BUILDKIT_CACHE_MOUNT_NS"
"""The build arg that names the namespace of cache mounts
(https://docs.docker.com/build/building/variables/)."""


class Use(NamedTuple):
    """What the builder can do, and what was prepared for it.

    `exports`: it writes caches and indexes to a registry by itself. `sources` are the images whose
    layers are looked at, `secrets` the files by id.
    """

    exports: bool = False
    buildx: bool = False
    engine: str = "linux/amd64"
    sources: tuple[str, ...] = ()
    secrets: Mapping[str, str] = MappingProxyType({})


_PROGRAMS_OWN = re.compile(
    r"(?:DOCKER|BUILDKIT|BUILDX|COMPOSE|GITOPS|OTEL|SSH|LD|LC|XDG|GPG|GIT|AWS|AZURE)(?:_.*)?"
    r"|PATH|HOME|USER|LANG|TERM|TZ|TMPDIR|COLUMNS|NO_COLOR|LOGNAME|SHELL|PWD|CI"
    r"|GO[A-Z]*|(?:HTTPS?|FTP|NO|ALL)_PROXY",
    re.IGNORECASE,
)
"""Variables that mean something to the CLI itself, or to what it starts."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def arguments(job: BuildJob, dockerfile: str, use: Use) -> list[str]:
    """Return the options of a build; it has to be started with `variables` in its environment."""
    flags = ["--progress=plain", "--file", dockerfile]
    if use.buildx:
        several = len(foreign(job, use.engine)) > 1
        flags.append("--push" if several else "--load")
    flags += ["--no-cache"] if job.no_cache else []
    flags += ["--pull"] if job.pull else []
    return [*flags, *(part for pair in _pairs(job, use) for part in pair), "-"]


def _pairs(job: BuildJob, use: Use) -> Iterator[tuple[str, str]]:
    inherited = variables(job, use)
    kept = (job.cache.to,) if job.cache.to and not use.exports else ()
    several = {
        "--tag": dict.fromkeys((str(job.image), *job.tags, *kept)),
        "--build-arg": [
            name if name in inherited else f"{name}={value}"
            for name, value in _args(job, use).items()
        ],
        "--label": [f"{name}={value}" for name, value in job.labels.items()],
        "--add-host": (*job.hosts, *_own_host(job)),
        "--secret": [f"id={name},src={place}" for name, place in use.secrets.items()],
        "--ssh": job.ssh,
    }
    single = {
        "--target": job.target,
        "--platform": ",".join(foreign(job, use.engine)),
        "--network": job.network,
        "--shm-size": str(job.shm_size or ""),
    }
    yield from ((name, value) for name, values in several.items() for value in values)
    yield from ((name, value) for name, value in single.items() if value)
    yield from _cache(job, use)


def variables(job: BuildJob, use: Use) -> dict[str, str]:
    """Return the build args whose values the CLI takes from its environment.

    Arguments are for every user of the machine to read. Image history shows build args all the
    same, where a RUN is behind their ARG: a secret should be none of them.
    """
    return {
        name: value
        for name, value in _args(job, use).items()
        if _NAME.fullmatch(name) and not _PROGRAMS_OWN.fullmatch(name)
    }


def _own_host(job: BuildJob) -> tuple[str, ...]:
    """Return a name that means nothing to a program, and makes the keys of the cache our own.

    What a stranger's commands have made is of no use to another build, and he gets nothing that a
    build with secrets has made: the hosts of a RUN are part of what its layer is known by.
    """
    if not job.apart:
        return ()
    return (f"{hashlib.sha256(job.apart.encode()).hexdigest()[:24]}.invalid:127.0.0.1",)


def _cache(job: BuildJob, use: Use) -> Iterator[tuple[str, str]]:
    if use.exports:
        for name in () if job.no_cache else job.cache.sources:
            yield "--cache-from", f"type=registry,ref={name}"
        if job.cache.to:
            yield "--cache-to", f"type=registry,ref={job.cache.to},mode={job.cache.mode}"
        return
    for name in use.sources:
        yield "--cache-from", name


def _args(job: BuildJob, use: Use) -> dict[str, str]:
    """Add the commit's date, which BuildKit 0.11 and later gives the image and its files.

    https://reproducible-builds.org/specs/source-date-epoch/; older ones pass over it.
    """
    epoch = {EPOCH: str(job.date)} if job.date > 0 else {}
    inline = {INLINE: "1"} if job.cache.to and not use.exports else {}
    apart = {APART: job.apart} if job.apart else {}
    return {**epoch, **inline, **job.args, **apart}

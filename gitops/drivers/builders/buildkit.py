"""Builds with BuildKit, through the docker CLI."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gitops.drivers.base import (
    Ability,
    BuildContext,
    Builder,
    BuildJob,
    Cancel,
    DriverError,
    ErrorKind,
    Output,
)
from gitops.drivers.builders.buildkit_options import Use, arguments, variables
from gitops.drivers.builders.cache import kept_stages, sources, stage_jobs, told
from gitops.drivers.builders.context_folder import ContextFolder, context_folder
from gitops.drivers.builders.demands import check, joins, warnings
from gitops.drivers.builders.docker_config import Endpoint, client_env, docker_config
from gitops.drivers.builders.errors import build_error
from gitops.drivers.builders.log import BuildLog
from gitops.drivers.builders.strangers import checked
from gitops.drivers.builders.time_limit import TimeLimit
from gitops.drivers.command import CommandOptions, run
from gitops.drivers.leftover_processes import VARIABLE
from gitops.drivers.own_folders import own_folder
from gitops.drivers.processes import this_host, this_process
from gitops.drivers.redact import Redactor

_TIDYING = 60.0
"""Seconds for an engine to take a name away."""


class BuildKit(NamedTuple):
    """One CLI that can use BuildKit: `command` is `docker build` or buildx's.

    `engine` is the engine's platform; `builder` a buildx builder that is not the engine's own.
    `doubt` is called when a build went wrong: what was known of the CLI may no longer hold. A build
    on a network that somebody made is left to the builder `beside`, if there may be one.
    """

    name: str
    command: tuple[str, ...]
    endpoint: Endpoint
    redact: Callable[[str], str]
    warning: str = ""
    abilities: frozenset[Ability] = frozenset({Ability.SECRETS, Ability.SSH, Ability.FOREIGN})
    engine: str = "linux/amd64"
    builder: str = ""
    doubt: Callable[[], None] = lambda: None
    beside: Callable[[], Builder] | None = None

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build and tag `job.image`; see `Builder`. What is no folder goes to standard input."""
        if self.beside is not None and joins(job):
            other = self.beside()
            output(f"the build is on the network {job.network}, which takes {other.name}")
            other.build(job, context, output, cancel)
            return
        check(job, self.name, self.abilities, self.engine)
        hidden = Redactor(job.secrets.values())
        limit = TimeLimit(job.timeout, cancel, f"the build of {job.image}")
        for line in warnings(job, self.name, self.abilities):
            output(line)
        with (
            checked(context, job) as own,
            docker_config(self.endpoint) as folder,
            _secret_files(job) as files,
            context_folder(own, limit.check) as place,
        ):
            work = _Work(
                self,
                self._environment(folder, job.mark),
                Use(
                    exports=Ability.PLATFORMS in self.abilities,
                    buildx="buildx" in self.command,
                    engine=self.engine,
                    sources=sources(job, own),
                    secrets=files,
                ),
                lambda text: hidden(self.redact(text)),
                output,
                cancel,
                place,
            )
            work.do(job._replace(timeout=limit.left()), own)

    def _environment(self, folder: Path, mark: str) -> dict[str, str]:
        env = client_env(self.endpoint, folder) | {"DOCKER_BUILDKIT": "1"}
        if self.builder:
            env["BUILDX_BUILDER"] = self.builder
            own = self.endpoint.environ.get("BUILDX_CONFIG", "")
            env["BUILDX_CONFIG"] = own or str(self.endpoint.home / "buildx")
        # A provenance statement would make an index of the image, with another digest each time.
        # What is attached to an image is attached after its push, to its digest.
        env["BUILDX_NO_DEFAULT_ATTESTATIONS"] = "1"
        if mark:
            own = f"{mark}|{this_host()}|{this_process()}"
            env[VARIABLE] = mark if "|" in mark else own
        return env


class _Work(NamedTuple):
    """One build, with all that its programs are started with."""

    builder: BuildKit
    env: Mapping[str, str]
    use: Use
    redact: Callable[[str], str]
    output: Output
    cancel: Cancel
    place: ContextFolder | None
    """Where the context lies as a folder, if it does."""

    def do(self, job: BuildJob, context: BuildContext) -> None:
        """Build the image, then keep its layers and those of its stages where the job says."""
        end = time.monotonic() + job.timeout if job.timeout else None
        log = self.image(job, context, job.timeout)
        if not job.cache.to or self.use.exports:
            return  # BuildKit has written the cache itself
        self._keep(job.cache.to, _left(end))
        for stage in stage_jobs(job, kept_stages(job, context, log.stages)):
            told(
                f"the layers of stage {stage.target} are not kept",
                lambda stage=stage: self._keep_stage(stage, context, end),  # type: ignore[misc]
                self.output,
            )

    def _keep_stage(self, stage: BuildJob, context: BuildContext, end: float | None) -> None:
        """Build a stage from the layers that are there, push it, and take its name away again."""
        name = str(stage.image)
        self.image(stage, context, _left(end), quiet=True)
        self._keep(name, _left(end))
        self._docker(["rmi", name], _TIDYING)

    def image(
        self, job: BuildJob, context: BuildContext, timeout: float, *, quiet: bool = False
    ) -> BuildLog:
        """Build one image; return what is kept of its log."""
        log = BuildLog()

        def keep(line: str) -> None:
            log.add(line)
            if not quiet:
                self.output(line)

        options = CommandOptions(
            env={**self.env, **variables(job, self.use)},
            stdin=context.write_to if self.place is None else None,
            timeout=timeout,
            output=keep,
            cancel=self.cancel,
            redact=self.redact,
            title=f"the build of {job.image}",
            bound=True,
        )
        if run(self._words(job, context), options).code:
            self.builder.doubt()
            raise build_error(str(job.image), log.tail)
        return log

    def _words(self, job: BuildJob, context: BuildContext) -> list[str]:
        if self.place is None:
            return [*self.builder.command, *arguments(job, context.dockerfile, self.use)]
        words = arguments(job, str(self.place.dockerfile), self.use)
        return [*self.builder.command, *words[:-1], str(self.place.folder)]

    def _keep(self, name: str, timeout: float) -> None:
        if told(
            f"the build cache {name} is not written",
            lambda: self._docker(["push", name], timeout),
            self.output,
        ):
            self.output(f"layers are kept in {name}")

    def _docker(self, words: list[str], timeout: float) -> None:
        options = CommandOptions(
            env=self.env, timeout=timeout, cancel=self.cancel, redact=self.redact, bound=True
        )
        done = run([self.builder.command[0], *words], options)
        if done.code:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise DriverError(ErrorKind.FAILED, f"docker {words[0]} failed", "".join(last))


def _left(end: float | None) -> float:
    """Return the seconds until `end`, at least a tenth, as 0 would be no limit at all."""
    return 0.0 if end is None else max(end - time.monotonic(), 0.1)


@contextmanager
def _secret_files(job: BuildJob) -> Iterator[Mapping[str, str]]:
    """Give a file for each secret of a build, in a folder of our own that is gone afterwards.

    Files, as arguments and the environment of a program can be read by others.
    """
    if not job.secrets:
        yield {}
        return
    with own_folder("secrets") as folder:
        places = {key: str(folder / str(number)) for number, key in enumerate(job.secrets)}
        for key, place in places.items():
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(job.secrets[key].reveal().encode(errors="surrogateescape"))
        yield places

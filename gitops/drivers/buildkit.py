"""Builds with BuildKit, through the docker CLI."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gitops.drivers.base import BuildContext, BuildJob, Cancel, Output
from gitops.drivers.build_errors import build_error
from gitops.drivers.command import CommandOptions, run
from gitops.drivers.docker_config import Endpoint, client_env, docker_config

EPOCH = "SOURCE_DATE_EPOCH"


class BuildKit(NamedTuple):
    """One CLI that can use BuildKit: `command` is `docker build` or buildx's."""

    name: str
    command: tuple[str, ...]
    endpoint: Endpoint
    redact: Callable[[str], str]
    warning: str = ""

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build and tag `job.image`; see `Builder`. The context goes to standard input."""
        lines: list[str] = []

        def keep(line: str) -> None:
            lines.append(line)
            output(line)

        with docker_config(self.endpoint) as folder:
            env = client_env(self.endpoint, folder) | {"DOCKER_BUILDKIT": "1"}
            if job.date > 0:
                env[EPOCH] = str(job.date)
            options = CommandOptions(
                env=env,
                stdin=context.write_to,
                timeout=job.timeout,
                output=keep,
                cancel=cancel,
                redact=self.redact,
            )
            done = run([*self.command, *arguments(job, context.dockerfile)], options)
        if done.code:
            raise build_error(str(job.image), lines)


def arguments(job: BuildJob, dockerfile: str) -> list[str]:
    """Return the options of a build. Build args are no secrets: image history shows them."""
    pairs = [("--build-arg", f"{name}={value}") for name, value in _args(job).items()]
    pairs += [("--label", f"{name}={value}") for name, value in job.labels.items()]
    if job.target:
        pairs.append(("--target", job.target))
    options = [part for pair in pairs for part in pair]
    return ["--progress=plain", "--file", dockerfile, "--tag", str(job.image), *options, "-"]


def _args(job: BuildJob) -> dict[str, str]:
    """Add the commit's date, which BuildKit 0.11 and later gives the image and its files.

    https://reproducible-builds.org/specs/source-date-epoch/; older ones pass over it.
    """
    epoch = {EPOCH: str(job.date)} if job.date > 0 else {}
    return {**epoch, **job.args}

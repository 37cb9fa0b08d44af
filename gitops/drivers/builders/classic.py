"""Builds with the engine's own builder, through the docker SDK. Imported where BuildKit is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import docker
import docker.errors
import requests
import urllib3.exceptions
from docker.utils import kwargs_from_env

from gitops.drivers.base import (
    Ability,
    BuildContext,
    BuildJob,
    Cancel,
    DriverError,
    ErrorKind,
    Output,
)
from gitops.drivers.builders.cache import sources, stage_jobs, told
from gitops.drivers.builders.classic_deadline import Deadline
from gitops.drivers.builders.classic_log import ClassicLog, check_step_end
from gitops.drivers.builders.classic_request import Use, messages
from gitops.drivers.builders.demands import check
from gitops.drivers.builders.docker_config import Endpoint, docker_config
from gitops.drivers.builders.errors import build_error
from gitops.drivers.builders.log import BuildLog
from gitops.drivers.builders.piped import piped
from gitops.drivers.builders.read_back import Veiled
from gitops.drivers.builders.strangers import checked
from gitops.drivers.engine.connection import connect_engine
from gitops.drivers.engine.http import EngineHttp
from gitops.model.image import parse_image

_BROKEN = (
    docker.errors.DockerException,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


class ClassicBuilder(NamedTuple):
    """The Engine API's `POST /build`; `warning` says what BuildKit would give on top."""

    name: str
    endpoint: Endpoint
    redact: Callable[[str], str]
    warning: str

    @property
    def abilities(self) -> frozenset[Ability]:
        """Limits and networks, which BuildKit has not, and nothing else."""
        return frozenset({Ability.LIMITS, Ability.NETWORKS})

    def build(self, job: BuildJob, context: BuildContext, output: Output, cancel: Cancel) -> None:
        """Build and tag `job.image`; see `Builder`. The context is streamed as the body."""
        deadline = Deadline(job.timeout, cancel, f"the build of {job.image}")
        with (
            checked(context, job) as own,
            self._client(job) as client,
            deadline.watching(client),
        ):
            check(job, self.name, self.abilities, self._platform(client) if job.platforms else "")
            use = Use(client, deadline, output)
            found = tuple(self._pulled(sources(job, own), use))
            log = self._image(job, own, use, found)
            for name in job.tags:
                self._tag(str(job.image), name, use)
            self._keep(job.cache.to, job, use)
            for stage in stage_jobs(job, log.stages):
                what = f"the layers of stage {stage.target} are not kept"
                quiet = use._replace(output=_nowhere)
                build = partial(self._image, stage, own, quiet, found)
                if told(what, build, output):
                    self._keep(str(stage.image), stage, use)

    def _platform(self, client: docker.APIClient) -> str:
        try:
            version = client.version()
        except _BROKEN as error:
            raise DriverError(
                ErrorKind.UNREACHABLE, "the engine cannot be asked what it is", str(error)
            ) from error
        return f"{version['Os']}/{version['Arch']}"

    def _image(
        self, job: BuildJob, context: BuildContext, use: Use, found: Sequence[str]
    ) -> BuildLog:
        """Build one image; return what is kept of its log."""
        log = ClassicLog(self.redact, use.output)
        with (
            self._translated(str(job.image), use.deadline, log.kept),
            piped(Veiled(context), use.deadline.check) as body,
        ):
            for message in messages(use, job, (context.dockerfile, body), found):
                self._take(message, str(job.image), log)
            log.end()
        return log.kept

    def _pulled(self, names: Sequence[str], use: Use) -> Iterator[str]:
        """Pull the images that layers are taken from; give those that the engine has then.

        The engine's own builder looks at no registry, only at the history of images that are here.
        """
        for name in names:
            what = f"no layers come from {name}"
            if told(what, partial(self._transfer, "pull", name, use), use.output):
                yield name

    def _keep(self, name: str, job: BuildJob, use: Use) -> None:
        if not name:
            return
        told_ = f"the build cache {name} is not written"
        if told(told_, partial(self._send, name, job, use), use.output):
            use.output(f"layers are kept in {name}")

    def _send(self, name: str, job: BuildJob, use: Use) -> None:
        self._tag(str(job.image), name, use)
        self._transfer("push", name, use)

    def _tag(self, image: str, name: str, use: Use) -> None:
        wanted = parse_image(name)
        with self._translated(name, use.deadline, BuildLog()):
            use.client.tag(image, wanted.repository, wanted.tag)

    def _transfer(self, verb: str, name: str, use: Use) -> None:
        """Pull or push an image, with the credentials of the configuration that was made."""
        image = parse_image(name)
        call = use.client.pull if verb == "pull" else use.client.push
        with self._translated(name, use.deadline, BuildLog()):
            try:
                for message in call(image.repository, tag=image.tag, stream=True, decode=True):
                    if error := message.get("error"):
                        raise DriverError(ErrorKind.FAILED, f"cannot {verb} it", self.redact(error))
            except docker.errors.NotFound as error:
                words = "the registry does not have it (yet)"
                raise DriverError(ErrorKind.MISSING, words) from error

    @contextmanager
    def _translated(self, image: str, deadline: Deadline, log: BuildLog) -> Iterator[None]:
        try:
            yield
        except docker.errors.APIError as error:
            deadline.check()
            words = self.redact(str(error.explanation or error))
            raise build_error(image, log.tail, words) from error
        except DriverError:
            deadline.check()
            raise
        except _BROKEN as error:
            deadline.check()
            raise DriverError(
                ErrorKind.UNREACHABLE, f"the build of {image} lost the engine", str(error)
            ) from error
        deadline.check()

    @contextmanager
    def _client(self, job: BuildJob) -> Iterator[docker.APIClient]:
        environ = {**self.endpoint.environ}
        if self.endpoint.address:
            environ["DOCKER_HOST"] = self.endpoint.address
        with docker_config(self.endpoint, helpers=False) as folder:
            options = kwargs_from_env(environ)
            client = docker.APIClient(**options, timeout=max(1, int(job.timeout) + 60))
            try:
                client.reload_config(str(folder / "config.json"))
                yield client
            finally:
                client.close()

    def _take(self, message: Mapping[str, object], image: str, log: ClassicLog) -> None:
        if "error" in message:
            log.end()
            error = build_error(image, log.kept.tail, self.redact(str(message["error"]).strip()))
            if error.kind is ErrorKind.FAILED and log.container:
                check_step_end(self._http(), log.container)
            raise error
        if "stream" in message:
            log.add(str(message["stream"]))
        elif not message.get("progressDetail"):  # a pull's bar, many times a second
            about = f"{message['id']}: " if message.get("id") else ""
            log.add(f"{about}{message['status']}\n" if message.get("status") else "")

    def _http(self) -> EngineHttp:
        return connect_engine(self.endpoint.reached, self.endpoint.environ)


def _nowhere(_line: str) -> None:
    """Take a line that has been shown before."""

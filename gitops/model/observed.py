"""What is there: one snapshot, taken before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.outcomes import Observation
from gitops.model.routes import Route
from gitops.model.secret import SecretRef, Secrets
from gitops.model.sources import Source

LABEL_PROJECT = "gitops.project"
LABEL_KIND = "gitops.kind"
LABEL_NAME = "gitops.name"
LABEL_CONFIG = "gitops.config"
LABEL_IMAGE = "gitops.image"
LABEL_DIGEST = "gitops.digest"
LABEL_PORT = "gitops.port"
LABEL_REVISION = "gitops.revision"


class ObservedContainer(NamedTuple):
    """A container, ours or not. `state` is the engine's word: created, running, exited, ..."""

    id: str
    name: str
    image: str
    state: str
    status: str
    labels: Mapping[str, str]
    created: int

    @property
    def owner(self) -> Address | None:
        """The resource it was made for, by its labels; none for what is not ours."""
        kind, name = self.labels.get(LABEL_KIND), self.labels.get(LABEL_NAME)
        return Address(kind, name) if kind and name else None

    @property
    def config(self) -> str:
        """The hash of the configuration that it was made from."""
        return self.labels.get(LABEL_CONFIG, "")

    @property
    def running(self) -> bool:
        """Say whether its process runs."""
        return self.state == "running"


class EngineSnapshot(NamedTuple):
    """All that an engine holds that a plan may depend on.

    `networks` maps names to labels; `volumes` are the names of the project's own.
    """

    containers: tuple[ObservedContainer, ...]
    networks: Mapping[str, Mapping[str, str]]
    volumes: frozenset[str]


class ContainerState(NamedTuple):
    """How one container is right now."""

    state: str
    exit_code: int
    oom_killed: bool
    restarts: int
    error: str


class GatewayState(NamedTuple):
    """A gateway's configuration file, the routes and the revision in it, and the one that answers.

    `routes` is none, and `revision` empty, when the file is missing or was changed by hand or made
    by another version. `served` is empty when nothing answered, and `why` then says why. `text` is
    empty when the file did not have to be fetched: its time told that it is the one served.
    """

    text: str
    routes: tuple[Route, ...] | None
    revision: str
    served: str
    why: str = ""


class ProbeAnswer(NamedTuple):
    """What an app answered: an HTTP status, or 0 and the error in words; and how it begins."""

    status: int
    body: str
    error: str


class Observed(NamedTuple):
    """Everything that was looked at; what could not be looked at says so itself.

    `engines` and `gateways` are by target, `tags` by `repository:tag`.
    """

    engines: Mapping[str, Observation[EngineSnapshot]]
    gateways: Mapping[str, Observation[GatewayState]]
    tags: Mapping[str, Observation[str]]


class Inputs(NamedTuple):
    """What deciding needs beside the specs: sources by task, secret values, the time.

    `secret_errors` says why a value could not be read; `now` is seconds since 1970.
    """

    sources: Mapping[Address, Observation[Source]]
    secrets: Secrets
    secret_errors: Mapping[SecretRef, str]
    now: float

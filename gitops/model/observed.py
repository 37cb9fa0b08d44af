"""What is there: one snapshot, taken before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.notes import Note
from gitops.model.outcomes import Observation
from gitops.model.probing import Fault
from gitops.model.routes import Route, ServerHealth
from gitops.model.secret import SecretRef, Secrets
from gitops.model.sources import Source
from gitops.model.task_inputs import BuildInputs

LABEL_PROJECT = "gitops.project"
LABEL_KIND = "gitops.kind"
LABEL_NAME = "gitops.name"
LABEL_CONFIG = "gitops.config"
LABEL_IMAGE = "gitops.image"
LABEL_DIGEST = "gitops.digest"
LABEL_PORT = "gitops.port"
LABEL_REVISION = "gitops.revision"
LABEL_LINE = "gitops.line"
"""Whose content a container runs, when that is a slot's and not production's."""
LABEL_SIDECAR = "gitops.sidecar"
LABEL_REPLICA = "gitops.replica"
"""On a sidecar: the name of the app's container that it belongs to."""
LABEL_ADDRESS = "gitops.address"
"""The container's address in the project's network, its own for life."""

LABEL_HAND = "gitops.hand"
"""The volume that a container lends its hand for: it has no owner, and is gone in a moment."""


OF_CONTAINERS = (
    *(LABEL_PROJECT, LABEL_KIND, LABEL_NAME, LABEL_CONFIG, LABEL_IMAGE, LABEL_DIGEST, LABEL_PORT),
    *(LABEL_REVISION, LABEL_LINE, LABEL_SIDECAR, LABEL_REPLICA, LABEL_ADDRESS, LABEL_HAND),
)
OURS = "gitops."
"""How the names of all our labels begin."""

_SECONDS = frozenset({"second", "seconds"})


def only_ours(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels to create a container with: an engine adds those of its image, which may
    name ours. Each of ours that is not wanted is given without a value.
    """
    return {**dict.fromkeys(OF_CONTAINERS, ""), **labels}


def believed(name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return the labels of a container less those of ours that mean nothing: without a value, or on
    one that does not have our kind of name, whose image has them.
    """
    project = labels.get(LABEL_PROJECT, "")
    named = bool(project) and name.startswith(f"{project}-")
    return {
        key: value
        for key, value in labels.items()
        if not key.startswith(OURS) or (value and (named or not project))
    }


def owner_of(labels: Mapping[str, str]) -> Address | None:
    """Return the resource that something was made for, by its labels; none for what is not ours."""
    kind, name = labels.get(LABEL_KIND), labels.get(LABEL_NAME)
    return Address(kind, name) if kind and name else None


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
        return owner_of(self.labels)

    @property
    def config(self) -> str:
        """The hash of the configuration that it was made from."""
        return self.labels.get(LABEL_CONFIG, "")

    @property
    def running(self) -> bool:
        """Say whether its process runs."""
        return self.state == "running"

    @property
    def fresh(self) -> bool:
        """Say whether it has run for less than a minute.

        Lists of containers have it in the status alone: `Up Less than a second`, `Up 59 seconds`.
        """
        words = self.status.split()
        return self.running and words[:1] == ["Up"] and not _SECONDS.isdisjoint(words)

    @property
    def health(self) -> str:
        """What its HEALTHCHECK says: starting, healthy, unhealthy; empty without one.

        Lists of containers have it in the status alone: `Up 5 seconds (health: starting)`.
        """
        _, bracket, last = self.status.rpartition("(")
        word = last.removesuffix(")").removeprefix("health: ")
        known = word in ("starting", "healthy", "unhealthy")
        return word if self.running and bracket and known else ""


class EngineSnapshot(NamedTuple):
    """All that an engine holds that a plan may depend on.

    `networks` maps names to labels; `volumes` are the names of the project's own.
    """

    containers: tuple[ObservedContainer, ...]
    networks: Mapping[str, Mapping[str, str]]
    volumes: frozenset[str]
    notes: tuple[Note, ...] = ()
    """The project's notes, of each topic and name the latest."""


class ContainerState(NamedTuple):
    """How one container is right now. `exit_code` and `oom_killed` are of its last end, if that is
    known; one that was restarted and runs again has ended before.
    """

    state: str
    exit_code: int
    oom_killed: bool
    restarts: int
    error: str
    health: str = ""
    """What its HEALTHCHECK says: starting, healthy, unhealthy; empty without one."""
    health_log: str = ""
    """What the last run of its HEALTHCHECK printed."""
    ran: float = 0.0
    """Seconds that its process ran until it ended; 0 while it runs."""
    memory: int = 0
    """Bytes that it may use; 0 is no limit."""
    exposes: tuple[int, ...] = ()
    """The TCP ports that its image says it listens on."""


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
    fault: Fault = Fault.OTHER
    """What kind of error it is."""


class Observed(NamedTuple):
    """Everything that was looked at; what could not be looked at says so itself.

    `engines` and `gateways` are by target, `tags` by `repository:tag`.
    """

    engines: Mapping[str, Observation[EngineSnapshot]]
    gateways: Mapping[str, Observation[GatewayState]]
    tags: Mapping[str, Observation[str]]
    health: Mapping[str, tuple[ServerHealth, ...]] = MappingProxyType({})
    """What each gateway says of its servers."""


class Inputs(NamedTuple):
    """What deciding needs beside the specs: sources by task, secret values, the time.

    `secret_errors` says why a value could not be read; `now` is seconds since 1970.
    """

    sources: Mapping[Address, Observation[Source]]
    secrets: Secrets
    secret_errors: Mapping[SecretRef, str]
    now: float
    bases: Mapping[str, Observation[str]] = MappingProxyType({})
    """The digest that each image under a Dockerfile has now, where that is followed."""
    before: Mapping[Address, BuildInputs] = MappingProxyType({})
    """What each task, and each of its offshoots, was made from last, as far as it is remembered."""

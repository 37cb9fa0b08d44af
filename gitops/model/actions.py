"""The vocabulary of plans: each action is one outside call, or one unit with a log."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.notes import Note
from gitops.model.revisions import Revision
from gitops.model.routes import Route, Server
from gitops.model.secret import SecretRef
from gitops.model.task_runs import Cause
from gitops.model.wanted import WantedContainer, WantedImage
from gitops.model.webapp import Health


class CreateNetwork(NamedTuple):
    """Create a network for whom it is labelled with: a target's apps, or a managed registry."""

    target: str
    name: str
    owner: Address


class CreateVolume(NamedTuple):
    """Create a named volume."""

    target: str
    name: str


class Build(NamedTuple):
    """Build an image from a task's source, on the engine; `causes` say why now, if it is known."""

    target: str
    image: WantedImage
    causes: tuple[Cause, ...] = ()


class RunTask(NamedTuple):
    """Carry out a multi-step task, which builds and pushes by itself; its image is then tagged with
    the name that its inputs give it.
    """

    target: str
    image: WantedImage
    causes: tuple[Cause, ...] = ()


class Push(NamedTuple):
    """Push an image under the tag that its inputs name."""

    target: str
    image: ImageRef


class Tag(NamedTuple):
    """Make a moving tag point to an image, in the registry."""

    image: ImageRef
    tag: str


class Pull(NamedTuple):
    """Make sure that the engine has an image."""

    target: str
    image: ImageRef


class CreateContainer(NamedTuple):
    """Create a container, not started. `port` 0 asks the image; -1 is a container without one."""

    target: str
    container: WantedContainer
    port: int


class StartContainer(NamedTuple):
    """Start a container."""

    target: str
    container: str


class WaitService(NamedTuple):
    """Wait until a registry or a gateway answers, `timeout` seconds at most."""

    target: str
    container: str
    address: Address
    timeout: float


class WaitHealthy(NamedTuple):
    """Ask a container of an app until it proves itself; the gate of a deployment."""

    target: str
    server: Server
    app: Address
    health: Health


class SwitchRoutes(NamedTuple):
    """Send the host names of one or more apps to their servers, all in one step."""

    target: str
    routes: tuple[Route, ...]


class ObtainCertificate(NamedTuple):
    """Make or get a certificate for an app's host names, and give it to the gateway.

    `source` is the `Certificate.source` that is wanted; `cert` and `key` are the user's own.
    """

    target: str
    app: Address
    hosts: tuple[str, ...]
    source: str
    cert: SecretRef | None = None
    key: SecretRef | None = None


class RunHook(NamedTuple):
    """Run a command in a container of its own, to its end: 0 is well."""

    target: str
    container: WantedContainer
    timeout: float


class KeepRevision(NamedTuple):
    """Remember what serves now as the newest good revision, before those in `older`.

    Its `since` and, where the image is known by a tag only, its `digest` come with the doing.
    """

    target: str
    app: Address
    revision: Revision
    older: tuple[Revision, ...]
    version: int


class WriteNote(NamedTuple):
    """Keep a note with the engine."""

    target: str
    note: Note


class EraseNote(NamedTuple):
    """Forget a note."""

    target: str
    topic: str
    name: str


class RemoveRoute(NamedTuple):
    """Take an app's host names away."""

    target: str
    app: str


class RestoreGateway(NamedTuple):
    """Write the gateway's configuration anew, with these routes."""

    target: str
    container: str
    routes: tuple[Route, ...]


class Drain(NamedTuple):
    """Wait until requests on the previous configuration have ended, `timeout` seconds at most."""

    target: str
    app: str
    timeout: float


class StopContainer(NamedTuple):
    """Stop a container, with `timeout` seconds of grace."""

    target: str
    container: str
    timeout: float


class RemoveContainer(NamedTuple):
    """Remove a container."""

    target: str
    container: str


class RemoveNetwork(NamedTuple):
    """Remove a network of the project."""

    target: str
    name: str


class RemoveVolume(NamedTuple):
    """Remove a volume of the project, and what is in it."""

    target: str
    name: str


Action = (
    CreateNetwork
    | CreateVolume
    | Build
    | RunTask
    | Push
    | Tag
    | Pull
    | CreateContainer
    | StartContainer
    | WaitService
    | WaitHealthy
    | SwitchRoutes
    | ObtainCertificate
    | RunHook
    | KeepRevision
    | WriteNote
    | EraseNote
    | RemoveRoute
    | RestoreGateway
    | Drain
    | StopContainer
    | RemoveContainer
    | RemoveNetwork
    | RemoveVolume
)

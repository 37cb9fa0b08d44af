"""The vocabulary of plans: each action is one outside call, or one unit with a log."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.image import ImageRef
from gitops.model.resources import Health
from gitops.model.routes import Route
from gitops.model.wanted import WantedContainer, WantedImage


class CreateNetwork(NamedTuple):
    """Create the project's network."""

    target: str
    name: str


class CreateVolume(NamedTuple):
    """Create a named volume."""

    target: str
    name: str


class Build(NamedTuple):
    """Build an image from a task's source, on the engine."""

    target: str
    image: WantedImage


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
    """Ask an app's container through the gateway until it proves itself; the gate of a deploy."""

    target: str
    container: str
    app: Address
    port: int
    """0: the port that the container's label names."""
    health: Health


class SwitchRoute(NamedTuple):
    """Send an app's host names to a container, in one step; port 0 is the one in its label."""

    target: str
    route: Route


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
    | Push
    | Tag
    | Pull
    | CreateContainer
    | StartContainer
    | WaitService
    | WaitHealthy
    | SwitchRoute
    | RemoveRoute
    | RestoreGateway
    | Drain
    | StopContainer
    | RemoveContainer
    | RemoveNetwork
    | RemoveVolume
)

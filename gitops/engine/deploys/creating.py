"""Containers come from digests: a tag is resolved once, at the moment of creation."""

from __future__ import annotations

import secrets as randomness

from gitops.drivers.base import Engine, Output, RegistryClient
from gitops.engine.board import Board
from gitops.engine.scene import Scene
from gitops.model.actions import CreateContainer
from gitops.model.image import ImageRef
from gitops.model.observed import LABEL_ADDRESS, LABEL_DIGEST, LABEL_PORT
from gitops.model.outcomes import Done, Found, Observation, Outcome, Retry, Stalled, Unreachable
from gitops.model.secret import EnvSecret, Secret, SecretRef
from gitops.model.wanted import WantedContainer
from gitops.plan.builds.images import TAG_PREFIX
from gitops.plan.containers import PROBE_TOKEN
from gitops.plan.deploys.place import NO_PORT


def pull(
    registry: RegistryClient, engine: Engine, image: ImageRef, board: Board, output: Output
) -> Outcome:
    """Make sure that the engine has the image that a container will be created from."""
    exact = _exact(registry, image, board)
    if not isinstance(exact, Found):
        return _no_image(image, exact)
    engine.pull(exact.value, output)
    return Done(exact.value.pinned)


def create_container(scene: Scene, engine: Engine, action: CreateContainer) -> Outcome:
    """Create it from the digest, with the address and the labels that a later look needs."""
    exact = exact_container(scene, action.container)
    if not isinstance(exact, Found):
        return _no_image(action.container.image, exact)
    wanted = exact.value
    labels = {**wanted.labels, LABEL_DIGEST: wanted.image.digest}
    if action.port >= 0:
        port = action.port or _port_of_image(engine, wanted.image)
        if isinstance(port, Stalled):
            return port
        labels[LABEL_PORT] = str(port) if port > 0 else NO_PORT
        scene.board.listens(wanted.name, port)
    address = _address(scene, engine, action.target, wanted)
    if address:
        labels[LABEL_ADDRESS] = address
    own = "" if wanted.joins else address
    container = wanted._replace(labels=labels, address=own)
    # A gateway's token is made here and lives in its container only.
    known: dict[SecretRef, Secret] = dict(scene.inputs.secrets)
    known[EnvSecret(PROBE_TOKEN)] = Secret(randomness.token_hex(16))
    return Done(engine.create_container(container, known))


def exact_container(scene: Scene, wanted: WantedContainer) -> Observation[WantedContainer]:
    """Return the container with its image pinned to the digest that it has now."""
    exact = _exact(scene.world.registries, wanted.image, scene.board)
    return Found(wanted._replace(image=exact.value)) if isinstance(exact, Found) else exact


def _address(scene: Scene, engine: Engine, target: str, wanted: WantedContainer) -> str:
    """Return the address that the container answers at: its own, or that of the one it joins."""
    if wanted.joins:
        address = scene.board.address(wanted.joins)
        return scene.board.shares_address(wanted.name, address)
    if wanted.owner.kind != "WebApp":
        return ""
    return scene.board.give_address(
        wanted.name, scene.board.subnet(target, wanted.network, engine.subnet)
    )


def _exact(registry: RegistryClient, image: ImageRef, board: Board) -> Observation[ImageRef]:
    """Return the image with the digest that its tag has; a name from elsewhere stays as it is."""
    if image.digest or not image.tag.startswith(TAG_PREFIX):
        return Found(image)
    digest = board.digest(image)
    if digest:
        return Found(image.with_digest(digest))
    seen = registry.digest(image)
    return Found(image.with_digest(seen.value)) if isinstance(seen, Found) else seen


def _no_image(image: ImageRef, seen: Observation[ImageRef]) -> Outcome:
    if isinstance(seen, Unreachable):
        return Retry(f"{seen.what} (unreachable)", seen.why)
    return Retry(f"{image} is not in the registry any more", "run again: it will be built anew")


def _port_of_image(engine: Engine, image: ImageRef) -> int | Stalled:
    ports = engine.exposed_ports(image)
    if len(ports) > 1:
        listed = ", ".join(map(str, ports))
        why = f"{image} exposes the ports {listed}; say in spec.port which one to use"
        return Stalled("the app's port is not known", why)
    return ports[0] if ports else -1

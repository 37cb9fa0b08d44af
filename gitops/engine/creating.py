"""Containers come from digests: a tag is resolved once, at the moment of creation."""

from __future__ import annotations

import secrets as randomness

from gitops.drivers.base import Engine, Output, RegistryClient
from gitops.engine.board import Board
from gitops.model.actions import CreateContainer
from gitops.model.image import ImageRef
from gitops.model.observed import LABEL_DIGEST, LABEL_PORT
from gitops.model.outcomes import Done, Found, Observation, Outcome, Retry, Stalled, Unreachable
from gitops.model.secret import EnvSecret, Secret, SecretRef, Secrets
from gitops.plan.containers import PROBE_TOKEN
from gitops.plan.images import TAG_PREFIX
from gitops.plan.workloads import NO_PORT


def pull(
    registry: RegistryClient, engine: Engine, image: ImageRef, board: Board, output: Output
) -> Outcome:
    """Make sure that the engine has the image that a container will be created from."""
    exact = _exact(registry, image, board)
    if not isinstance(exact, Found):
        return _no_image(image, exact)
    engine.pull(exact.value, output)
    return Done(exact.value.pinned)


def create_container(
    registry: RegistryClient,
    engine: Engine,
    action: CreateContainer,
    board: Board,
    secrets: Secrets,
) -> Outcome:
    """Create it from the digest, with the labels that a later look needs."""
    exact = _exact(registry, action.container.image, board)
    if not isinstance(exact, Found):
        return _no_image(action.container.image, exact)
    labels = {**action.container.labels, LABEL_DIGEST: exact.value.digest}
    if action.port >= 0:
        port = action.port or _port_of_image(engine, exact.value)
        if isinstance(port, Stalled):
            return port
        labels[LABEL_PORT] = str(port) if port > 0 else NO_PORT
        board.listens(action.container.name, port)
    container = action.container._replace(image=exact.value, labels=labels)
    # A gateway's token is made here and lives in its container only.
    known: dict[SecretRef, Secret] = dict(secrets)
    known[EnvSecret(PROBE_TOKEN)] = Secret(randomness.token_hex(16))
    return Done(engine.create_container(container, known))


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

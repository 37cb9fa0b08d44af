"""Containers of a Docker engine: created, started and ended, and why that failed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import docker

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine import volumes
from gitops.drivers.engine.body import create_body
from gitops.drivers.engine.networks import connect_network
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.engine.words import taken
from gitops.drivers.env_file import parse_env_file
from gitops.drivers.redact import Redactor
from gitops.model.secret import Secret, Secrets
from gitops.model.wanted import WantedContainer


def create(
    client: SdkClient, container: WantedContainer, secrets: Secrets, restart: str = "unless-stopped"
) -> str:
    """Create a container with all of its networks, not started; return its id.

    CONFLICT when the name is taken, MISSING when the engine has no such image or network. Nothing
    of it is left when it fails.
    """
    files = volumes.provide_files(client, container)
    body = create_body(container, secrets, files, restart)
    if container.joins or not container.networks:
        return _create(client, container, secrets, (container.name, body))
    # The name tells that it is whole: one that a killed process left without a network has another.
    identifier = _create_anew(client, container, secrets, (f"{container.name}.new", body))
    try:
        for network in container.networks:
            connect_network(client, (container.name, identifier), network, container.aliases)
        with client.use(f"container {container.name} could not be given its name") as api:
            api.rename(identifier, container.name)
    except DriverError:
        remove(client, identifier)
        raise
    return identifier


def _create_anew(
    client: SdkClient,
    container: WantedContainer,
    secrets: Secrets,
    named: tuple[str, Mapping[str, object]],
) -> str:
    """Create a container in the place of what a killed process left, or is still being given."""
    unfinished, _ = named
    remove(client, unfinished)
    try:
        return _create(client, container, secrets, named)
    except DriverError as error:
        if error.kind is not ErrorKind.CONFLICT:
            raise
    remove(client, unfinished)
    return _create(client, container, secrets, named)


def _create(
    client: SdkClient,
    container: WantedContainer,
    secrets: Secrets,
    named: tuple[str, Mapping[str, object]],
) -> str:
    name, body = named
    try:
        with client.use(f"container {container.name} could not be created") as api:
            return str(api.create_container_from_config(body, name)["Id"])  # type: ignore[no-untyped-call]
    except DriverError as error:
        detail = redactor(container, secrets)(error.detail)
        # The cause quotes the value as well, so it is left out of the chain.
        raise DriverError(error.kind, error.what, detail) from None


def stop(client: SdkClient, container: str, timeout: float) -> None:
    """Stop a container: its stop signal, `timeout` seconds, a kill. One that is gone is fine."""
    try:
        with client.use(f"container {container} could not be stopped") as api:
            api.stop(container, timeout=math.ceil(timeout))
    except DriverError as error:
        _unless_going(error)


def remove(client: SdkClient, container: str) -> None:
    """Remove a container, running or not; one that is gone, or is going, is fine."""
    try:
        with client.use(f"container {container} could not be removed") as api:
            api.remove_container(container, v=True, force=True)
    except DriverError as error:
        _unless_going(error)


def _unless_going(error: DriverError) -> None:
    """Raise `error` again unless it says that the container is gone, or is being removed."""
    going = error.kind is ErrorKind.CONFLICT and "already in progress" in error.detail
    if error.kind is not ErrorKind.MISSING and not going:
        raise error


def redactor(container: WantedContainer, secrets: Secrets) -> Redactor:
    """Return what takes a container's secret values out of text: the engine quotes what it refuses.

    Of files of variables each value is one.
    """
    of_files = [
        Secret(value)
        for reference in container.env_files
        if reference in secrets
        for value in parse_env_file(secrets[reference].reveal(), str(reference)).values()
    ]
    return Redactor([*secrets.values(), *of_files])


def start(client: SdkClient, name: str) -> None:
    """Start a container; CONFLICT tells who holds a published port that is taken."""
    try:
        with client.use(f"container {name} could not be started") as api:
            api.start(name)
    except DriverError as error:
        port = taken(error.detail)
        if error.kind is not ErrorKind.CONFLICT or port is None:
            raise
        with client.use(f"the holder of port {port.port} could not be found") as api:
            said = port.by(_holders(api, port.port))
        raise DriverError(
            ErrorKind.CONFLICT, f"container {name} could not be started: {said}"
        ) from error


def _holders(api: docker.APIClient, port: int) -> Iterator[tuple[str, list[int]]]:
    for found in api.containers(filters={"publish": str(port)}):
        ports = [item.get("PublicPort", 0) for item in found["Ports"]]
        yield found["Names"][0].lstrip("/"), ports

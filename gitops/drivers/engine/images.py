"""Images of a Docker engine: pull, push, and what their configuration tells."""

from __future__ import annotations

from collections.abc import Mapping

from gitops.drivers.base import DriverError, ErrorKind, Output
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.engine.words import told
from gitops.model.image import ImageRef, registry_of
from gitops.model.secret import Secret

Auths = Mapping[str, tuple[str, Secret]]
"""(user name, password) by registry host, as the host is spelled in image names."""


def has_image(client: SdkClient, image: ImageRef) -> bool:
    """Say whether the engine has `image`, by its digest or, without one, by its tag."""
    try:
        with client.use(f"image {image} could not be looked up") as api:
            api.inspect_image(image.pinned)  # type: ignore[no-untyped-call]
    except DriverError as error:
        if error.kind is ErrorKind.MISSING:
            return False
        raise
    return True


def pull(client: SdkClient, image: ImageRef, auths: Auths, output: Output) -> None:
    """Make sure that the engine has `image`; its registry is asked only when it has not."""
    if has_image(client, image):
        output(f"{image} is on the engine already")
        return
    what = f"image {image} could not be pulled"
    with client.use(what) as api:
        stream = api.pull(
            image.repository,
            tag=image.digest or image.tag,
            stream=True,
            decode=True,
            auth_config=_auth(image, auths),
        )
        for _ in told(stream, what, output):
            pass


def push(client: SdkClient, image: ImageRef, auths: Auths, output: Output) -> str:
    """Push `image` under its tag; return the digest that the registry gave it."""
    what = f"image {image} could not be pushed"
    digest = ""
    with client.use(what) as api:
        stream = api.push(
            image.repository,
            tag=image.tag,
            stream=True,
            decode=True,
            auth_config=_auth(image, auths),
        )
        for record in told(stream, what, output):
            digest = record.get("aux", {}).get("Digest", digest)
    if not digest:
        raise DriverError(ErrorKind.FAILED, what, "the engine reported no digest for it")
    return digest


def exposed_ports(client: SdkClient, image: ImageRef) -> tuple[int, ...]:
    """Return the TCP ports of the image's EXPOSE lines, sorted."""
    with client.use(f"image {image} could not be looked at") as api:
        found = api.inspect_image(image.pinned)  # type: ignore[no-untyped-call]
    ports = found["Config"].get("ExposedPorts") or {}
    return tuple(sorted(int(port) for port, _, kind in map(_split, ports) if kind in ("tcp", "")))


def _split(port: str) -> tuple[str, str, str]:
    return port.partition("/")


def _auth(image: ImageRef, auths: Auths) -> dict[str, str] | None:
    """Return the credentials for the image's registry; none lets the SDK use the user's own."""
    host, _ = registry_of(image.repository)
    if host not in auths:
        return None
    username, password = auths[host]
    return {"username": username, "password": password.reveal()}

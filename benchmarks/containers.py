"""Containers that a measurement looks at from outside, or runs beside those of gitops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker
from docker.models.containers import Container
from workspace import Workspace, remove_labelled

APP = "gitops-bench:latest"
"""The application of the scenario tests (scripts/testapp): small, and quick to answer."""
APP_PORT = 8000


@contextmanager
def bare(space: Workspace, stem: str, port: int) -> Iterator[Container]:
    """Give a container of the application, published on the loopback port; removed at the end."""
    label = space.name(stem)
    client = docker.from_env()
    try:
        yield client.containers.run(
            APP,
            name=label,
            detach=True,
            labels={"gitops.bench": label},
            ports={f"{APP_PORT}/tcp": ("127.0.0.1", port)},
        )
    finally:
        client.close()
        remove_labelled(f"gitops.bench={label}")


@contextmanager
def gateway_of(project: str) -> Iterator[Container]:
    """Give the gateway's container of a project."""
    client = docker.from_env()
    labels = [f"gitops.project={project}", "gitops.kind=Target"]
    try:
        (found,) = client.containers.list(filters={"label": labels})
        yield found
    finally:
        client.close()


def address(container: Container) -> str:
    """Return the address on its bridge of a container that is on one network."""
    container.reload()
    (network,) = container.attrs["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])

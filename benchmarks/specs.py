"""The specs that are measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workspace import Workspace, free_port, remove_images, remove_labelled

HEALTH = "{path: /passwd, interval: 100ms, stableFor: 0s}"


def document(kind: str, name: str, spec: str) -> str:
    """Return one document; `spec` is a mapping in YAML's flow style."""
    return f"apiVersion: gitops/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def target(port: int) -> str:
    """Return the target whose gateway listens on `port`."""
    return document("Target", "local", f"{{gateway: {{http: {port}}}}}")


def apps(number: int, port: int) -> str:
    """Return a gateway and equal web apps, the containers of compose.project."""
    app = (
        "\n  image: {name: busybox, tag: latest}"
        '\n  command: ["httpd", "-f", "-p", "8000", "-h", "/etc"]'
        f"\n  port: 8000\n  health: {HEALTH}\n  deploy: {{drain: 0s, stop: 1s}}"
    )
    documents = [target(port), *(document("WebApp", f"app{each}", app) for each in range(number))]
    return "---\n".join(documents)


def built(source: str, ports: tuple[int, int]) -> str:
    """Return a managed registry, a build task of `source` and an app of what it makes."""
    gateway, registry = ports
    return "---\n".join(
        (
            target(gateway),
            document("Registry", "local", f"{{server: 'localhost:{registry}', managed: {{}}}}"),
            document("Repository", "site", "{registry: local}"),
            document("BuildTask", "site", f"{{repository: site, source: {source}}}"),
            document(
                "WebApp",
                "site",
                "{image: {repository: site}, health: {path: /, interval: 50ms, stableFor: 0s},"
                " deploy: {drain: 0s, stop: 1s}}",
            ),
        )
    )


@contextmanager
def deployed(space: Workspace, stem: str, text: str) -> Iterator[list[str]]:
    """Give `reconcile` for specs that it has carried out; what it made is removed at the end."""
    with removed(space, stem, text) as command:
        space.run(command)
        yield command


@contextmanager
def removed(space: Workspace, stem: str, text: str) -> Iterator[list[str]]:
    """Give `reconcile` for specs; all that it made is removed at the end."""
    name = space.name(stem)
    file = space.write(f"{name}.gitops.yaml", text)
    try:
        yield [space.gitops, "reconcile", "--file", str(file), "--project", name]
    finally:
        remove_labelled(f"gitops.project={name}")


@contextmanager
def two_ports() -> Iterator[tuple[int, int]]:
    """Give the ports of a gateway and a registry; its images are removed at the end."""
    ports = free_port(), free_port()
    try:
        yield ports
    finally:
        remove_images(f"localhost:{ports[1]}/")

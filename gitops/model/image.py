"""Image references, as the distribution specification and the engine spell them."""

from __future__ import annotations

from typing import NamedTuple

DOCKER_HUB = "docker.io"
HUB_NAMES = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")


class ImageRef(NamedTuple):
    """An image by name: `repository` with its registry host as the user wrote it, tag and digest.

    `digest` is `sha256:<64 hex>` or empty. A reference with a digest is pinned; the tag then only
    says where the digest came from.
    """

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"

    @property
    def pinned(self) -> str:
        """`repository@digest`, the only form a container is created from when a digest is known."""
        return f"{self.repository}@{self.digest}" if self.digest else str(self)

    def with_digest(self, digest: str) -> ImageRef:
        """Return the same name pinned to `digest`."""
        return self._replace(digest=digest)


def parse_image(text: str) -> ImageRef:
    """Split `host:port/path:tag@digest`; a name with neither tag nor digest gets `latest`.

    Grammar: https://github.com/distribution/reference/blob/main/reference.go
    """
    name, _, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    if not tag and not digest:
        tag = "latest"
    return ImageRef(f"{head}{slash}{last}", tag, digest)


def canonical(name: str) -> ImageRef:
    """Return the one spelling of an image: `docker.io/library/busybox:latest` for `busybox`.

    A digest in the name is left out.
    """
    image = parse_image(name)
    host, path = registry_of(image.repository)
    if host in HUB_NAMES:
        host, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
    return ImageRef(f"{host}/{path}", image.tag)


def registry_of(repository: str) -> tuple[str, str]:
    """Split a repository into (registry host, path); a bare name lives on Docker Hub.

    The first component is a host when it has a dot or a colon or is `localhost`, as in the engine.
    """
    first, slash, rest = repository.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return DOCKER_HUB, repository if slash else f"library/{repository}"

"""Images for the steps of a run: pulled, named, pushed.

Engine API v1.41, ImageCreate, ImageTag, ImagePush:
https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast
from urllib.parse import quote, urlencode

from gitops.drivers.base import Cancel, DriverError, ErrorKind, Output, StepImage
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.engine.http import Answer, EngineHttp
from gitops.drivers.engine.line import Lines
from gitops.drivers.engine.words import kind_of_message, told
from gitops.drivers.tasks.credentials import registry_header
from gitops.drivers.tasks.running import succeed
from gitops.model.image import parse_image, registry_of


class Images(NamedTuple):
    """The images of an engine, and who we are to their registries."""

    http: EngineHttp
    lines: Lines
    endpoint: Endpoint

    def has(self, image: str) -> bool:
        """Say whether the engine has an image."""
        return bool(self.identity(image))

    def identity(self, image: str) -> str:
        """Return the id of an image by one of its names; empty when there is none."""
        return str(self._facts(image).get("Id", ""))

    def digest(self, image: str) -> str:
        """Return the digest that an image has in its registry; see `TaskEngine.digest`."""
        repository = registry_of(parse_image(image).repository)
        for named in self._facts(image).get("RepoDigests") or ():
            name, _, digest = named.partition("@")
            if registry_of(name) == repository:
                return str(digest)
        return ""

    def _facts(self, image: str) -> dict[str, Any]:
        answer = self.http.call("GET", f"/images/{_in_path(image)}/json")
        if answer.status == 404:  # noqa: PLR2004 - Not Found
            return {}
        found = succeed(answer, f"image {image} could not be looked up").json()
        return cast("dict[str, Any]", found)

    def provide(self, image: StepImage, output: Output, cancel: Cancel) -> None:
        """Have an image; see `TaskEngine.provide`."""
        if not image.fresh and self.has(image.name):
            return
        reference = parse_image(image.name)
        query = {
            "fromImage": reference.repository,
            "tag": reference.digest or reference.tag,
            **({"platform": image.platform} if image.platform else {}),
        }
        transfer = _Transfer(
            f"/images/create?{urlencode(query)}",
            registry_header(self.endpoint, reference.repository),
            f"image {image.name} could not be pulled",
        )
        for _ in transfer.records(self.lines, output, cancel):
            pass

    def push(self, image: str, output: Output, cancel: Cancel) -> str:
        """Push an image; return its digest; see `TaskEngine.push`."""
        reference = parse_image(image)
        query = urlencode({"tag": reference.tag})
        path = f"/images/{_in_path(reference.repository)}/push?{query}"
        what = f"image {image} could not be pushed"
        transfer = _Transfer(path, registry_header(self.endpoint, reference.repository), what)
        digest = ""
        for record in transfer.records(self.lines, output, cancel):
            digest = (record.get("aux") or {}).get("Digest", digest)
        if not digest:
            raise DriverError(ErrorKind.FAILED, what, "the engine reported no digest for it")
        return digest

    def tag(self, image: str, name: str) -> None:
        """Give an image another name; MISSING when there is no such image."""
        new = parse_image(name)
        query = urlencode({"repo": new.repository, "tag": new.tag})
        answer = self.http.call("POST", f"/images/{_in_path(image)}/tag?{query}")
        succeed(answer, f"image {image} could not be given the name {name}")

    def untag(self, image: str) -> None:
        """Take a name away, and the image with its last one; one that is gone is fine."""
        answer = self.http.call("DELETE", f"/images/{_in_path(image)}")
        if answer.status != 404:  # noqa: PLR2004 - Not Found
            succeed(answer, f"image {image} could not be removed")


class _Transfer(NamedTuple):
    """A pull or push: how it is asked for, and the words for its failure."""

    path: str
    header: dict[str, str]
    what: str

    def records(self, lines: Lines, output: Output, cancel: Cancel) -> Iterator[dict[str, Any]]:
        """Give what the engine tells of it; that we hang up makes the engine give it up."""
        with lines.ask("POST", self.path, self.header) as line:
            status = line.accepted(cancel)
            if status >= 400:  # noqa: PLR2004 - errors in HTTP
                self._refuse(Answer(status, b"".join(line.pieces(cancel)), ""))
            yield from told(line.records(cancel), self.what, output)
        if cancel.is_set():
            raise DriverError(ErrorKind.CANCELLED, self.what, "it was called off")

    def _refuse(self, answer: Answer) -> None:
        # A registry that wants a login says 404 as well: its words tell more than the number.
        kind = kind_of_message(answer.message)
        if kind is ErrorKind.FAILED:
            succeed(answer, self.what)
        raise DriverError(kind, self.what, answer.message)


def _in_path(image: str) -> str:
    return quote(image, safe="/:@")

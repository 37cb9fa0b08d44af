"""The registry client, push and pull with a real registry."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from engine_fixtures import ADDRESS, Lab, discard, eventually, lab

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.engine.sdk_client import SdkClient
from gitops.drivers.registry.base_digests import BaseDigests, Fate
from gitops.drivers.registry.digest_memory import DigestMemory
from gitops.drivers.registry.oci import OciRegistry
from gitops.drivers.registry.referrers import Artifact, OciReferrers
from gitops.model.image import ImageRef, parse_image, registry_of
from gitops.model.outcomes import Absent, Found
from gitops.model.wanted import PublishedPort

pytestmark = pytest.mark.scenario
__all__ = ["lab"]


class Store(NamedTuple):
    """A registry with one image in it."""

    lab: Lab
    registry: OciRegistry
    image: ImageRef
    digest: str


@pytest.fixture
def store(lab: Lab) -> Iterator[Store]:
    """Give a real registry into which busybox was pushed as `web:1`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    published = (PublishedPort("127.0.0.1", port, 5000),)
    lab.run("registry", image=parse_image("registry:2"), command=(), ports=published)
    registry = OciRegistry({})
    host = f"localhost:{port}"
    eventually(lambda: isinstance(registry.ping(host), Found))
    image = ImageRef(f"{host}/{lab.name}/web", "1")
    client = SdkClient(ADDRESS, {})
    try:
        with client.use("the image could not be tagged") as api:
            api.tag("busybox:latest", image.repository, tag="1")
        yield Store(lab, registry, image, lab.engine.push(image, discard))
    finally:
        with client.use("the images could not be removed") as api:
            for each in api.images(name=image.repository, quiet=False):
                for name in each["RepoTags"] or ():
                    if name.startswith(host):
                        api.remove_image(name)
        client.close()
        registry.close()


def has(lab: Lab, image: str) -> bool:
    return lab.http.call("GET", f"/images/{quote(image)}/json").status == 200


def test_push_tells_the_digest_that_the_registry_has(store: Store) -> None:
    """A push returns the digest that the tag has in the registry then."""
    assert store.registry.digest(store.image) == Found(store.digest)


def test_unknown_tag_and_name_are_absent(store: Store) -> None:
    """A tag or a repository that the registry does not know is absent."""
    for image in (store.image._replace(tag="2"), ImageRef(f"{store.image.repository}-no", "1")):
        assert isinstance(store.registry.digest(image), Absent)


def test_retag_points_to_the_same_manifest(store: Store) -> None:
    """A tag set by digest points to the very manifest; one of an unknown digest is MISSING."""
    store.registry.retag(store.image.with_digest(store.digest), "latest")
    assert store.registry.digest(store.image._replace(tag="latest")) == Found(store.digest)
    with pytest.raises(DriverError, match="could not be set") as caught:
        store.registry.retag(store.image.with_digest("sha256:" + "0" * 64), "latest")
    assert caught.value.kind is ErrorKind.MISSING


def test_container_is_created_by_digest(store: Store) -> None:
    """What was pushed is pulled and run by its digest, and the engine knows that name."""
    pinned = store.image.with_digest(store.digest)
    said: list[str] = []
    store.lab.engine.pull(pinned, said.append)
    assert said == [f"{pinned} is on the engine already"]
    name = store.lab.run("app", image=pinned)
    assert store.lab.engine.state(name).state == "running"
    assert has(store.lab, pinned.pinned)


def test_pull_fetches_what_is_missing(store: Store) -> None:
    """An image that only the registry has is pulled; one that nobody has is MISSING."""
    store.registry.retag(store.image.with_digest(store.digest), "new")
    new = store.image._replace(tag="new")
    store.lab.engine.pull(new, discard)
    assert has(store.lab, str(new))
    with pytest.raises(DriverError, match="could not be pulled") as caught:
        store.lab.engine.pull(store.image._replace(tag="none"), discard)
    assert caught.value.kind is ErrorKind.MISSING


def test_push_to_a_dead_registry_is_unreachable(store: Store) -> None:
    """A push to a registry that was stopped is UNREACHABLE."""
    store.lab.engine.remove(f"{store.lab.name}-registry")
    with pytest.raises(DriverError, match="could not be pushed") as caught:
        store.lab.engine.push(store.image, discard)
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_documents_are_attached_to_an_image(store: Store) -> None:
    """What is attached is listed in a registry without a referrers API; the image's tag stays."""
    image = store.image.with_digest(store.digest)
    kinds = ("application/spdx+json", "application/vnd.in-toto+json")
    with closing(OciReferrers({})) as referrers:
        assert referrers.referrers(image) == ()
        digests = [
            referrers.attach(image, Artifact(kind, kind, kind.encode(), {"made": "here"}))
            for kind in (*kinds, *kinds)
        ]
        found = referrers.referrers(image)
        (only,) = referrers.referrers(image, kinds[1])
    assert digests[:2] == digests[2:] == [each.digest for each in found]
    assert [each.artifact_type for each in found] == list(kinds)
    assert only == found[1]
    assert only.annotations == {"made": "here"}
    tag = store.image._replace(tag=store.digest.replace(":", "-"))
    assert isinstance(store.registry.digest(tag), Found)
    assert store.registry.digest(store.image) == Found(store.digest)


def test_moved_base_image_is_seen(store: Store, tmp_path: Path) -> None:
    """A tag of our own registry that moves is seen by the next look."""
    fate = Fate(lambda: 1e9, lambda: 0.5)
    digests = BaseDigests(DigestMemory(tmp_path), store.registry, fate)
    own = frozenset([registry_of(store.image.repository)[0]])
    name = str(store.image)
    assert digests.look([name], own) == {name: Found(store.digest)}
    client = SdkClient(ADDRESS, {})
    try:
        with client.use("the image could not be tagged") as api:
            api.tag("registry:2", store.image.repository, tag="1")
        moved = store.lab.engine.push(store.image, discard)
    finally:
        client.close()
    assert moved != store.digest
    assert digests.look([name], own) == {name: Found(moved)}

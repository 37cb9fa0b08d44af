"""Artifacts attached to images, in a registry that lists them and in one that does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from typing import NamedTuple

import pytest
from registry_servers import Asked, serving
from small_registry import INDEX, SmallRegistry, sha256

from gitops.drivers.base import DriverError, ErrorKind
from gitops.drivers.registry.referrers import Artifact, OciReferrers
from gitops.model.image import ImageRef

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SBOM = Artifact(
    "application/spdx+json", "application/spdx+json", b'{"sbom":1}', {"b": "2", "a": "1"}
)
PROVENANCE = Artifact("application/vnd.in-toto+json", "application/vnd.in-toto+json", b'{"p":1}')


class Shop(NamedTuple):
    """A registry with one image in it, and a client."""

    registry: SmallRegistry
    asked: list[Asked]
    image: ImageRef
    referrers: OciReferrers


@pytest.fixture(params=[True, False], ids=["lists", "tags"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    registry = SmallRegistry(lists=request.param)
    digest = registry.add(MANIFEST, b'{"schemaVersion":2}')
    with serving(registry.answer) as (host, asked), closing(OciReferrers({})) as referrers:
        yield Shop(registry, asked, ImageRef(f"{host}/shop/web", "1", digest), referrers)


def test_artifact_refers_to_its_image(shop: Shop) -> None:
    """What is attached is an OCI 1.1 artifact: empty config, the content, the image as subject."""
    digest = shop.referrers.attach(shop.image, SBOM)
    kind, body = shop.registry.manifests[digest]
    manifest = json.loads(body)
    assert (kind, manifest["mediaType"], sha256(body)) == (MANIFEST, MANIFEST, digest)
    assert manifest["artifactType"] == SBOM.kind
    assert manifest["subject"] == {"mediaType": MANIFEST, "digest": shop.image.digest, "size": 19}
    assert manifest["config"]["mediaType"] == "application/vnd.oci.empty.v1+json"
    assert manifest["annotations"] == {"a": "1", "b": "2"}
    assert [shop.registry.blobs[layer["digest"]] for layer in manifest["layers"]] == [SBOM.content]
    assert shop.registry.blobs[manifest["config"]["digest"]] == b"{}"


def test_referrers_are_listed_by_type(shop: Shop) -> None:
    """All that was attached is listed once, page by page, or only one type of it."""
    more = [SBOM._replace(content=b"%d" % number) for number in range(5)]
    digests = [shop.referrers.attach(shop.image, each) for each in (*more, PROVENANCE, PROVENANCE)]
    found = shop.referrers.referrers(shop.image)
    assert [each.digest for each in found] == digests[:6]
    (only,) = shop.referrers.referrers(shop.image, PROVENANCE.kind)
    assert (only.digest, only.media_type) == (digests[5], MANIFEST)
    assert only.size == len(shop.registry.manifests[only.digest][1])
    nobody = shop.image.with_digest("sha256:" + "0" * 64)
    assert shop.referrers.referrers(nobody) == ()


def test_same_artifact_writes_nothing_twice(shop: Shop) -> None:
    """A blob that is there is not sent again, and the artifact's digest is the same."""
    first = shop.referrers.attach(shop.image, SBOM)
    del shop.asked[:]
    assert shop.referrers.attach(shop.image, SBOM) == first
    assert [each.path for each in shop.asked if each.method in ("POST", "PUT")] == [
        f"/v2/shop/web/manifests/{first}"
    ]


def test_unpinned_and_missing_images_are_refused(shop: Shop) -> None:
    """Nothing is attached to a tag, nor to an image that the registry does not have."""
    for image, kind in (
        (shop.image.with_digest(""), ErrorKind.INVALID),
        (shop.image.with_digest("sha256:" + "0" * 64), ErrorKind.MISSING),
    ):
        with pytest.raises(DriverError, match="could not be attached") as caught:
            shop.referrers.attach(image, SBOM)
        assert caught.value.kind is kind
    assert not [each for each in shop.asked if each.method in ("POST", "PUT")]


@pytest.mark.parametrize("shop", [False], indirect=True)
def test_stand_in_tag_keeps_what_others_wrote(shop: Shop) -> None:
    """Entries and fields of the index that are not ours stay as they are."""
    tag = shop.image.digest.replace(":", "-")
    other = {"mediaType": MANIFEST, "digest": "sha256:" + "9" * 64, "size": 1, "urls": ["u"]}
    index = {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [other],
        "annotations": {"k": "v"},
    }
    shop.registry.add(INDEX, json.dumps(index).encode(), tag)
    digest = shop.referrers.attach(shop.image, SBOM)
    kind, body = shop.registry.manifests[tag]
    written = json.loads(body)
    ours = written["manifests"].pop()
    assert (kind, written) == (INDEX, index)
    assert (ours["digest"], ours["artifactType"], ours["annotations"]) == (
        digest,
        SBOM.kind,
        {"a": "1", "b": "2"},
    )


@pytest.mark.parametrize("shop", [False], indirect=True)
@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"manifests":[{}]}'])
def test_stand_in_tag_that_is_no_index_is_not_overwritten(shop: Shop, body: bytes) -> None:
    """Something else under the tag is an error, and stays."""
    tag = shop.image.digest.replace(":", "-")
    shop.registry.add(INDEX, body, tag)
    with pytest.raises(DriverError, match="no image index"):
        shop.referrers.attach(shop.image, SBOM)
    assert shop.registry.manifests[tag] == (INDEX, body)


@pytest.mark.parametrize("shop", [False], indirect=True)
def test_entry_that_another_program_took_away_is_written_again(shop: Shop) -> None:
    """A write that was lost is repeated a few times, and then an error."""
    shop.registry.taken_away = 4
    digest = shop.referrers.attach(shop.image, SBOM)
    assert [each.digest for each in shop.referrers.referrers(shop.image)] == [digest]
    shop.registry.taken_away = 99
    with pytest.raises(DriverError, match="at the same time") as caught:
        shop.referrers.attach(shop.image, PROVENANCE)
    assert caught.value.kind is ErrorKind.CONFLICT


@pytest.mark.parametrize("shop", [False], indirect=True)
def test_threads_lose_no_entry(shop: Shop) -> None:
    """Artifacts attached by several threads at the same time are all listed."""
    threads = [
        Thread(
            target=shop.referrers.attach, args=(shop.image, SBOM._replace(content=b"%d" % number))
        )
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shop.referrers.referrers(shop.image)) == 6


def test_registry_that_is_away_is_unreachable(shop: Shop) -> None:
    """A registry that cannot be reached is an error that says so."""
    away = shop.image._replace(repository="127.0.0.1:1/shop/web")
    with pytest.raises(DriverError, match="cannot be reached") as caught:
        shop.referrers.referrers(away)
    assert caught.value.kind is ErrorKind.UNREACHABLE

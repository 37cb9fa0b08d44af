"""What is attached to an image beside it: where it comes from, and what is in it."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest
from support.scenario import World

pytestmark = pytest.mark.scenario

STATUS = "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13-1\n"
DOCKERFILE = "FROM busybox\nARG WORD\nCOPY status /var/lib/dpkg/status\nRUN echo $WORD > /word\n"
STEPS = [
    {"id": "make", "build": "-t $Registry/steps:$ID --build-arg WORD=x ."},
    {"id": "out", "push": ["$Registry/steps:$ID"]},
]


def get(world: World, path: str, accept: str = "*/*") -> dict[str, Any]:
    """Return a JSON document of the world's registry."""
    connection = http.client.HTTPConnection("127.0.0.1", world.registry_port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept": accept})
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, f"GET {path}: {response.status} {body[:300]!r}"
        found: dict[str, Any] = json.loads(body)
        return found
    finally:
        connection.close()


def documents(world: World, repository: str, digest: str) -> dict[str, dict[str, Any]]:
    """Return what is attached to an image, by artifact type: by the tag that stands in for the
    referrers API, which this registry does not have.
    """
    index = "application/vnd.oci.image.index.v1+json"
    manifest = "application/vnd.oci.image.manifest.v1+json"
    listed = get(world, f"/v2/{repository}/manifests/{digest.replace(':', '-')}", index)
    found = {}
    for entry in listed["manifests"]:
        attached = get(world, f"/v2/{repository}/manifests/{entry['digest']}", manifest)
        assert attached["subject"]["digest"] == digest
        blob = attached["layers"][0]["digest"]
        found[entry["artifactType"]] = get(world, f"/v2/{repository}/blobs/{blob}")
    return found


def task(world: World, name: str, **spec: object) -> dict[str, Any]:
    """Return a task that asks for both documents."""
    attest = {"provenance": True, "sbom": True}
    return world.document("BuildTask", name, {"repository": name, "attest": attest, **spec})


def checked(world: World, name: str) -> dict[str, Any]:
    """Return the predicate, once image, builder, run and packages are the right ones."""
    digest = world.registry_digest(name)
    found = documents(world, name, digest)
    statement = found["application/vnd.in-toto+json"]
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    where = f"localhost:{world.registry_port}/{name}"
    subject = {"name": where, "digest": {"sha256": digest.removeprefix("sha256:")}}
    assert statement["subject"] == [subject]
    predicate: dict[str, Any] = statement["predicate"]
    details = predicate["runDetails"]
    assert details["builder"]["id"] == "pkg:pypi/gitops-reconciler"
    runs = json.loads(world.gitops("runs", "--task", name, "-o", "json").out)
    assert details["metadata"]["invocationId"] == runs[0]["id"]
    packages = found["application/vnd.cyclonedx+json"]
    assert packages["bomFormat"] == "CycloneDX"
    named = {(one["name"], one["version"]) for one in packages["components"]}
    assert ("zlib1g", "1:1.2.13-1") in named
    return predicate


def test_both_are_attached_to_what_a_dockerfile_makes(world: World) -> None:
    """An image has a statement of commit, tree, args and run beside it, and its packages."""
    commit = world.repo().commit({"Dockerfile": DOCKERFILE, "status": STATUS}, "first")
    world.documents(
        *world.base(),
        world.document("Repository", "shop", {"registry": "local"}),
        task(
            world,
            "shop",
            source={"git": {"url": world.repo().url, "ref": {"branch": "main"}}},
            args={"WORD": "hello"},
        ),
    )
    world.gitops("reconcile")
    definition = checked(world, "shop")["buildDefinition"]
    chosen = definition["externalParameters"]
    assert chosen["commit"] == commit
    assert chosen["tree"]
    assert chosen["args"]["WORD"] == "hello"
    assert definition["resolvedDependencies"][0]["digest"] == {"gitCommit": commit}
    world.gitops("reconcile")
    assert len(json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out)) == 1


def test_both_are_attached_to_what_steps_make(world: World) -> None:
    """The image that a task's steps pushed has both documents as well."""
    folder = world.specs / "app"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "status").write_text(STATUS)
    world.documents(
        *world.base(),
        world.document("Repository", "steps", {"registry": "local"}),
        task(world, "steps", source={"path": "./app"}, steps=STEPS),
    )
    world.gitops("reconcile")
    assert checked(world, "steps")["buildDefinition"]["externalParameters"]["tree"]

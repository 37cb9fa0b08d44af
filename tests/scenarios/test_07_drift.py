"""Obligation: whatever is changed by hand is put right by the next run, and only that."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from support.end_state import histories, newest_revision
from support.scenario import MANIFESTS, Answer, World
from support.standing import Standing

pytestmark = [pytest.mark.scenario, pytest.mark.xdist_group("drift")]


def test_an_app_container_that_was_removed(standing: Standing) -> None:
    """An app container that was removed by hand is made again."""
    before = standing.app
    standing.world.engine.remove_container(before, force=True)
    standing.heal()
    assert standing.app != before


def test_an_app_container_that_was_stopped(standing: Standing) -> None:
    """An app container that was stopped by hand is started again, and not replaced."""
    before = standing.app
    standing.world.engine.stop(before, timeout=0)
    standing.heal()
    assert standing.app == before


def test_the_address_of_a_stopped_app_stays_its_own(standing: Standing) -> None:
    """Whoever comes while an app is down gets another address, and no request for the app."""
    world, before, network = standing.world, standing.app, f"{standing.world.project}-gitops"
    address = _address(world, before, network)
    strangers: list[str] = []
    with _asking(world) as answers:
        world.engine.stop(before, timeout=0)
        assert _given(world, before) == address, "the engine keeps it in the container's settings"
        try:
            # More than there are free addresses below the app's, were they given out from there.
            for _ in range(8):
                strangers.append(_stranger(world, network))
                assert _address(world, strangers[-1], network) != address
            assert world.ask().status >= 500
            standing.heal()
        finally:
            for stranger in strangers:
                world.engine.remove_container(stranger, force=True)
    assert standing.app == before
    assert _address(world, before, network) == address
    assert {answer.body for answer in answers if answer.status == 200} == {"two\n"}
    assert any(answer.status >= 500 for answer in answers), "it was asked while the app was down"


@contextmanager
def _asking(world: World) -> Iterator[list[Answer]]:
    """Ask for the app all the time; give the list of what was answered."""
    answers: list[Answer] = []
    over = Event()

    def ask() -> None:
        while not over.wait(0.005):
            answers.append(world.ask())

    asker = Thread(target=ask)
    asker.start()
    try:
        yield answers
    finally:
        over.set()
        asker.join()


def _stranger(world: World, network: str) -> str:
    """Run a web server of somebody else on a network."""
    container = world.engine.create_container(
        "busybox:latest",
        ["sh", "-c", "echo stranger > /index.html; exec httpd -f -p 8000 -h /"],
        host_config=world.engine.create_host_config(network_mode=network),
    )["Id"]
    world.engine.start(container)
    return str(container)


def test_an_app_container_that_was_replaced(standing: Standing) -> None:
    """A stranger's container in the place of an app's is left alone, and the app is made anew."""
    world = standing.world
    name = world.container("WebApp", "hello")["Names"][0].lstrip("/")
    world.engine.remove_container(standing.app, force=True)
    stranger = world.engine.create_container("busybox:latest", ["sleep", "600"], name=name)["Id"]
    try:
        world.engine.start(stranger)
        standing.heal()
        found = world.engine.inspect_container(stranger)
        assert (found["State"]["Running"], found["Name"]) == (True, f"/{name}")
        assert standing.app != stranger
    finally:
        world.engine.remove_container(stranger, force=True)


def test_a_registry_container_that_was_removed(standing: Standing) -> None:
    """A registry container that was removed by hand comes back with all its images."""
    world, app, latest = standing.world, standing.app, standing.world.registry_digest()
    world.engine.remove_container(world.container("Registry", "local")["Id"], force=True)
    standing.heal()
    assert world.registry_digest() == latest
    assert standing.app == app


def test_a_registry_container_that_was_stopped(standing: Standing) -> None:
    """A registry container that was stopped by hand is started again."""
    world, app = standing.world, standing.app
    registry = world.container("Registry", "local")["Id"]
    world.engine.stop(registry, timeout=1)
    standing.heal()
    assert world.container("Registry", "local")["Id"] == registry
    assert standing.app == app


def test_latest_that_was_moved(standing: Standing) -> None:
    """A `latest` that was moved by hand is moved back; the app that runs is not touched."""
    world, app, latest = standing.world, standing.app, standing.world.registry_digest()
    _move_latest(world, standing.old_digest)
    assert world.registry_digest() == standing.old_digest
    assert "latest points to" in world.gitops("plan").out
    standing.heal()
    assert world.registry_digest() == latest
    assert standing.app == app


def test_a_registry_that_lost_its_images(standing: Standing) -> None:
    """A registry that lost all its images is filled again, from the same sources."""
    world = standing.world
    registry = world.container("Registry", "local")["Id"]
    (volume,) = world.engine.inspect_container(registry)["Mounts"]
    world.engine.remove_container(registry, force=True)
    world.engine.remove_volume(volume["Name"])
    world.gitops("reconcile")
    assert world.registry_digest() != ""
    assert world.ask() == (200, "two\n")


def test_a_history_that_was_removed(standing: Standing) -> None:
    """A history that was removed by hand begins anew with what runs; no app is touched."""
    world, app = standing.world, standing.app
    (note,) = histories(world)
    world.engine.remove_volume(note["Name"])
    standing.heal()
    assert newest_revision(world) == world.container("WebApp", "hello")["Labels"]["gitops.config"]
    assert standing.app == app


def _given(world: World, container: str) -> str:
    """Return the address that a container was created with."""
    (network,) = world.engine.inspect_container(container)["NetworkSettings"]["Networks"].values()
    return str((network["IPAMConfig"] or {}).get("IPv4Address", ""))


def _address(world: World, container: str, network: str) -> str:
    found = world.engine.inspect_container(container)
    return str(found["NetworkSettings"]["Networks"][network]["IPAddress"])


def _move_latest(world: World, digest: str) -> None:
    """Point `latest` to another manifest, as `docker push` of an old image does."""
    connection = http.client.HTTPConnection("127.0.0.1", world.registry_port, timeout=10)
    connection.request("GET", f"/v2/hello/manifests/{digest}", headers={"Accept": MANIFESTS})
    found = connection.getresponse()
    manifest, media = found.read(), found.getheader("Content-Type") or ""
    headers = {"Content-Type": media}
    connection.request("PUT", "/v2/hello/manifests/latest", manifest, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 201

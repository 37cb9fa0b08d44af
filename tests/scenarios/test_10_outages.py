"""Obligation: what cannot be reached is named, costs nothing, and is made up for afterwards."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.engine_proxy import Call, EngineProxy
from support.own_engine import OwnEngine, why_not
from support.scenario import DOCKERFILE, World, eventually

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def own_engine() -> Iterator[OwnEngine]:
    """Give an engine that may be stopped and filled."""
    missing = why_not()
    if missing:
        pytest.skip(missing)
    made = OwnEngine("170m")
    try:
        made.load()
        yield made
    finally:
        made.close()


@pytest.mark.xdist_group("own-engine")
def test_an_engine_that_is_stopped(own_engine: OwnEngine, tmp_path: Path) -> None:
    """A stopped engine is named; when it is back, one run leads to what was there before."""
    world = own_engine.world(tmp_path)
    world.hello()
    world.gitops("reconcile")
    before = world.ids()
    own_engine.stop()
    for command in ("reconcile", "plan", "status"):
        failed = world.gitops(command, ok=False)
        assert failed.code == 1
        assert own_engine.address in failed.text
        assert "internal error" not in failed.text
        assert "Traceback" not in failed.text
    world.page("two")
    assert world.gitops("reconcile", ok=False).code == 1
    own_engine.start()
    assert world.ids() == before
    world.gitops("reconcile")
    assert own_engine.ask(world) == (200, "two\n")
    world.gitops("down", "--volumes")


@pytest.mark.xdist_group("own-engine")
def test_a_disk_that_is_full_while_building(own_engine: OwnEngine, tmp_path: Path) -> None:
    """A full disk is said to be one, harms nothing, and is no fault of the inputs."""
    world = own_engine.world(tmp_path)
    world.hello()
    world.gitops("reconcile")
    before = world.ids()
    large = DOCKERFILE.replace("EXPOSE", "RUN dd if=/dev/zero of=/large bs=1M count=150\nEXPOSE")
    world.repo().commit({"Dockerfile": large, "index.html": "large\n"})
    failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert "no space left on device" in failed.err.lower()
    assert "BuildTask/hello" in failed.err
    assert world.ids() == before
    assert own_engine.ask(world) == (200, "one\n")
    own_engine.resize("800m")
    world.gitops("reconcile")
    assert own_engine.ask(world) == (200, "large\n")
    world.gitops("down", "--volumes")


def test_an_engine_that_goes_away_during_a_run(world: World, proxy: EngineProxy) -> None:
    """An engine that goes away while it builds ends the run; the next one finishes the work."""
    world.hello()
    world.gitops("reconcile")
    before, latest = world.ids(), world.registry_digest()
    world.page("two")

    def cut(call: Call) -> None:
        if (call.method, call.path) == ("POST", "/build"):
            proxy.cut()

    proxy.on_call = cut
    failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert str(proxy.path) in failed.text
    assert "Traceback" not in failed.text
    assert world.ids() == before
    assert world.registry_digest() == latest
    assert world.ask() == (200, "one\n")
    proxy.on_call = lambda _call: None
    proxy.restore()
    world.gitops("reconcile")
    assert world.ask() == (200, "two\n")


def test_a_registry_that_is_stopped(world: World) -> None:
    """A registry of somebody else that is down is named; what runs goes on, and is not pruned."""
    external = _external_registry(world)
    server = f"localhost:{world.registry_port}"
    target = world.base()[0]
    registry = world.document("Registry", "local", {"server": server})
    world.page("one")
    world.documents(target, registry, *world.story())
    world.gitops("reconcile")
    before = world.ids()
    world.engine.stop(external, timeout=1)
    world.page("two")
    failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert server in failed.text
    assert "RegistryUnreachable" in failed.text
    assert world.ids() == before
    assert world.ask() == (200, "one\n")
    world.engine.start(external)
    eventually(world.registry_answers, what="the registry answers")
    world.gitops("reconcile")
    assert world.ask() == (200, "two\n")


def test_a_git_remote_that_is_gone(world: World) -> None:
    """A git remote that is gone is named; what was seen of it last goes on, and is healed."""
    world.hello()
    world.gitops("reconcile")
    before, repo = world.ids(), world.repo()
    away = repo.bare.rename(repo.bare.with_suffix(".away"))
    failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert repo.url in failed.text
    assert "SourceUnreachable" in failed.text
    assert world.ids() == before

    world.engine.remove_container(world.container("WebApp", "hello")["Id"], force=True)
    assert world.gitops("reconcile", ok=False).code == 1
    assert len(world.containers("hello")) == 1, "a remote that is down does not stop the healing"

    away.rename(repo.bare)
    world.page("two")
    world.gitops("reconcile")
    assert world.ask() == (200, "two\n")


def test_a_git_remote_that_is_gone_from_the_first(world: World) -> None:
    """A remote that was never seen is named too, and what does not need it is done."""
    repo = world.repo()
    world.hello()
    away = repo.bare.rename(repo.bare.with_suffix(".away"))
    failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert repo.url in failed.text
    assert world.containers("hello") == []
    away.rename(repo.bare)
    world.gitops("reconcile")
    assert world.ask() == (200, "one\n")


def test_a_git_server_that_hangs(world: World) -> None:
    """A git server that takes connections and never answers ends in an error that names it."""
    world.hello()
    world.gitops("reconcile")
    before = world.ids()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/repo.git"
        world.hello(source={"git": {"url": url, "ref": {"branch": "main"}}})
        failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert url in failed.text
    assert "SourceUnreachable" in failed.text
    assert world.ids() == before
    world.hello()
    world.gitops("reconcile")
    assert world.ask() == (200, "one\n")


def _external_registry(world: World) -> str:
    """Run a registry that gitops does not know as its own; return its container."""
    bindings = {5000: ("127.0.0.1", world.registry_port)}
    container = world.engine.create_container(
        "registry:2",
        ["/etc/docker/registry/config.yml"],
        entrypoint=["registry", "serve"],
        ports=[5000],
        labels={"gitops.project": f"{world.project}-outside"},
        host_config=world.engine.create_host_config(port_bindings=bindings),
    )["Id"]
    world.strangers.append(container)
    world.engine.start(container)
    eventually(world.registry_answers, what="the registry answers")
    return str(container)

"""Gives each scenario a world of its own, and keeps what it left when it failed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cleaning import clean, keep
from support.engine_proxy import EngineProxy, engine_address
from support.eventual import eventually
from support.quick import Quick
from support.scenario import World
from support.standing import Standing

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],  # noqa: ARG001 - pytest's signature
) -> Iterator[None]:
    """Remember whether the test failed, for the fixture that ends after it."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed  # type: ignore[attr-defined]
    return report


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path, root: Path) -> Iterator[World]:
    """Give a world; on failure, keep `artifacts/<test>/`."""
    made = World(tmp_path)
    try:
        yield made
        if request.node.stash.get(FAILED, False):
            name = re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name)
            # What is kept is for people: it must not hide the failure that it is about.
            with contextlib.suppress(Exception):
                keep(made, root / "artifacts" / name)
    finally:
        clean(made)


@pytest.fixture
def quick(world: World) -> Iterator[Quick]:
    """Give a folder to run tasks in; images that they built are removed."""
    made = Quick(world)
    yield made
    made.remove_images()


@pytest.fixture
def server(world: World) -> Iterator[str]:
    """Give the address of a registry."""
    engine, port = world.engine, world.registry_port
    host = engine.create_host_config(port_bindings={5000: ("127.0.0.1", port)})
    name = f"{world.project}-registry"
    made = engine.create_container("registry:2", ports=[5000], host_config=host, name=name)
    try:
        engine.start(made)
        eventually(world.registry_answers)
        yield f"localhost:{port}"
    finally:
        engine.remove_container(made, force=True, v=True)


@pytest.fixture
def proxy(world: World) -> Iterator[EngineProxy]:
    """Put a proxy between gitops and the engine, which counts calls and can be cut."""
    made = EngineProxy(world.folder, engine_address())
    world.environ["DOCKER_HOST"] = made.address
    yield made
    made.cut()


@pytest.fixture(scope="module")
def converged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """Give one world to all tests of a file: each breaks one thing and has it healed."""
    world = World(tmp_path_factory.mktemp("drift"))
    try:
        made = Standing(world)
        yield made
        made.proxy.cut()
    finally:
        clean(world)


@pytest.fixture
def standing(converged: Standing) -> Standing:
    """Give the converged world as it should be, whatever an earlier test has left."""
    converged.world.gitops("reconcile")
    return converged

"""Obligation: two projects with the same apps, on one engine, know nothing of each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bench_story import LIGHT, commit, storm, write
from support.cleaning import clean
from support.scenario import World

pytestmark = pytest.mark.scenario


@pytest.fixture
def other(tmp_path: Path) -> Iterator[World]:
    """Give a second world on the same engine."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = World(folder)
    try:
        yield made
    finally:
        clean(made)


def settle(world: World, version: str) -> None:
    """Deploy `hello` in this version, and an app that can ask it, under the names of all worlds."""
    commit(world, version)
    asking = {"image": {"repository": "hello"}, **world.quick}
    write(world, world.document("WebApp", "asking", asking))
    world.gitops("reconcile")


def run(world: World, *command: str) -> str:
    """Return what a command says in the container of the app `asking`."""
    container = world.container("WebApp", "asking")["Id"]
    made = world.engine.exec_create(container, command, stderr=False)["Id"]
    return str(world.engine.exec_start(made).decode())


def asked(world: World, host: str) -> str:
    """Return what the app `asking` is answered by an address; empty for nothing."""
    return run(world, "timeout", "2", "wget", "-q", "-O", "-", f"http://{host}:8000/")


def found(world: World, name: str) -> list[str]:
    """Return the addresses that a name has for the app `asking`."""
    # Not by wget: a static program cannot load what the C library looks names up with.
    _, _, answer = run(world, "nslookup", name).partition("Name:")
    return re.findall(r"Address: (\S+)", answer)


def address(world: World) -> str:
    """Return the address of `hello` in its network."""
    (network,) = world.container("WebApp", "hello")["NetworkSettings"]["Networks"].values()
    return str(network["IPAddress"])


def test_two_projects(world: World, other: World) -> None:
    """Each gateway and each network leads to its project's own apps; one ends, the other serves."""
    settle(world, "mine")
    settle(other, "theirs")
    assert world.ask().body.startswith("mine ")
    assert other.ask().body.startswith("theirs ")
    assert found(world, "hello") == [address(world)]
    assert found(other, "hello") == [address(other)]
    assert found(world, f"{world.project}-gateway") != []
    assert found(world, f"{other.project}-gateway") == []
    assert asked(world, address(world)).startswith("mine ")
    assert asked(other, address(other)).startswith("theirs ")
    assert asked(world, address(other)) == ""
    assert asked(other, address(world)) == ""
    before = other.ids()
    with storm(other, LIGHT) as load:
        load.serves("theirs")
        world.gitops("down", "--volumes")
        report = load.stop()
    assert report.failed == 0, str(report)
    assert report.versions == ["theirs"]
    assert world.containers() == []
    assert other.ids() == before
    assert " 0 steps" in other.gitops("reconcile").out

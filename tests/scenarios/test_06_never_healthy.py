"""Obligation: a version that never becomes healthy is explained, and nobody notices it."""

from __future__ import annotations

import pytest
from support.load import Load, Shape
from support.scenario import DOCKERFILE, Result, World

pytestmark = pytest.mark.scenario

LIGHT = Shape(busy=4, rate=40.0, slow=1, single=1, single_rate=10.0)


def deploy_under_load(world: World) -> Result:
    """Reconcile while the old version is asked all the time; it fails, and no request does."""
    before = world.ids()
    with Load(world.gateway_port, "hello.localhost", LIGHT) as load:
        result = world.gitops("reconcile", ok=False)
    assert result.code == 1
    assert load.failures == []
    assert load.answers > 20
    assert set(load.bodies) == {"one"}
    assert world.ids() == before, "the new container is gone, the old one is untouched"
    return result


def test_a_version_that_answers_wrongly(world: World) -> None:
    """A wrong answer fails the deploy at its deadline, and is shown with the number of attempts."""
    repo = world.repo()
    world.page("one")
    repo.commit({"Dockerfile": DOCKERFILE.replace("index.html", "index.html ok*"), "ok": "fine\n"})
    world.hello(health={"path": "/ok", "deadline": "2s"})
    world.gitops("reconcile")
    repo.commit({"ok": None, "ok.not": "nothing\n"})
    failed = deploy_under_load(world)
    assert "not healthy within 2 s" in failed.err
    assert "GET /ok answered 404, wanted 200-" in failed.err
    assert "attempts: " in failed.err
    again = world.gitops("reconcile", ok=False)
    assert "WebApp/hello: DeployFailed" in again.out
    assert "create" not in again.out, "the same version is not tried in a loop"
    assert world.ask() == (200, "one\n")

    repo.commit({"ok": "fine\n", "index.html": "two\n"})
    world.gitops("reconcile")
    assert world.ask() == (200, "two\n")


def test_a_version_whose_process_ends(world: World) -> None:
    """A process that ends fails the deploy at once, with its exit code and its last lines."""
    world.hello()
    world.gitops("reconcile")
    command = 'CMD ["sh", "-c", "echo no such database; exit 3"]'
    world.repo().commit({"Dockerfile": DOCKERFILE.rpartition("CMD")[0] + command})
    failed = deploy_under_load(world)
    assert "the process ended" in failed.err
    assert "exit code: 3" in failed.err
    assert "no such database" in failed.err


def test_a_version_that_needs_too_much_memory(world: World) -> None:
    """A process that the kernel ends for its memory is told apart from one that just ends."""
    world.hello(app={"resources": {"memory": "32Mi"}})
    world.gitops("reconcile")
    command = 'CMD ["sh", "-c", "echo eating; tail /dev/zero"]'
    world.repo().commit({"Dockerfile": DOCKERFILE.rpartition("CMD")[0] + command})
    failed = deploy_under_load(world)
    assert "out of memory" in failed.err
    assert "exit code: " in failed.err
    assert "eating" in failed.err

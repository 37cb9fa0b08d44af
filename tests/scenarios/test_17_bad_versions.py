"""Obligation: nobody notices a bad version, of whatever kind, and it is told what is wrong."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from support.bench_app import IMAGE
from support.load import Load, Shape
from support.scenario import World

pytestmark = pytest.mark.scenario

HOST = "shop.localhost"
POLL = Shape(busy=2, rate=20.0, slow=0, single=1, single_rate=5.0)
HEALTH = {
    "path": "/healthz",
    "interval": "100ms",
    "timeout": "400ms",
    "deadline": "2s",
    "stableFor": "0s",
}
LIMIT = {"resources": {"memory": "32Mi"}}
ARM64 = bytes([0xB7, 0x00])
"""EM_AARCH64, the machine of an ELF file at offset 18 (System V ABI)."""


class Bad(NamedTuple):
    """A bad version: the environment and the fields that make it bad, and what `why` has to say."""

    env: Mapping[str, str]
    cause: tuple[str, ...]
    todo: str
    fields: Mapping[str, Any] = {}
    health: Mapping[str, Any] = {}


VERSIONS = {
    "exits at once": Bad(
        {"EXIT_AFTER": "0", "EXIT_CODE": "7"},
        ("it exits at once with exit code 7", "its log says: exiting with code 7"),
        "correct what its log complains about",
    ),
    "exits after 3 s": Bad(
        {"EXIT_AFTER": "3", "EXIT_CODE": "4"},
        ("it exits 3 s after its start with exit code 4",),
        "correct what its log complains about",
        health={"stableFor": "5s", "deadline": "8s"},
    ),
    "wrong port": Bad(
        {"PORT": "9000"},
        ("nothing listens on port 8000, but it listens on port 9000",),
        "set spec.port to 9000",
    ),
    "answers 500": Bad(
        {"STATUS": "500"},
        ("answers /healthz with an error of its own: status 500",),
        "its log should say",
    ),
    "hangs": Bad(
        {"HANG": "1"},
        ("it hangs: it takes connections on port 8000", "does not answer /healthz within 0.4 s"),
        "health.timeout",
    ),
    "out of memory": Bad(
        {"EAT_MB": "200"},
        ("it took more than its limit of 32Mi",),
        "raise resources.memory",
        health={"stableFor": "2s", "deadline": "8s"},
    ),
    "missing variable": Bad(
        {"REQUIRE": "DATABASE_URL"},
        ("its log says that the environment variable DATABASE_URL is missing",),
        "set DATABASE_URL in spec.env",
    ),
    "listens too late": Bad(
        {"LISTEN_AFTER": "60"},
        ("it listens on no port after 2 s",),
        "raise health.deadline (now 2 s)",
    ),
    "ready too late": Bad(
        {"READY_AFTER": "60"},
        ("it was not ready in time: /healthz still answered 503 after 2 s",),
        "raise health.deadline (now 2 s)",
    ),
    "bad command": Bad(
        {},
        ("its command cannot be run: the image has no program 'no-such-program'",),
        "correct spec.command",
        fields={"command": ["no-such-program", "--serve"]},
    ),
    "no executable file": Bad(
        {},
        ("its command cannot be run: '/etc/passwd' is not an executable file",),
        "correct spec.command",
        fields={"command": ["/etc/passwd"]},
    ),
}


@pytest.fixture
def shop(world: World) -> World:
    """Give a world whose good version serves."""
    deploy(world, {"VERSION": "good"})
    assert world.gitops("reconcile").code == 0
    return world


@pytest.fixture
def foreign(world: World) -> Iterator[str]:
    """Give the tag of an image whose program is for another machine."""
    made = world.engine.create_container(IMAGE, ["true"])["Id"]
    try:
        world.engine.put_archive(made, "/bin", foreign_program())
        world.engine.commit(made, "gitops-foreign", world.project, changes='CMD ["/bin/foreign"]')
    finally:
        world.engine.remove_container(made, force=True)
    yield world.project
    world.engine.remove_image(f"gitops-foreign:{world.project}", force=True)


def foreign_program() -> bytes:
    """Return an archive of the head of an ELF program for arm64."""
    head = bytearray(64)
    head[:20] = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00" + ARM64
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as writer:
        entry = tarfile.TarInfo("foreign")
        entry.size, entry.mode = len(head), 0o755
        writer.addfile(entry, io.BytesIO(bytes(head)))
    return archive.getvalue()


def deploy(
    world: World,
    env: Mapping[str, str],
    fields: Mapping[str, Any] | None = None,
    health: Mapping[str, Any] | None = None,
) -> None:
    """Write the spec of a version."""
    name, _, tag = IMAGE.partition(":")
    spec = {
        "image": {"name": name, "tag": tag},
        "env": dict(env),
        "health": {**HEALTH, **(health or {})},
        "deploy": {"drain": "1s", "stop": "1s"},
        **LIMIT,
        **(fields or {}),
    }
    world.documents(world.base()[0], world.document("WebApp", "shop", spec))


def fails(world: World, cause: tuple[str, ...], todo: str) -> None:
    """Reconcile a bad version twice: nobody notices, it is tried once, and `why` explains it."""
    before = world.ids()
    with Load(world.gateway_port, HOST, POLL) as load:
        failed = world.gitops("reconcile", ok=False)
        again = world.gitops("reconcile", ok=False)
    assert (failed.code, again.code) == (1, 1)
    assert load.failures == []
    assert load.answers > 10
    assert {body.split()[0] for body in load.bodies} == {"good"}
    assert world.ids() == before, "the bad container is gone, the good one is untouched"
    for part in cause:
        assert part in failed.err, str(failed)
    assert "WebApp/shop: DeployFailed" in again.out
    assert "create container" not in again.out, "the same version is not tried in a loop"
    told = world.gitops("why", "WebApp/shop", ok=False)
    assert told.code == 1
    page = told.out
    assert page.startswith("WebApp/shop is not ready: DeployFailed"), str(told)
    for part in (*cause, todo, "gets requests", "reconcile --retry WebApp/shop"):
        assert part in page, str(told)


@pytest.mark.parametrize("kind", VERSIONS)
def test_a_bad_version_is_explained(shop: World, kind: str) -> None:
    """A bad version is not served, is not tried twice, and `why` names its cause."""
    bad = VERSIONS[kind]
    deploy(shop, bad.env, bad.fields, bad.health)
    fails(shop, bad.cause, bad.todo)


def test_a_program_for_another_machine(shop: World, foreign: str) -> None:
    """An image for another architecture is named as that."""
    deploy(shop, {}, {"image": {"name": "gitops-foreign", "tag": foreign}})
    fails(shop, ("for another processor architecture",), "build the image for the engine's")


def test_a_slow_start_within_the_deadline(shop: World) -> None:
    """A version that needs most of its time to start is waited for, and serves."""
    env = {"VERSION": "slow", "LISTEN_AFTER": "1", "READY_AFTER": "1"}
    deploy(shop, env, health={"deadline": "20s"})
    with Load(shop.gateway_port, HOST, POLL) as load:
        shop.gitops("reconcile")
    assert load.failures == []
    assert {body.split()[0] for body in load.bodies} <= {"good", "slow"}
    assert shop.ask(HOST).body.split()[0] == "slow"
    told = shop.gitops("why", "WebApp/shop")
    assert told.out.startswith("WebApp/shop is ready"), str(told)
    assert len(told.out.splitlines()) == 2, str(told)


def test_why_without_a_memory(shop: World) -> None:
    """Without the database it tells what the engine shows, and that the history is not here."""
    deploy(shop, {"EXIT_AFTER": "0"})
    page = shop.gitops("why", "WebApp/shop", ok=False, env={"GITOPS_STATE": str(shop.cache)}).out
    assert page.startswith("WebApp/shop is not ready: OutOfSync"), page
    assert "history    none on this machine" in page
    data = json.loads(shop.gitops("why", "WebApp/shop", "-o", "json", ok=False).out)
    assert (data["reason"], data["lastFailure"], data["remembered"]) == ("OutOfSync", None, True)
    assert [one["routed"] for one in data["running"]] == [True]


def test_why_of_an_app_that_was_never_deployed(world: World) -> None:
    """Before the first deployment it says that nothing runs yet, and what the next run would do."""
    deploy(world, {"VERSION": "good"})
    page = world.gitops("why", "WebApp/shop", ok=False).out
    assert page.startswith("WebApp/shop is not ready: OutOfSync: it has no container yet"), page
    assert "running    nothing" in page
    assert "- gitops reconcile\n" in page
    unknown = world.gitops("why", "WebApp/shopp", ok=False)
    assert "there is no WebApp/shopp in these specs; there are: WebApp/shop" in unknown.err

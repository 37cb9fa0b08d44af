"""Obligation: a Dockerfile that fails is told, remembered, and harms nothing."""

from __future__ import annotations

import uuid

import pytest
from support.engine_proxy import EngineProxy
from support.scenario import DOCKERFILE, World

pytestmark = pytest.mark.scenario


def broken(words: str) -> str:
    """Return a Dockerfile that fails after these words, which no other build has: BuildKit prints
    the output of what two builds have in common in one of them only.
    """
    return DOCKERFILE.replace("EXPOSE", f"RUN echo {words} && exit 7\nEXPOSE")


def test_a_failing_build_harms_nothing(world: World, proxy: EngineProxy) -> None:
    """A failing step is shown with its output, once; the old app serves; a good commit mends."""
    world.hello()
    world.gitops("reconcile")
    containers, latest = world.ids(), world.registry_digest()

    words = f"the last words {uuid.uuid4().hex}"
    world.repo().commit({"Dockerfile": broken(words)})
    proxy.forget()
    failed = world.gitops("reconcile", ok=False)
    assert failed.code == 1
    assert proxy.builds == 1
    assert f"RUN echo {words} && exit 7" in failed.err
    assert words in failed.err.replace(f"echo {words}", "")
    assert world.ids() == containers
    assert world.registry_digest() == latest
    assert world.ask() == (200, "one\n")

    proxy.forget()
    again = world.gitops("reconcile", ok=False)
    assert again.code == 1
    assert proxy.writes == []
    assert "BuildTask/hello: BuildFailed" in again.out
    assert world.ids() == containers

    world.repo().commit({"Dockerfile": DOCKERFILE, "index.html": "three\n"})
    proxy.forget()
    world.gitops("reconcile")
    assert proxy.builds == 1
    assert world.ask() == (200, "three\n")


def test_a_person_can_ask_for_a_retry(world: World, proxy: EngineProxy) -> None:
    """Inputs that failed are tried again when a person asks for it with --retry."""
    world.hello(app={"port": 8000})
    world.repo().commit({"Dockerfile": broken(uuid.uuid4().hex)})
    world.gitops("reconcile", ok=False)
    proxy.forget()
    world.gitops("reconcile", "--retry", "BuildTask/hello", ok=False)
    assert proxy.builds == 1
    proxy.forget()
    world.gitops("reconcile", ok=False)
    assert proxy.builds == 0

"""Obligation: a commit leads to a build only if it changes what is built."""

from __future__ import annotations

import pytest
from support.engine_proxy import EngineProxy
from support.scenario import DOCKERFILE, World

pytestmark = pytest.mark.scenario

IN_APP = {"Dockerfile": DOCKERFILE, "index.html": "one\n"}


def test_commits_and_reverts(world: World, proxy: EngineProxy) -> None:
    """A commit to the context is built and served, one beside it is not, and one undone is back."""
    repo = world.repo()
    repo.commit({f"app/{name}": text for name, text in IN_APP.items()} | {"README.md": "x"})
    source = {"git": {"url": repo.url, "ref": {"branch": "main"}, "path": "app"}}
    world.hello(source=source)
    world.gitops("reconcile")
    first = world.registry_digest()
    assert world.ask() == (200, "one\n")

    proxy.forget()
    commit = repo.commit({"app/index.html": "two\n"})
    world.gitops("reconcile")
    second = world.registry_digest()
    assert proxy.builds == 1
    assert second not in ("", first)
    assert world.ask() == (200, "two\n")
    app = world.container("WebApp", "hello")
    assert app["Labels"]["gitops.revision"] == commit
    assert app["Labels"]["gitops.digest"] == second

    proxy.forget()
    repo.commit({"README.md": "this is not in the context\n"})
    world.gitops("reconcile")
    assert proxy.writes == []
    assert world.registry_digest() == second
    assert world.container("WebApp", "hello")["Id"] == app["Id"]

    repo.commit({"README.md": "x"})
    repo.commit({"app/index.html": "one\n"}, "as a revert does")
    world.gitops("reconcile")
    assert proxy.builds == 0
    assert world.registry_digest() == first
    assert world.ask() == (200, "one\n")


def test_a_revert_is_not_built(world: World, proxy: EngineProxy) -> None:
    """`git revert` brings the former image back without a build, and the app with it."""
    world.hello()
    world.gitops("reconcile")
    first = world.registry_digest()
    world.page("two")
    world.gitops("reconcile")
    assert world.ask() == (200, "two\n")
    proxy.forget()
    world.repo().revert()
    world.gitops("reconcile")
    assert proxy.builds == 0
    assert world.registry_digest() == first
    assert world.ask() == (200, "one\n")
    assert len(world.containers("hello")) == 1

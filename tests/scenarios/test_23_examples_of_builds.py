"""Obligation: the examples of images, builds and secrets do what their READMEs say."""

from __future__ import annotations

import re

import pytest
from support.scenario import ROOT, World
from support.showing import Shown

pytestmark = pytest.mark.scenario


def test_local_folder(world: World) -> None:
    """A folder becomes a web app, and an edited page its next version."""
    shown = Shown(world, "local-folder")
    shown.edit("Edit me while `gitops watch` runs", "Edited", "site/index.html")
    shown.changed()
    assert "<h1>Edited</h1>" in shown.text("site.localhost")


def test_public_image(world: World) -> None:
    """An image runs by its name, on the port that the spec names."""
    shown = Shown(world, "public-image")
    assert re.search(r"\d\d:\d\d:\d\d", shown.text("clock.localhost"))


def test_secrets(world: World) -> None:
    """Secrets of the environment and of a file reach the program; a new value redeploys it."""
    world.environ["API_TOKEN"] = "s3cret"
    shown = Shown(world, "secrets")
    assert shown.text("vault.localhost") == "token: 6 characters, password: 15"
    world.environ["API_TOKEN"] = "another"
    shown.changed()
    assert shown.text("vault.localhost") == "token: 7 characters, password: 15"


def test_worker(world: World) -> None:
    """A program without a port runs without a route, after what it depends on."""
    shown = Shown(world, "worker")
    assert shown.text("inbox.localhost") == "work"
    assert len(shown.running("worker")) == 1
    assert shown.ask("worker.localhost").status == 404


def test_hello(world: World) -> None:
    """A git repository becomes a web app."""
    app = ROOT / "examples/hello/app"
    world.repo().commit({one.name: one.read_text() for one in app.iterdir()}, "A start")
    shown = Shown(world, "hello", "--set", f"repo={world.repo().url}")
    assert "Hello from a commit" in shown.text("hello.localhost")


def test_monorepo(world: World) -> None:
    """A commit builds only the task whose folder it touches."""
    app = ROOT / "examples/hello/app"
    files = {one.name: one.read_text() for one in app.iterdir()}
    both = {f"{part}/{name}": text for part in ("web", "api") for name, text in files.items()}
    world.repo().commit(both, "A start")
    shown = Shown(world, "monorepo", "--set", f"repo={world.repo().url}")
    api = shown.running("api")
    world.repo().commit({"web/index.html": "new web\n"}, "Another page")
    shown.changed()
    assert shown.text("web.shop.localhost") == "new web"
    assert "Hello from a commit" in shown.text("api.shop.localhost")
    assert shown.running("api") == api

"""Obligation: the examples of images, builds, secrets and rollback do what their READMEs say."""

from __future__ import annotations

import json
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


def test_rollback(world: World) -> None:
    """A rollback stays until it is resumed; a version that fails is given up by itself."""
    shown = Shown(world, "rollback")
    shown.edit("First", "Second", "site/index.html")
    shown.changed()
    assert "Second edition" in shown.text("news.localhost")
    history = world.gitops("history", "WebApp/news").out
    assert re.findall(r"^(\d) ", history, re.MULTILINE) == ["2", "1"]
    world.gitops("rollback", "WebApp/news", "--reason", "the headline is wrong")
    assert "First edition" in shown.text("news.localhost")
    shown.edit("Second", "Third", "site/index.html")
    shown.changed()
    assert "First edition" in shown.text("news.localhost"), "whatever `latest` is"
    assert "the headline is wrong" in world.gitops("status", ok=None).out
    world.gitops("resume", "WebApp/news")
    assert "Third edition" in shown.text("news.localhost")


def test_rollback_of_a_version_that_fails(world: World) -> None:
    """A version that never becomes well is given up after its deadline, and not tried again."""
    shown = Shown(world, "rollback")
    shown.edit("deadline: 10s", "deadline: 2s")
    (world.specs / "site/index.html").rename(world.folder / "index.html")
    failed = shown.reconcile(ok=False)
    assert "it answers 404" in failed.text
    assert "First edition" in shown.text("news.localhost")
    assert "Plan for" in failed.out
    again = shown.reconcile(ok=False).out
    assert "0 steps" in again
    (world.folder / "index.html").rename(world.specs / "site/index.html")
    shown.changed()
    assert "First edition" in shown.text("news.localhost")


def test_steps(world: World) -> None:
    """A task of several steps makes, tries and publishes an image, and its run tells of it."""
    shown = Shown(world, "steps")
    assert "Made by run r" in shown.text("pages.localhost")
    (run,) = json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out)
    assert (run["task"], run["status"]) == ("pages", "Succeeded")
    assert f"Made by run {run['id']}" in shown.text("pages.localhost")


def test_triggers(world: World) -> None:
    """What an image builds on makes it anew, in order and once; a text about it does not."""
    shown = Shown(world, "triggers")
    assert "first edition" in shown.text("portal.localhost", "/base.txt")
    (world.specs / "web" / "notes.md").write_text("read me")
    assert "0 steps" in world.gitops("plan").out
    shown.edit("first edition", "second edition", "base/Dockerfile")
    shown.changed()
    assert "second edition" in shown.text("portal.localhost", "/base.txt")
    runs = json.loads(world.gitops("runs", "--kind", "task", "-o", "json").out)
    assert [run["task"] for run in runs] == ["portal", "base", "portal", "base"]
    assert "BASE_IMAGE" in json.dumps(runs[0]["causes"])

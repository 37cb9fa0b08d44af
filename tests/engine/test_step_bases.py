"""What build steps build on is told from the files of their source, before any run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.planning import bundle_of

from gitops.engine.looks.step_bases import StepBases
from gitops.model.address import Address
from gitops.model.dockerfile import BaseImages
from gitops.model.outcomes import Absent, Found, Unreachable
from gitops.model.sources import Source
from gitops.wiring.task_tools import task_tools

TASK = Address("BuildTask", "shop")
SPECS = """
kind: Registry
metadata: {name: local}
spec: {server: "localhost:5000", managed: {}}
---
kind: BuildTask
metadata: {name: shop}
spec: {source: {path: FOLDER}, secrets: {token: {env: TOKEN}}, WHAT}
"""


MENTIONED = {
    "docker.io/acme/base": "skopeo copy x docker://acme/base",
    "index.docker.io/acme/base": "docker push docker.io/acme/base:1",
    "acme/base": "docker push ghcr.io/acme/base-tools other",
    "acme/base:2": "busybox ls /srv/acme/based other",
}


class Shop:
    """A folder with the files of a task."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, path: str, text: str) -> None:
        """Write a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def told(self, what: str, source: Source | None = None, secrets: str = "") -> BaseImages:
        """Return what a task with these steps builds on."""
        seen = self.looked(what, source or Source("t", "", str(self.folder)), secrets)
        assert isinstance(seen, Found), seen
        return seen.value.built_on

    def looked(
        self, what: str, source: Source, secrets: str = ""
    ) -> Found[Source] | Absent | Unreachable:
        """Return the source of a task with these steps."""
        specs = SPECS.replace("FOLDER", str(self.folder)).replace("WHAT", what)
        bundle = bundle_of(specs.replace("secrets: {", f"secrets: {{{secrets}"))
        bases = StepBases(bundle, task_tools(self.folder / "cache"), {})
        task = bundle.tasks[0]
        return bases.told(task, Found(source))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Give a folder with a Dockerfile."""
    made = Shop(tmp_path)
    made.write(
        "Dockerfile", "ARG V=1\nFROM node:$V AS build\nFROM nginx:1\nCOPY --from=build / /\n"
    )
    return made


def test_each_build_counts(shop: Shop) -> None:
    """Every build in the workspace, by its folder, its Dockerfile, its arguments and its target."""
    shop.write("web/Dockerfile", "FROM alpine:3 AS one\nFROM httpd:2\n")
    shop.write("web/other", "FROM redis:7\n")
    steps = [
        "{build: -t a .}",
        "{build: -t b --build-arg V=2 .}",
        "{build: -t c --target one web}",
        "{build: -t d -f other ., workingDirectory: web}",
        "{cmd: busybox true}",
    ]
    found = shop.told(f"steps: [{', '.join(steps)}]")
    assert found.runtime == ("nginx:1", "alpine:3", "redis:7")
    assert found.build == ("node:1", "node:2")


def test_templates_are_filled_in(shop: Shop) -> None:
    """Values, the registry and what is known of the commit; a secret is no obstacle."""
    shop.write("Dockerfile", "ARG BASE\nFROM $BASE\nARG TOKEN\n")
    steps = "{build: '--build-arg BASE=%s --build-arg TOKEN={{.Secrets.token}} -t a .'}"
    names = {
        "$Registry/base": "localhost:5000/base",
        "base:{{.Values.tag}}": "base:7",
        "base:{{.Run.Commit}}": "base:c1",
    }
    for name, image in names.items():
        source = Source("t", "", str(shop.folder), commit="c1")
        what = f"values: {{tag: '7'}}, steps: [{steps % name}]"
        assert shop.told(what, source).runtime == (image,)


@pytest.mark.parametrize(
    "build",
    [
        "-t a https://git.example.com/a.git",
        "-t nginx -t node:1 .",
        "-t docker.io/library/nginx:1 -t node:1 .",
        "-t a missing",
        "-t a -f link .",
    ],
)
def test_what_is_not_followed(shop: Shop, build: str) -> None:
    """A URL, what the task makes itself, a Dockerfile that is not there or is a link."""
    shop.folder.joinpath("link").symlink_to("Dockerfile")
    shop.write("Dockerfile", "FROM nginx\n" if "-t nginx -t" in build else "FROM nginx:1\n")
    assert shop.told(f"steps: [{{build: {build}}}]") == BaseImages()


def test_what_a_step_pushes_is_its_own(shop: Shop) -> None:
    """An image that the task pushes is made by it, however it came about."""
    shop.write("Dockerfile", "FROM localhost:5000/base\n")
    steps = "{cmd: busybox true}, {push: [$Registry/base:latest]}, {build: -t a .}"
    assert shop.told(f"steps: [{steps}]") == BaseImages()


def test_what_a_command_names_may_be_its_own(shop: Shop) -> None:
    """An image that a command pushes would otherwise make the task run again and again."""
    push = "{cmd: kaniko --destination=$Registry/base:latest}"
    build = "{build: -t a .}"
    shop.write("Dockerfile", "FROM localhost:5000/base\n")
    assert shop.told(f"steps: [{push}, {build}]") == BaseImages()
    for name, line in MENTIONED.items():
        shop.write("Dockerfile", f"FROM {name}\n")
        found = shop.told(f"steps: [{{cmd: {line}}}, {build}]").runtime
        assert found == ((name,) if line.endswith("other") else ()), line
    shop.write("Dockerfile", "FROM kaniko\n")
    assert shop.told(f"steps: [{push}, {build}]").runtime == ("kaniko",)


def test_a_secret_that_is_added_is_asked_for_anew(shop: Shop) -> None:
    """What could not be read for want of a secret is read when the spec has it."""
    shop.write("Dockerfile", "FROM nginx:1\n")
    recipe = "steps: [{build: '--build-arg A={{.Secrets.other}} -t a .'}]\n"
    at = Source("t", "", str(shop.folder), commit="c3", recipe=recipe)
    assert shop.told("taskFile: acb.yaml", at) == BaseImages()
    assert shop.told("taskFile: acb.yaml", at, "other: {env: OTHER}, ").runtime == ("nginx:1",)


def test_names_of_one_run_are_not_followed(shop: Shop) -> None:
    """An image with the run's id or time in its name is another one each time."""
    shop.write("Dockerfile", "ARG BASE\nFROM $BASE\n")
    for name in ("x:$ID", "x:$Date", "x:{{.Run.ID}}"):
        assert shop.told(f"steps: [{{build: '--build-arg BASE={name} -t a .'}}]") == BaseImages()


def test_a_place_that_cannot_be_told_is_kept(shop: Shop) -> None:
    """A FROM whose variable nobody knows is told as for a Dockerfile of a task."""
    shop.write("Dockerfile", "ARG BASE\nFROM $BASE\n")
    (unknown,) = shop.told("steps: [{build: -t a .}]").unknown
    assert unknown.line == 2


def test_a_task_file_that_no_run_can_read(shop: Shop) -> None:
    """The run says what is wrong; nothing is followed meanwhile."""
    shop.write("acb.yaml", "steps: [{build: -t a ., wrong: 1}]\n")
    source = Source("t", "", str(shop.folder), recipe="steps: [{build: -t a ., wrong: 1}]\n")
    assert shop.told("taskFile: acb.yaml", source) == BaseImages()
    good = source._replace(recipe="steps: [{build: -t a .}]\n")
    assert shop.told("taskFile: acb.yaml", good).runtime == ("nginx:1",)


def test_tags_and_pull_requests_have_their_own(shop: Shop) -> None:
    """What is followed beside the branch is told as well, each from its own task file."""
    pull = Source("p", "", str(shop.folder), pull="7", recipe="steps: [{build: -t a web}]\n")
    shop.write("web/Dockerfile", "FROM httpd:2\n")
    main = Source("t", "", str(shop.folder), recipe="steps: [{build: -t a .}]\n", beside=(pull,))
    seen = shop.looked("taskFile: acb.yaml", main)
    assert isinstance(seen, Found)
    assert [one.built_on.runtime for one in seen.value.beside] == [("httpd:2",)]


def test_a_commit_is_read_once(shop: Shop) -> None:
    """A commit cannot change, so its files are not read at every look; a folder's are."""
    at = Source("t", "", str(shop.folder), commit="c2")
    assert shop.told("steps: [{build: -t a .}]", at).runtime == ("nginx:1",)
    shop.write("Dockerfile", "FROM httpd:2\n")
    assert shop.told("steps: [{build: -t a .}]", at).runtime == ("nginx:1",)
    assert shop.told("steps: [{build: -t b .}]", at).runtime == ("httpd:2",)
    assert shop.told("steps: [{build: -t a .}]").runtime == ("httpd:2",)

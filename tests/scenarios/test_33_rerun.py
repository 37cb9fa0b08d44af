"""A run done again has the same inputs, and is a run of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from support.quick import Quick
from support.repo import Repo
from support.scenario import World

pytestmark = pytest.mark.scenario

TASK = """version: v1.1.0
steps:
  - {id: show, cmd: "busybox sh -c 'cat page; echo {{.Values.word}} {{.Run.Commit}}'"}
"""
SECRET = """version: v1.1.0
secrets: [{id: word}]
steps:
  - {id: show, cmd: "busybox echo {{if .Secrets.word}}given{{end}} {{.Values.name}}"}
"""


def _latest(quick: Quick) -> dict[str, object]:
    (newest, *_) = json.loads(quick.gitops("runs", "--kind", "task", "-o", "json").out)
    return quick.record(str(newest["id"]))


def test_a_quick_run_has_its_commit_again(quick: Quick, tmp_path: Path) -> None:
    """A run of a git context is done again at its commit, with its text and values."""
    repo = Repo(tmp_path / "repo")
    commit = repo.commit({"page": "first\n"}, "first")
    quick.write("acb.yaml", TASK)
    quick.run("acb.yaml", f"{repo.url}#main", "--set", "word=hello")
    first = _latest(quick)
    repo.commit({"page": "second\n"}, "second")
    quick.write("acb.yaml", "steps: [{cmd: busybox false}]\n")
    again = quick.gitops("rerun", str(first["id"]))
    assert again.code == 0, str(again)
    assert "first\n" in again.out
    assert f"hello {commit}" in again.out
    record = _latest(quick)
    assert record["id"] != first["id"]
    assert f"rerun of {first['id']} by " in json.dumps(record)
    # What was done again can be done again.
    assert "first\n" in quick.gitops("rerun", str(record["id"])).out


def test_a_folder_is_as_it_is_now(quick: Quick) -> None:
    """A folder has no history: the run says that it reads it as it is now."""
    quick.write("acb.yaml", TASK)
    quick.write("page", "before\n")
    quick.run("acb.yaml", ".", "--set", "word=x")
    quick.write("page", "after\n")
    again = quick.gitops("rerun", str(_latest(quick)["id"]))
    assert again.code == 0, str(again)
    assert "after\n" in again.out
    assert "is read as it is now" in again.err


def test_secrets_are_read_again_or_asked_for(quick: Quick) -> None:
    """A secret of the environment is read again; one that was typed has to be given anew."""
    quick.write("acb.yaml", SECRET)
    quick.world.environ["A_WORD"] = "from-the-environment"
    quick.run("acb.yaml", "--secret", "word:env=A_WORD", "--set", "name=one")
    kept = str(_latest(quick)["id"])
    again = quick.gitops("rerun", kept)
    assert again.code == 0, str(again)
    assert "given one" in again.out
    quick.run("acb.yaml", "--secret", "word=typed", "--set-secret", "name=hidden-name")
    typed = str(_latest(quick)["id"])
    refused = quick.gitops("rerun", typed)
    assert refused.code == 64
    assert "the secret 'word'" in refused.err
    assert "--secret word=VALUE" in refused.err
    refused = quick.gitops("rerun", typed, "--secret", "word=again")
    assert refused.code == 64
    assert "--set-secret name=VALUE" in refused.err
    anew = quick.gitops("rerun", typed, "--secret", "word=again", "--set-secret", "name=other-one")
    assert anew.code == 0, str(anew)
    assert "given ***" in anew.out


BASED = """version: v1.1.0
steps:
  - {id: image, build: "-t %(name)s:made ."}
  - {id: show, cmd: "%(name)s:made cat /word"}
"""


def test_builds_of_a_task_have_their_base_images_again(
    quick: Quick, server: str, tmp_path: Path
) -> None:
    """A base image that has moved since is taken by the digest that it had in the run before."""
    base = f"{server}/{quick.world.project}-base:1"
    words = tmp_path / "words"
    words.mkdir()
    write = f"FROM busybox\nRUN echo %s {quick.world.project} > /word\n"

    def moved(word: str) -> None:
        (words / "Dockerfile").write_text(write % word)
        told = quick.gitops("build", str(words), "-t", base)
        assert told.code == 0, str(told)

    moved("first")
    quick.write("acb.yaml", BASED % {"name": quick.world.project})
    (quick.folder / "context").mkdir()
    (quick.folder / "context" / "Dockerfile").write_text(f"FROM {base}\n")
    quick.run("acb.yaml", "context")
    record = _latest(quick)
    assert list(record["bases"]) == [base]  # type: ignore[call-overload]
    moved("second")
    quick.world.engine.remove_image(base, force=True)
    assert "show: second" in quick.run("acb.yaml", "context").out
    again = quick.gitops("rerun", str(record["id"]))
    assert again.code == 0, str(again)
    assert "show: first" in again.out
    assert _latest(quick)["bases"] == record["bases"]


def test_an_image_is_made_again_and_latest_stays(world: World) -> None:
    """The image of an old commit is made again under its exact name; `latest` is not moved."""
    world.hello()
    world.gitops("reconcile")
    runs = ("runs", "--kind", "task", "-o", "json")
    (first,) = json.loads(world.gitops(*runs).out)
    shown = json.loads(world.gitops("runs", "show", first["id"], "-o", "json").out)
    world.page("two")
    world.gitops("reconcile")
    latest = world.registry_digest()
    again = world.gitops("rerun", first["id"])
    assert "not moved: latest" in again.out
    assert world.registry_digest() == latest
    newest = json.loads(world.gitops(*runs).out)[0]
    repeated = json.loads(world.gitops("runs", "show", newest["id"], "-o", "json").out)
    assert f"rerun of {first['id']} by " in json.dumps(repeated)
    assert [one["tag"] for one in repeated["images"]] == [one["tag"] for one in shown["images"]]
    assert repeated["commit"] == shown["commit"]
    # Nothing is left to do: what should run has not changed.
    assert "two" in world.ask().body


class _Answers(BaseHTTPRequestHandler):
    """Answers every request with aliases."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"far: away\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def server_of_aliases() -> Iterator[str]:
    """Give the address of a server of aliases."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_aliases_and_values_are_as_they_were(quick: Quick, server_of_aliases: str) -> None:
    """Files of aliases are kept by names without a secret; a value keeps its type."""
    url = f"http://user:{{{{.Secrets.key}}}}@{server_of_aliases}/a.yaml?key={{{{.Secrets.key}}}}"
    quick.write("near.yaml", "near: before\n")
    quick.write("values.yaml", "version: 1.5\non: true\n")
    quick.write(
        "acb.yaml",
        f"version: v1.1.0\nalias: {{src: [near.yaml, '{url}']}}\nsecrets: [{{id: key}}]\nsteps:\n"
        "  - cmd: busybox echo $near $far {{.Values.version}} {{kindOf .Values.version}}\n",
    )
    quick.run("acb.yaml", "--values", "values.yaml", "--secret", "key=a-key-of-the-server")
    first = _latest(quick)
    assert "before away 1.5 float64\n" in quick.gitops("logs", str(first["id"])).out
    for database in Path(quick.world.environ["GITOPS_STATE"]).glob("*.db*"):
        assert b"a-key-of-the-server" not in database.read_bytes()
    quick.write("near.yaml", "near: after\n")
    again = quick.gitops("rerun", str(first["id"]), "--secret", "key=another")
    assert "before away 1.5 float64\n" in again.out, str(again)


def test_aliases_at_the_top_are_as_they_were(quick: Quick, tmp_path: Path) -> None:
    """A file of aliases that was found beside no task file is found from another directory."""
    (quick.folder / "ci").mkdir()
    quick.write("ci/far.yaml", "far: before\n")
    quick.write(
        "ci/acb.yaml",
        "version: v1.1.0\nalias: {src: [ci/far.yaml]}\nsteps: [{cmd: busybox echo $far}]\n",
    )
    quick.run("ci/acb.yaml")
    first = str(_latest(quick)["id"])
    quick.write("ci/far.yaml", "far: after\n")
    quick.folder = tmp_path / "elsewhere"
    quick.folder.mkdir()
    again = quick.gitops("rerun", first)
    assert "before\n" in again.out, str(again)


def test_a_tag_is_as_it_was(quick: Quick, tmp_path: Path) -> None:
    """A run of a tag of git knows the tag when it is done again."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"page": "first\n"}, "first")
    repo.tag("v1.0")
    quick.write("acb.yaml", "steps: [{cmd: 'busybox echo tag {{.Run.GitTag}}'}]\n")
    quick.run("acb.yaml", f"{repo.url}#v1.0")
    again = quick.gitops("rerun", str(_latest(quick)["id"]))
    assert "tag v1.0\n" in again.out, str(again)

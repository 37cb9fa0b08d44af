from __future__ import annotations

from pathlib import Path

import pytest

from gitops.drivers.builders.buildkit import BuildKit
from gitops.drivers.builders.choice import choose_builder
from gitops.drivers.builders.docker_config import Endpoint
from gitops.drivers.builders.memory import memory

CLI = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
    version) echo '{version}|20.10.24|linux/amd64' ;;
    info) echo '[]' ;;
    buildx) exit 1 ;;
esac
"""


@pytest.fixture
def endpoint(tmp_path: Path) -> Endpoint:
    """Give an engine that one CLI of our own reaches."""
    write(tmp_path, "20.10.24")
    environ = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}
    return Endpoint(f"unix://{tmp_path}/engine.sock", {}, {**environ})


def write(folder: Path, version: str) -> None:
    """Make a docker CLI that tells of each question."""
    program = folder / "bin" / "docker"
    program.parent.mkdir(exist_ok=True)
    program.write_text(CLI.format(log=folder / "log", version=version))
    program.chmod(0o755)


def asked(folder: Path) -> int:
    """Return how often the CLI was asked for versions since the last time."""
    log = folder / "log"
    text = log.read_text() if log.exists() else ""
    log.unlink(missing_ok=True)
    return text.count("version --format")


def chosen(folder: Path, endpoint: Endpoint) -> BuildKit:
    """Choose a builder with a memory."""
    builder = choose_builder(endpoint, "auto", str, folder / "cache")
    assert isinstance(builder, BuildKit)
    return builder


def test_programs_are_asked_once(tmp_path: Path, endpoint: Endpoint) -> None:
    """The second choice is the same, without a question."""
    first = chosen(tmp_path, endpoint)
    assert asked(tmp_path) == 1
    second = chosen(tmp_path, endpoint)
    assert asked(tmp_path) == 0
    assert second[:3] == first[:3]


def test_another_program_is_asked(tmp_path: Path, endpoint: Endpoint) -> None:
    """A CLI that was replaced, a plugin that has come, and another engine are looked at anew."""
    chosen(tmp_path, endpoint)
    write(tmp_path, "19.3.1")
    assert "19.3" in chosen(tmp_path, endpoint).name
    assert asked(tmp_path) == 2
    plugins = tmp_path / "home" / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    chosen(tmp_path, endpoint)
    assert asked(tmp_path) == 1
    (tmp_path / "engine.sock").touch()
    chosen(tmp_path, endpoint)
    assert asked(tmp_path) == 1


def test_a_build_that_went_wrong_is_reason_to_ask(tmp_path: Path, endpoint: Endpoint) -> None:
    """What was remembered may be why."""
    chosen(tmp_path, endpoint).doubt()
    chosen(tmp_path, endpoint)
    assert asked(tmp_path) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "5"])
def test_a_memory_that_cannot_be_read_is_none(
    tmp_path: Path, endpoint: Endpoint, text: str
) -> None:
    """Whatever is in the file, the programs are asked then."""
    chosen(tmp_path, endpoint)
    (file,) = (tmp_path / "cache" / "builders").iterdir()
    file.write_text(text)
    chosen(tmp_path, endpoint)
    assert asked(tmp_path) == 2


def test_answers_of_another_kind_are_none(tmp_path: Path, endpoint: Endpoint) -> None:
    """What another version of the program has kept is asked for again."""
    known = memory(tmp_path / "cache", endpoint, [str(tmp_path / "bin" / "docker")])
    for clients in ([["docker", 5]], [["docker", 5, [1, 2], "", "", True]]):
        known.keep(clients)
        chosen(tmp_path, endpoint)
        assert asked(tmp_path) == 1


def test_a_named_builder_is_always_looked_at(tmp_path: Path, endpoint: Endpoint) -> None:
    """What `BUILDX_BUILDER` names can be another one at any time."""
    named = endpoint._replace(environ={**endpoint.environ, "BUILDX_BUILDER": "mine"})
    chosen(tmp_path, named)
    chosen(tmp_path, named)
    assert asked(tmp_path) == 2

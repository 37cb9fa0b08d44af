from __future__ import annotations

import io
import json
import os
import pty
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.commands import Ran, gitops
from support.specs import BAD, written

from gitops.model.checkup import Grade, Verdict
from gitops.settings import read_settings
from gitops.wiring.examination import examine


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a spec file, with an engine whose socket is not there."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return written(tmp_path)


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a spec file, with an engine that takes calls and never answers."""
    path = tmp_path / "engine.sock"
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(path))
        engine.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield written(tmp_path)


def check_names_engine(text: str) -> None:
    assert "none.sock" in text
    assert "systemctl start docker" in text


def test_plan_names_the_engine(dead: Path) -> None:
    """A plan without an engine says which one, and what to do; it claims nothing else, and is 1."""
    ran = gitops("plan", "-f", dead)
    assert ran.code == 1
    check_names_engine(ran.out + ran.err)
    lines = ran.out.splitlines()
    assert [line for line in lines if "WebApp/shop" in line or "Target/local" in line] == [
        line for line in lines if line.startswith("! ") and "EngineUnreachable" in line
    ]
    assert lines[-1].endswith("0 steps, 2 blocked")


def test_status_names_the_engine(dead: Path) -> None:
    """A status without an engine is Unknown for all that runs there, and 1."""
    ran = gitops("status", "-f", dead, "-o", "json")
    assert ran.code == 1
    check_names_engine(ran.out)
    ready = {
        f"{one['kind']}/{one['name']}": one["conditions"][0]["status"]
        for one in json.loads(ran.out)
    }
    assert ready == {"Target/local": "Unknown", "WebApp/shop": "Unknown"}


def test_reconcile_does_nothing(dead: Path) -> None:
    """A reconcile without an engine does not converge, and says why."""
    ran = gitops("reconcile", "-f", dead)
    assert ran.code == 1
    check_names_engine(ran.out + ran.err)
    assert "in sync" not in ran.out


@pytest.mark.parametrize("command", ["plan", "status", "reconcile", "doctor", "events", "runs"])
def test_answers_are_data(dead: Path, command: str) -> None:
    """`-o json` and `-o yaml` of each command are the same data, with or without an engine."""
    as_json = gitops(command, "-f", dead, "-o", "json")
    as_yaml = gitops(command, "-f", dead, "-o", "yaml")
    found = json.loads(as_json.out)
    assert as_json.code == as_yaml.code
    if command != "doctor":  # the room on a disk changes
        assert yaml.safe_load(as_yaml.out) == found


def test_plan_document_has_its_version(dead: Path) -> None:
    """The plan's document names its format and the project."""
    document = json.loads(gitops("plan", "-f", dead, "--project", "shop", "-o", "json").out)
    assert (document["format"], document["project"]) == ("gitops.plan/v1", "shop")
    assert document["blocked"]["WebApp/shop"]["reason"] == "EngineUnreachable"


def test_saved_plan_is_what_json_prints(dead: Path, tmp_path: Path) -> None:
    """`plan --out` writes the document that `-o json` prints."""
    out = tmp_path / "plan.json"
    ran = gitops("plan", "-f", dead, "--out", out, "-o", "json")
    assert out.read_text() == ran.out


def test_unusable_engine_address_is_named(dead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that is none of an engine ends a command with 1, and names the forms there are."""
    monkeypatch.setenv("DOCKER_HOST", "ftp://x")
    ran = gitops("plan", "-f", dead)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: 'ftp://x' is not the address of an engine")


def test_bad_setting_is_named(dead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable with a value that cannot be used is named, and 1."""
    monkeypatch.setenv("GITOPS_BUILDER", "kaniko")
    ran = gitops("plan", "-f", dead)
    assert (ran.code, ran.out) == (1, "")
    assert "GITOPS_BUILDER is 'kaniko'" in ran.err


def test_bad_specs_come_before_the_engine(dead: Path) -> None:
    """Specs with errors end a command before an engine is looked at."""
    dead.write_text(BAD)
    ran = gitops("plan", "-f", dead)
    assert (ran.code, ran.out) == (1, "")
    assert "none.sock" not in ran.err


def doctor_states(ran: Ran) -> dict[str, str]:
    return {check["check"]: check["state"] for check in json.loads(ran.out)}


def test_doctor_names_the_engine(dead: Path) -> None:
    """Doctor finds the engine missing, says how to mend it, and looks at the rest all the same."""
    ran = gitops("doctor", "-f", dead, "-o", "json")
    assert ran.code == 1
    check_names_engine(ran.out)
    states = doctor_states(ran)
    assert states["specs"] == "ok"
    assert states["engine"] == "failed"
    assert {"git", "docker CLI", "disk state", "state folder"} <= set(states)


@pytest.mark.usefixtures("dead")
def test_doctor_works_without_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without specs, doctor looks at the machine alone, and says so."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    ran = gitops("doctor")
    assert ran.code == 1
    assert "looking at this machine alone" in ran.err
    assert "specs" not in ran.out.split()


def test_doctor_reports_bad_specs(dead: Path) -> None:
    """Specs with errors are a failed check, and their errors are shown."""
    dead.write_text(BAD)
    ran = gitops("doctor", "-f", dead, "-o", "json")
    assert doctor_states(ran)["specs"] == "failed"
    assert "hots" in ran.err


def test_doctor_ends_though_the_engine_hangs(hanging: Path) -> None:
    """An engine that never answers is a failed check after the limit, not a wait for ever."""
    assert hanging.exists()
    chosen = read_settings(os.environ, "me", "here")
    started = time.monotonic()
    found = dict(examine(chosen, None, limit=2.0))
    assert time.monotonic() - started < 20
    assert found["engine"] == Verdict(Grade.FAILED, "no answer in 2 s")
    assert found["on the engine"].grade is Grade.WARNING
    assert found["git"].grade is Grade.OK


def test_text_has_no_colours_when_not_on_a_terminal(dead: Path) -> None:
    """No escape sequence is printed into a file or a pipe."""
    for command in ("plan", "status", "doctor"):
        ran = gitops(command, "-f", dead)
        assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize(("variable", "colored"), [("OTHER", True), ("NO_COLOR", False)])
def test_colours_on_a_terminal(dead: Path, variable: str, *, colored: bool) -> None:
    """A terminal gets colours, unless NO_COLOR is set."""
    ours, theirs = pty.openpty()
    program = Path(sys.executable).parent / "gitops"
    with os.fdopen(ours, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            [program, "status", "-f", dead],
            env={**os.environ, "TERM": "xterm", variable: "1"},
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(screen), b""))
        process.wait()
    assert b"EngineUnreachable" in shown
    # NO_COLOR speaks of colours; bold is none.
    assert bool(re.search(rb"\x1b\[(?:\d+;)*(?:3|9)[0-7]m", shown)) is colored


def _read(screen: io.FileIO) -> bytes:
    try:
        return screen.read(4096)
    except OSError:  # Linux says so when the other side of a terminal is closed
        return b""

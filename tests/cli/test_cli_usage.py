from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import gitops
from support.specs import written

from gitops.cli.main import COMMANDS

HEAVY = ("docker", "git", "jinja2", "jsonschema", "rich", "yaml", "httpx", "requests", "watchdog")
PROGRAM = Path(sys.executable).parent / "gitops"


def test_unknown_command_gets_a_hint() -> None:
    """A command that is not there is a usage error that names the nearest."""
    ran = gitops("reconcil")
    assert (ran.code, ran.out) == (64, "")
    assert "Did you mean reconcile?" in ran.err


def test_misspelt_command_gets_a_hint() -> None:
    """Letters that changed places do not hide what was meant."""
    assert "Did you mean status?" in gitops("sttaus").err


def test_unknown_option_gets_a_hint(tmp_path: Path) -> None:
    """An option that is not there is a usage error that names the nearest."""
    ran = gitops("plan", "-f", written(tmp_path), "--detailed-exitcod")
    assert (ran.code, ran.out) == (64, "")
    assert "--detailed-exitcode" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-o", "xml"),
        ("schema", "Nothing"),
        ("completion", "tcsh"),
        ("events", "--for", "shop"),
        ("logs",),
        ("runs", "--limit", "0"),
    ],
)
def test_wrong_value_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    """A value that an option does not take is a usage error on standard error."""
    ran = gitops(*arguments)
    assert (ran.code, ran.out) == (64, "")
    assert ran.err.startswith("Usage: gitops ")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_of_each_command(name: str) -> None:
    """Each command says what it does and lists its options."""
    ran = gitops(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: gitops {name}")


def test_help_lists_every_command() -> None:
    """`gitops --help` lists each command with a line of its own."""
    out = gitops("--help").out
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("schema", "WebApp")])
def test_quick_commands_import_little(arguments: tuple[str, ...]) -> None:
    """What needs no library loads none: a start takes milliseconds."""
    script = (
        "import sys\nfrom gitops.cli.main import run\n"
        f"run({list(arguments)!r})\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.split() == []


def test_schema_is_json() -> None:
    """`schema KIND` prints a JSON Schema; the kind may be written in any case."""
    ran = gitops("schema", "webapp")
    assert json.loads(ran.out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert gitops("schema", "WebApp") == ran


def test_closed_pipe_is_silent() -> None:
    """A reader that has seen enough causes no message and no failure."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as out:
        done = subprocess.run(
            [PROGRAM, "schema", "WebApp"], stdout=out, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")

"""Hostile files are refused with a clear error, in bounded time and memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops.spec.assembly import LoadRequest
from gitops.spec.limits import FILE_BYTES
from gitops.spec.load import load

HEAD = "apiVersion: gitops/v1\nkind: WebApp\nmetadata: {name: a}\nspec:\n"
SECONDS = 20
MEGABYTES = 400

PROGRAM = """
import resource, sys
from pathlib import Path
from gitops.spec.assembly import LoadRequest
from gitops.spec.load import load
from gitops.spec.report import as_text
limit = int(sys.argv[2]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
print(as_text(load([Path(sys.argv[1])], LoadRequest("demo")).diagnostics), end="")
"""


def findings(path: Path) -> str:
    """Load a file in a process of its own, which may take so much memory and time and no more."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(MEGABYTES)],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def alias_bomb() -> str:
    """Return a document of 400 bytes that stands for ten thousand million values."""
    lines = ["  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 10):
        uses = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"  a{level}: &a{level} [{uses}]")
    return HEAD + "\n".join(lines) + "\n"


def merge_bomb() -> str:
    """Return a document in which each mapping merges the one before ten times."""
    lines = ["  a0: &a0 {k: v}"]
    for level in range(1, 12):
        uses = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"  a{level}: &a{level} {{<<: [{uses}]}}")
    return HEAD + "\n".join(lines) + "\n"


HOSTILE = {
    "aliases": (alias_bomb(), "too many values, those that aliases repeat included"),
    "merges": (merge_bomb(), "too many values, those that aliases repeat included"),
    "many-bombs": (
        "---\n".join([HEAD + "  a: &a [" + "x, " * 900 + "]\n  b: [" + "*a, " * 90 + "]\n"] * 100),
        "too many values, those that aliases repeat included",
    ),
    "own-alias": (HEAD + "  a: &a [*a]\n", "nested deeper than 100 levels, through aliases"),
    "brackets": ("[" * 100_000, "nested deeper than 100 levels"),
    "braces": ("{a: " * 100_000, "nested deeper than 100 levels"),
    "dashes": ("- " * 100_000, "nested deeper than 100 levels"),
    "keys": ("? " * 100_000, "nested deeper than 100 levels"),
    "indented": ("".join(f"{' ' * n}a:\n" for n in range(2000)), "nested deeper than 100 levels"),
    "megabytes-of-brackets": ("[" * FILE_BYTES, "nested deeper than 100 levels"),
    "many-values": (HEAD + "  - a\n" * 500_000, "more than 100000 values in one document"),
    "many-keys": (
        HEAD + "".join(f"  k{n}: 1\n" for n in range(90_000)),
        "more than 100000 values in one document",
    ),
    "duplicates": (HEAD + "  a: 1\n" * 40_000, "the key 'a' is written twice in one mapping"),
    "long-number": (HEAD + "  port: " + "9" * 5_000_000 + "\n", "expected a whole number"),
    "long-key": (HEAD + "  " + "k" * 900 + ": 1\n", "unknown key"),
    "open-quote": (HEAD + '  a: "' + "x" * 5_000_000, "not YAML"),
    "documents": ("a\n---\n" * 150_000, "more than 100000 documents in one file"),
    "wrong-documents": (
        "---\n".join([HEAD + "  port: 0\n"] * 20_000),
        "19000 more documents do not fit their schemas",
    ),
    "unknown-keys": (HEAD + "".join(f"  k{n}: 1\n" for n in range(40_000)), "unknown key"),
    "mixed-list": (
        HEAD + "  dependsOn:\n" + "".join(f"  - {n}\n  - x{n}\n" for n in range(40_000)),
        "spec.dependsOn[0]: expected text, found number 0",
    ),
    "placeholders": (
        HEAD.replace("WebApp", "BuildTask")
        + "  repository: a\n  source: {git: {url: /x}}\n  args:\n"
        + "".join(f"    k{n}: '{{{{ x }}}}'\n" for n in range(45_000)),
        "the placeholder {{ x }} is not known",
    ),
    "missing-names": (
        HEAD
        + "  image: {name: nginx}\n  dependsOn:\n"
        + "".join(f"  - WebApp/x{n}\n" for n in range(90_000)),
        "there is no WebApp/x0",
    ),
    "large-content": (
        HEAD
        + "  image: {name: nginx}\n  files:\n"
        + "".join(
            f"  - path: /{n}\n" + "    content: '{% for n in range(90000) %}{{ n }}{% endfor %}'\n"
            for n in range(100)
        ),
        "spec.files[0]: the files up to this one hold more than 256 KiB together",
    ),
    "deep-mounts": (
        HEAD
        + "  image: {name: nginx}\n  tmpfs:\n"
        + "".join(f"  - {'/a' * 2000}/{n}\n" for n in range(99))
        + "  - /\n",
        "spec.tmpfs[99].mount: / is the root of the container",
    ),
    "many-addresses": (
        HEAD
        + "  image: {name: nginx}\n  extraHosts:\n"
        + "".join(f"    h{n}: 1.2.3\n" for n in range(45_000)),
        "spec.extraHosts.h0: text '1.2.3' is not an IP address",
    ),
    "object": (HEAD + "  a: !!python/object/apply:os.abort []\n", "the tag !!python/object/apply"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_text_is_refused(name: str, tmp_path: Path) -> None:
    """A file that would take all memory or time, or run code, is an error and nothing else."""
    text, wanted = HOSTILE[name]
    path = tmp_path / "a.yaml"
    path.write_text(text)
    found = findings(path)
    assert ": error: " in found
    assert wanted in found
    assert len(found) < 1_000_000


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    """A file of 100 MB is refused by its size, which the error names with the limit."""
    path = tmp_path / "a.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    assert "too large: 104857600 bytes, where at most 10485760 are read" in findings(path)


def test_a_device_or_pipe_is_not_read(tmp_path: Path) -> None:
    """What is not a regular file is refused and never waited for."""
    pipe = tmp_path / "a.yaml"
    os.mkfifo(pipe)
    assert "not a file" in findings(pipe)
    assert "not a file" in findings(Path("/dev/zero"))


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"a: \xff\n", "a.yaml:1:4: error: not UTF-8: byte 0xff at offset 3"),
        (
            b"\xef\xbb\xbfa: b\n\xc3\xa9: \xe9\n",
            "a.yaml:2:4: error: not UTF-8: byte 0xe9 at offset 12",
        ),
        ("a: b".encode("utf-16"), "a.yaml:1:1: error: not UTF-8: byte 0xff at offset 0"),
        (b"a: b\n\0", "a.yaml:2:1: error: a NUL character (U+0000) is not allowed in YAML"),
        (b"a: \x1b[31m\n", "a.yaml:1:4: error: U+001B is not allowed in YAML"),
    ],
)
def test_bytes_that_are_no_text_are_placed(
    raw: bytes, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that are not UTF-8, and characters that YAML forbids, are told with their place."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_bytes(raw)
    loaded = load([Path("a.yaml")], LoadRequest("demo"))
    assert str(loaded.diagnostics[0]).startswith(wanted)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    """A file that some editors save, with a byte order mark, is read as without it."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfapiVersion: gitops/v1\nkind: Target\nmetadata: {name: a}\n")
    assert load([path], LoadRequest("demo")).bundle is not None

"""Secret values from the environment and from files."""

from __future__ import annotations

from pathlib import Path

from gitops.drivers.secret_reader import LARGEST, LocalSecretReader
from gitops.model.secret import EnvSecret, FileSecret, Secret


def test_values_are_read(tmp_path: Path) -> None:
    """A variable's value is taken as it is; a file's loses the one line end that editors add."""
    for name, data in (("unix", b"pw \n\n"), ("dos", b"pw\r\n"), ("bare", b"pw")):
        (tmp_path / name).write_bytes(data)
    files = [FileSecret(str(tmp_path / name)) for name in ("unix", "dos", "bare")]
    values, errors = LocalSecretReader({"A": "x\n", "B": ""}).read(
        [EnvSecret("A"), EnvSecret("B"), *files]
    )
    assert [values[file] for file in files] == [Secret("pw \n"), Secret("pw"), Secret("pw")]
    assert values[EnvSecret("A")] == Secret("x\n")
    assert values[EnvSecret("B")] == Secret("")
    assert errors == {}


def test_missing_values_say_why(tmp_path: Path) -> None:
    """What cannot be read is named with the reason, and the others are read even so."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * (LARGEST + 1))
    references = [
        EnvSecret("NONE"),
        FileSecret(str(tmp_path / "none")),
        FileSecret(str(tmp_path / "binary")),
        FileSecret(str(tmp_path / "large")),
        FileSecret(str(tmp_path)),
        EnvSecret("SET"),
    ]
    values, errors = LocalSecretReader({"SET": "x"}).read(references)
    assert values == {EnvSecret("SET"): Secret("x")}
    reasons = ("NONE: it is not set", "no such file", "not UTF-8", "larger than", "directory")
    for reference, reason in zip(references, reasons, strict=False):
        assert str(reference) in errors[reference]
        assert reason in errors[reference]

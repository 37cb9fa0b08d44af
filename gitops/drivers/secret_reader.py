"""Reads secret values from the environment and from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gitops.model.secret import EnvSecret, FileSecret, Secret, SecretRef, Secrets

LARGEST = 1_000_000
"""Bytes of a secret file that is still taken for one."""


class LocalSecretReader:
    """Reads from `environ` and from files of this machine."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def read(self, references: Sequence[SecretRef]) -> tuple[Secrets, Mapping[SecretRef, str]]:
        """Return the values that could be read, and why the others could not."""
        values: dict[SecretRef, Secret] = {}
        errors: dict[SecretRef, str] = {}
        for reference in dict.fromkeys(references):
            try:
                values[reference] = Secret(self._value(reference))
            except (OSError, ValueError) as error:
                errors[reference] = f"{reference}: {_reason(error)}"
        return values, errors

    def _value(self, reference: SecretRef) -> str:
        match reference:
            case EnvSecret(variable):
                if variable not in self._environ:
                    raise ValueError(f"it is not set; export {variable}=... before running gitops")
                return self._environ[variable]
            case FileSecret(path):
                return _file(Path(path))


def _file(path: Path) -> str:
    """Return the text of `path` less one line end, which editors add and no password has."""
    with path.open("rb") as stream:
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes, so it is no secret")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8 text") from error
    return text.removesuffix("\n").removesuffix("\r")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "this user may not read it"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)

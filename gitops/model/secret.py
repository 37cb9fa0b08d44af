"""Secret values and where they come from. A value is never printed; a reference always may be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple


class EnvSecret(NamedTuple):
    """A secret read from an environment variable of the process that runs `gitops`."""

    variable: str

    def __str__(self) -> str:
        return f"environment variable {self.variable}"


class FileSecret(NamedTuple):
    """A secret read from a file; the path is absolute once the spec is loaded."""

    path: str

    def __str__(self) -> str:
        return f"file {self.path}"


SecretRef = EnvSecret | FileSecret


class Secret:
    """A value that prints as `***` wherever it is formatted."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value; call this only where it is handed to the outside."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def version(self, purpose: str) -> str:
        """Return 8 hex digits that change when the value does.

        Only 32 bits are kept, so that the digits, which reach labels and plan files, confirm no
        guess of the value; `purpose` (project and place) makes equal secrets look different.
        """
        keyed = hashlib.blake2b(self._value.encode(), key=purpose.encode()[:64], digest_size=4)
        return keyed.hexdigest()


Secrets = Mapping[SecretRef, Secret]
"""The values that could be read, by their reference."""

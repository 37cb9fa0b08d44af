"""Secret values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # for annotations alone: a run of a task would wait for them
    from gitops.model.secret import SecretRef, Secrets


class SecretReader(Protocol):
    """Reads secret values."""

    def read(self, references: Sequence[SecretRef]) -> tuple[Secrets, Mapping[SecretRef, str]]:
        """Return the values that could be read, and why the others could not."""
        ...

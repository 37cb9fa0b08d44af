"""What the git reader is asked for; apart from it, so that asking imports no git."""

from __future__ import annotations

from typing import NamedTuple

from gitops.model.address import Address
from gitops.model.resources import GitSource, Triggers


class GitWanted(NamedTuple):
    """A task that builds from git."""

    address: Address
    source: GitSource
    dockerfile: str
    triggers: Triggers = Triggers()

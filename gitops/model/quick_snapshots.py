"""What it takes to run quick work again: by itself, as every such run loads it and little else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class TaskSnapshot(NamedTuple):
    """A run of a task file by hand. `context` is a path or URL, `commit` what it stood for.

    `values` is JSON, null for what was secret. `secrets` are by id: `env:NAME`, `file:PATH`, or
    empty for one that was typed and has to be given anew. Of the limits, `timeout` is seconds,
    `cpus` cores, `memory` and `disk` bytes; 0 is none.
    """

    text: str
    file: str
    folder: str = ""
    context: str = ""
    commit: str = ""
    registry: str = ""
    values: str = "{}"
    secrets: Mapping[str, str] = MappingProxyType({})
    docker_socket: bool = False
    timeout: float = 3600.0
    hidden: tuple[str, ...] = ()
    """The names of values that were secret, `a.b` for `b` inside of `a`."""
    dockerfile: str = ""
    """The absolute path of a Dockerfile that lay outside of the context."""
    aliases: Mapping[str, str] = MappingProxyType({})
    """The texts of the files of aliases that it named, by path or URL."""
    top: str = "."
    """Where paths started that were not absolute."""
    made: bool = False
    """Whether the text was made of the options of a command."""
    tag: str = ""
    """The tag of git that `commit` was found by."""
    cpus: float = 0.0
    memory: int = 0
    disk: int = 0

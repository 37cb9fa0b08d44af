"""The nodes of a parsed template. `at` is always an offset in the template's text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Literal(NamedTuple):
    """A constant: string, number, bool or nil."""

    value: object
    at: int


class Path(NamedTuple):
    """`.a.b` (no variable: of the dot) or `$x.a.b`; without names the dot or variable itself."""

    variable: str
    names: tuple[str, ...]
    at: int


class Chain(NamedTuple):
    """`( pipeline ).a.b`."""

    pipe: Pipe
    names: tuple[str, ...]
    at: int


class Name(NamedTuple):
    """A function's name."""

    name: str
    at: int


Word = Literal | Path | Chain | Name


class Command(NamedTuple):
    """One part of a pipeline: a value, or a function and its arguments."""

    first: Word
    rest: tuple[Word, ...]
    at: int


class Pipe(NamedTuple):
    """A pipeline, with the variables it declares (`:=`) or assigns (`=`)."""

    variables: tuple[str, ...]
    assigns: bool
    commands: tuple[Command, ...]
    at: int


class Text(NamedTuple):
    """Text that is rendered as it stands."""

    text: str
    at: int


class Action(NamedTuple):
    """`{{ pipeline }}`."""

    pipe: Pipe
    at: int


class Branch(NamedTuple):
    """`if`, `with` or `range`, which `word` says."""

    word: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    has_else: bool
    at: int


class Include(NamedTuple):
    """`{{ template "name" pipeline }}`, which a `block` leaves behind as well."""

    name: str
    pipe: Pipe | None
    at: int


class Jump(NamedTuple):
    """`break` or `continue`, which `word` says."""

    word: str
    at: int


Node = Text | Action | Branch | Include | Jump


class Parsed(NamedTuple):
    """A template: its own nodes, and those of the templates that it defines."""

    text: str
    nodes: tuple[Node, ...]
    templates: Mapping[str, tuple[Node, ...]]

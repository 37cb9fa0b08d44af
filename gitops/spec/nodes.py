"""YAML text to nodes, through libyaml, with a dialect and with limits.

The dialect is the core of YAML 1.2 (https://yaml.org/spec/1.2.2/#102-json-schema): `true` and
`false` are the only truth values, `null`, `~` and nothing are null, numbers are decimal. Everything
else, dates and `yes`, `on`, `0x1F`, `1_000`, `12:30` among it, is text as written.
"""

from __future__ import annotations

import re

from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gitops.spec.limits import DEPTH, DOCUMENT_NODES, FILE_DOCUMENTS

STR = "tag:yaml.org,2002:str"
NULL = "tag:yaml.org,2002:null"
BOOL = "tag:yaml.org,2002:bool"
INT = "tag:yaml.org,2002:int"
FLOAT = "tag:yaml.org,2002:float"
MERGE = "tag:yaml.org,2002:merge"
SEQ = "tag:yaml.org,2002:seq"
MAP = "tag:yaml.org,2002:map"
SCALARS = frozenset({STR, NULL, BOOL, INT, FLOAT, MERGE})

_WORDS = {"": NULL, "~": NULL, "null": NULL, "true": BOOL, "false": BOOL, "<<": MERGE}
_SUSPECT = frozenset("~ntf<-0123456789")
# Eighteen digits always fit a machine word; a longer one is text, so nothing is ever rounded.
_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]{0,17})(\.[0-9]{1,18})?")


def plain_tag(value: str) -> str:
    """Return the tag of a scalar that is written without quotes."""
    found = _WORDS.get(value)
    if found is not None:
        return found
    number = _NUMBER.fullmatch(value)
    if number is None:
        return STR
    return FLOAT if number.group(1) else INT


class TooMuchError(Exception):
    """A document is nested too deep or holds too many values; `node` is where that was seen."""

    def __init__(self, message: str, node: Node | None) -> None:
        super().__init__(message)
        self.message = message
        self.node = node


class NodeParser(CParser):
    """Composes one node tree a document; libyaml calls the methods below for every node."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.nodes = 0
        self.documents = 0

    def resolve(self, kind: type[Node], value: str | None, implicit: tuple[bool, bool]) -> str:
        """Return the tag of a node that carries none."""
        if kind is ScalarNode:
            if implicit[0] and (not value or value[0] in _SUSPECT):
                return plain_tag(value or "")
            return STR
        return MAP if kind is MappingNode else SEQ

    def descend_resolver(self, parent: Node | None, _index: object) -> None:
        """Count on the way down."""
        self.depth += 1
        self.nodes += 1
        if self.depth > DEPTH:
            raise TooMuchError(f"nested deeper than {DEPTH} levels", parent)
        if self.nodes > DOCUMENT_NODES:
            raise TooMuchError(f"more than {DOCUMENT_NODES} values in one document", parent)

    def ascend_resolver(self) -> None:
        """Count on the way up."""
        self.depth -= 1

    def next_root(self) -> Node | None:
        """Return the next document's top node, or None after the last; raises `YAMLError`."""
        self.nodes = 0
        self.depth = 0
        self.documents += 1
        if not self.check_node():
            return None
        if self.documents > FILE_DOCUMENTS:
            raise TooMuchError(f"more than {FILE_DOCUMENTS} documents in one file", None)
        return self.get_node()


__all__ = ["MappingNode", "Node", "NodeParser", "ScalarNode", "SequenceNode", "TooMuchError"]

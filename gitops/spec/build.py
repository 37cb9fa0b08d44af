"""Nodes to plain values: dict, list, str, int, Decimal, bool and None."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gitops.spec.limits import DEPTH, DOCUMENT_NODES, FILE_NODES
from gitops.spec.nodes import (
    BOOL,
    FLOAT,
    INT,
    MAP,
    MERGE,
    NULL,
    SCALARS,
    SEQ,
    STR,
    MappingNode,
    Node,
    SequenceNode,
    plain_tag,
)

Values = dict[str, Any]


class OddError(Exception):
    """A node that makes no plain value; `complaints` tells about all of a document at once."""

    def __init__(self, node: Node, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.hint = hint


def scalar_value(node: Node) -> object:
    """Return the value of a scalar; a number with a fraction is a Decimal, which keeps `1.10`."""
    tag, text = node.tag, node.value
    if tag == STR:
        return text
    if tag != plain_tag(text):
        raise OddError(node, f"the tag {tag} is not known here")
    if tag == NULL:
        return None
    if tag == BOOL:
        return text == "true"
    if tag == INT:
        return int(text)
    return Decimal(text) if tag == FLOAT else text


class ValueBuilder:
    """Builds the documents of one file and counts what they hold, aliases each time.

    An alias bomb ends at the count: a kilobyte of aliases can stand for a billion values.
    """

    def __init__(self) -> None:
        self._left = 0
        self._left_in_file = FILE_NODES

    def build(self, root: Node) -> object:
        """Return the document's value. Raises `OddError`."""
        self._left = allowed = min(DOCUMENT_NODES, self._left_in_file)
        try:
            return self._value(root, 1)
        finally:
            self._left_in_file -= allowed - self._left

    def _value(self, node: Node, depth: int) -> object:
        if type(node) is MappingNode:
            return self._mapping(node, depth)
        if type(node) is SequenceNode:
            self._count(node, depth, SEQ)
            return [
                item.value if item.tag is STR else self._value(item, depth + 1)
                for item in node.value
            ]
        return scalar_value(node)

    def _count(self, node: Node, depth: int, tag: str) -> None:
        self._left -= len(node.value)
        if self._left < 0:
            raise OddError(node, "too many values, those that aliases repeat included")
        if depth > DEPTH:
            raise OddError(node, f"nested deeper than {DEPTH} levels, through aliases")
        if node.tag != tag:
            raise OddError(node, f"the tag {node.tag} is not known here")

    def _mapping(self, node: MappingNode, depth: int) -> Values:
        self._count(node, depth, MAP)
        result: Values = {}
        merge: Node | None = None
        for key, value in node.value:
            if key.tag not in SCALARS:
                raise OddError(key, "a key must be text")
            if key.tag == MERGE:
                merge = value
            result[key.value] = value.value if value.tag is STR else self._value(value, depth + 1)
        if len(result) != len(node.value):
            raise OddError(node, "a key is written twice")
        if merge is not None:
            return self._merged(result, merge)
        return result

    def _merged(self, result: Values, node: Node) -> Values:
        """Return the mapping with the keys of its merge key `<<`; keys of its own win."""
        merged = result.pop("<<")
        for layer in merged if isinstance(merged, list) else [merged]:
            if not isinstance(layer, Mapping):
                raise OddError(node, "the merge key << takes a mapping or a list of mappings")
            self._left -= len(layer)
            for key, value in layer.items():
                result.setdefault(key, value)
        return result

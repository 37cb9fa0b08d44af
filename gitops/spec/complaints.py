"""Everything that keeps a node tree from being a plain value, told at once (the slow path)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.spec.build import OddError, scalar_value
from gitops.spec.limits import PROBLEMS
from gitops.spec.nodes import MAP, SCALARS, SEQ, MappingNode, Node, ScalarNode, SequenceNode

TAG_HINT = "tags build objects in other programs; write plain text, numbers, lists and mappings"
KEY_HINT = "quote text that begins with {{ or ["


def span_of(node: Node, file: str) -> Span:
    """Return where a node starts."""
    return Span(file, node.start_mark.line + 1, node.start_mark.column + 1)


def complaints(root: Node, odd: OddError, file: str) -> list[Diagnostic]:
    """Return what is wrong with the tree; `odd` is what building it stopped at."""
    found = list(islice(_walk(root), PROBLEMS)) or [odd]
    return [
        Diagnostic(Severity.ERROR, span_of(each.node, file), each.message, each.hint)
        for each in found
    ]


def _walk(root: Node) -> Iterator[OddError]:
    """Visit every node once, whatever the number of aliases to it, in the order of the text."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            yield from _tag(node, MAP)
            yield from _keys(node)
            waiting.extend(value for _, value in reversed(node.value))
        elif isinstance(node, SequenceNode):
            yield from _tag(node, SEQ)
            waiting.extend(reversed(node.value))
        else:
            yield from _scalar(node)


def _tag(node: Node, wanted: str) -> Iterator[OddError]:
    if node.tag != wanted:
        yield OddError(node, f"the tag {_short(node.tag)} is not known here", TAG_HINT)


def _scalar(node: Node) -> Iterator[OddError]:
    try:
        scalar_value(node)
    except OddError:
        yield OddError(node, f"the tag {_short(node.tag)} is not known here", TAG_HINT)


def _keys(node: MappingNode) -> Iterator[OddError]:
    lines: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            yield OddError(key, "a key must be text, found a list or a mapping", KEY_HINT)
        elif key.tag not in SCALARS:
            yield OddError(key, f"the tag {_short(key.tag)} is not known here", TAG_HINT)
        elif key.value in lines:
            first = f"it is on line {lines[key.value]} already; remove one of the two"
            yield OddError(key, f"the key {key.value!r} is written twice in one mapping", first)
        else:
            lines[key.value] = key.start_mark.line + 1


def _short(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!", 1)[:80]

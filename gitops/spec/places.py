"""Where in a file a finding is: worked out only once something is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops.model.diagnostics import Diagnostic, Span
from gitops.spec.findings import Finding, Path, pointer
from gitops.spec.nodes import MERGE, MappingNode, Node, NodeParser, SequenceNode


def placed(findings: Mapping[int, Sequence[Finding]], text: str, file: str) -> list[Diagnostic]:
    """Return findings, by the number of their document in the text, with line and column."""
    parser = NodeParser(text)
    found: list[Diagnostic] = []
    for number in range(max(findings, default=-1) + 1):
        root = parser.next_root()
        found += [_placed(finding, root, file) for finding in findings.get(number, ())]
    return found


def _placed(finding: Finding, root: Node | None, file: str) -> Diagnostic:
    span = Span(file) if root is None else _span(root, finding, file)
    return Diagnostic(finding.severity, span, finding.message, finding.hint, pointer(finding.path))


def _span(root: Node, finding: Finding, file: str) -> Span:
    key, value = _find(root, finding.path)
    mark = (key if finding.at_key and key is not None else value).start_mark
    return Span(file, mark.line + 1, mark.column + 1)


def _find(root: Node, path: Path) -> tuple[Node | None, Node]:
    """Return the last key and value on the way that are there."""
    key: Node | None = None
    node = root
    for part in path:
        step = _child(node, part)
        if step is None:
            return key, key or node
        key, node = step
    return key, node


def _child(node: Node, part: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, SequenceNode):
        inside = isinstance(part, int) and part < len(node.value)
        return (None, node.value[part]) if inside else None
    if not isinstance(node, MappingNode):
        return None
    for key, value in node.value:
        if key.value == part:
            return key, value
    for key, value in node.value:
        if key.tag == MERGE:
            layers = value.value if isinstance(value, SequenceNode) else [value]
            found = (_child(layer, part) for layer in layers)
            return next((step for step in found if step is not None), None)
    return None

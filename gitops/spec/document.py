"""The documents of one text, as plain values, with the line on which each begins."""

from __future__ import annotations

from typing import NamedTuple

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from gitops.model.address import KINDS, Address
from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.spec.build import OddError, ValueBuilder, Values
from gitops.spec.complaints import complaints, span_of
from gitops.spec.limits import DEPTH
from gitops.spec.nodes import MappingNode, Node, NodeParser, ScalarNode, TooMuchError
from gitops.spec.text import control_character

API_VERSION = "gitops/v1"
_OURS = "gitops/"

UNREAD = Address("", "")

# From 0.2.6 on libyaml gives up by itself, while it looks ahead: before any node is counted.
_TOO_DEEP_TO_SCAN = "exceeded maximum nesting depth"

_HINTS = {
    "mapping values are not allowed": "quote text that holds ': ', and check the indentation",
    "found character that cannot start": "indent with spaces, and quote text that begins with "
    "a tab, %, @ or a backtick",
    "found a tab character": "indent with spaces",
    "could not find expected ':'": "a key needs a colon and a space; quote text of several lines",
    "did not find expected key": "check the indentation of this line and the one before",
    "did not find expected ',' or": "a list or mapping in brackets is not closed",
    "found undefined alias": "write the anchor (&name) before its alias (*name)",
    "found unexpected end of stream": "a quote is not closed",
}
_SPLIT = "split the document, or take the file out of the folder"


class Document(NamedTuple):
    """One document of ours: `number` of its text, from 0, beginning at `line`."""

    number: int
    line: int
    value: Values


class Parsed(NamedTuple):
    """What a text holds: our documents, the places of others, the names of broken ones of ours.

    A text that could not be read to its end holds `UNREAD` among the broken names.
    """

    documents: list[Document]
    foreign: list[Span]
    broken: list[Address]
    diagnostics: list[Diagnostic]


def parse(text: str, file: str) -> Parsed:
    """Read every document of a text; those without our `apiVersion` are not even built."""
    parsed = Parsed([], [], [], [])
    try:
        parser, builder, number = NodeParser(text), ValueBuilder(), 0
        while (root := parser.next_root()) is not None:
            _take(root, number, (builder, file), parsed)
            number += 1
    except TooMuchError as error:
        span = span_of(error.node, file) if error.node is not None else Span(file)
        parsed.broken.append(UNREAD)
        parsed.diagnostics.append(Diagnostic(Severity.ERROR, span, error.message, _SPLIT))
    except YAMLError as error:
        parsed.broken.append(UNREAD)
        parsed.diagnostics.append(syntax_error(error, text, file))
    return parsed


def _take(root: Node, number: int, how: tuple[ValueBuilder, str], parsed: Parsed) -> None:
    builder, file = how
    if not _claimed(root):
        if not (isinstance(root, ScalarNode) and not root.value):
            parsed.foreign.append(span_of(root, file))
        return
    try:
        value = builder.build(root)
    except OddError as odd:
        parsed.diagnostics.extend(complaints(root, odd, file))
        parsed.broken.append(Address(_written(root, "kind"), _written(root, "metadata", "name")))
        return
    if isinstance(value, dict):
        parsed.documents.append(Document(number, root.start_mark.line + 1, value))


def _written(root: Node, *path: str) -> str:
    """Return the scalar at a path of keys, or an empty string."""
    node = root
    for part in path:
        pairs = node.value if isinstance(node, MappingNode) else ()
        node = next((value for key, value in pairs if key.value == part), ScalarNode("", ""))
    return node.value if isinstance(node, ScalarNode) else ""


def _claimed(root: Node) -> bool:
    """Say whether a document is ours, or looks so much like it that silence would be wrong.

    With a misspelt `apiVersion`, or one without a group, a resource that passed for somebody
    else's would be pruned.
    """
    kind = ""
    for key, value in root.value if type(root) is MappingNode else ():
        if type(value) is ScalarNode:
            if key.value == "apiVersion" and "/" in value.value:
                version: str = value.value
                return version.startswith(_OURS)
            if key.value == "kind":
                kind = value.value
    return kind in KINDS


def syntax_error(error: YAMLError, text: str, file: str) -> Diagnostic:
    """Return the finding for what libyaml could not read."""
    if isinstance(error, ReaderError):
        return control_character(text, file)
    if not isinstance(error, MarkedYAMLError):
        return Diagnostic(Severity.ERROR, Span(file), f"not YAML: {error}")
    problem = error.problem or "it cannot be read"
    mark = error.problem_mark or error.context_mark
    span = Span(file, mark.line + 1, mark.column + 1) if mark else Span(file)
    if problem == _TOO_DEEP_TO_SCAN:
        return Diagnostic(Severity.ERROR, span, f"nested deeper than {DEPTH} levels", _SPLIT)
    context = f", {error.context}" if error.context else ""
    if error.context and error.context_mark:
        context += f" that begins on line {error.context_mark.line + 1}"
    hint = next((hint for start, hint in _HINTS.items() if problem.startswith(start)), "")
    return Diagnostic(Severity.ERROR, span, f"not YAML: {problem}{context}", hint)

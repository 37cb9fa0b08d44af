"""The text of a task file made ready: aliases replaced, templates rendered, read as YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from yaml.error import YAMLError

from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.spec.build import OddError, ValueBuilder, Values
from gitops.spec.complaints import complaints, span_of
from gitops.spec.document import syntax_error
from gitops.spec.findings import Finding
from gitops.spec.gotemplate import TemplateFault, render
from gitops.spec.limits import FILE_BYTES
from gitops.spec.nodes import NULL, Node, NodeParser, TooMuchError
from gitops.spec.places import placed
from gitops.spec.tasks.aliases import NONE, Aliases, AliasReader, image_names, replaced
from gitops.spec.tasks.given import Fetch, Given, TaskText, template_data
from gitops.spec.tasks.sections import has_aliases, only, without
from gitops.spec.tasks.trace import trace

_REGISTRY = ".Run.Registry"
_TASK_FILES = (".yaml", ".yml", ".json")


class Loaded(NamedTuple):
    """A YAML document: its text, its top node and its values."""

    text: str
    root: Node
    values: Values


class Aliased(NamedTuple):
    """A text with its aliases replaced, and what names of images stand for."""

    text: str
    images: Mapping[str, str]


class BadTextError(Exception):
    """A text cannot be read further; `found` says why, placed in the file."""

    def __init__(self, found: list[Diagnostic]) -> None:
        super().__init__("a task file cannot be read")
        self.found = found


class Preparer(NamedTuple):
    """Makes one task file ready. Every method raises `BadTextError`."""

    source: TaskText
    given: Given
    fetch: Fetch
    reveal: bool = True

    def aliased(self) -> Aliased:
        """Return the text with its aliases replaced; every line keeps its number."""
        source = self.source
        if not has_aliases(source.text):
            return Aliased(source.text, {})
        aliases = self._aliases(self.rendered(only(source.text, "alias")))
        text = replaced(without(source.text, "alias"), aliases)
        if text is None:
            message = f"its aliases make more than {FILE_BYTES} characters"
            raise self._bad([self._plain(message)], source.text)
        return Aliased(text, image_names(aliases))

    def rendered(self, text: str) -> str:
        """Return a text with its templates rendered."""
        if "{{" not in text:
            return text
        if self.source.made and (loaded := self.loaded(text)) is not None:
            return json.dumps(self._each(loaded.values), indent=1, ensure_ascii=False)
        return self._rendered(text)

    def _each(self, value: object) -> object:
        """Return a value with each text in it rendered."""
        if isinstance(value, dict):
            return {key: self._each(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._each(each) for each in value]
        return self._rendered(value) if isinstance(value, str) and "{{" in value else value

    def _rendered(self, text: str) -> str:
        try:
            data = template_data(self.given, reveal=self.reveal)
            result = render(text, data, self.given.now)
        except TemplateFault as fault:
            span = Span(self.source.file, fault.line, fault.column)
            advice = self._advice(fault.missing)
            # Without a registry its name is missing for no mistake in how it is written.
            near = "" if fault.missing.startswith(_REGISTRY) else fault.hint
            hint = "; ".join(filter(None, (near, advice)))
            found = Diagnostic(Severity.ERROR, span, fault.message, hint)
            raise self._bad([found], text) from fault
        if len(result) > FILE_BYTES:
            message = f"it renders to more than {FILE_BYTES} characters"
            raise self._bad([self._plain(message)], text)
        return result

    def _advice(self, missing: str) -> str:
        """Return how a key that was missing is given; nothing when there is no way."""
        advice = self.given.advice
        if missing.startswith(".Values."):
            return advice.value.format(name=missing.removeprefix(".Values."))
        if missing.startswith(".Secrets."):
            return advice.secret.format(name=missing.removeprefix(".Secrets."))
        return advice.registry if missing.startswith(_REGISTRY) else ""

    def loaded(self, text: str) -> Loaded | None:
        """Return the one document of a text that holds something; none when there is none."""
        file = self.source.file
        roots: list[Node] = []
        try:
            roots += (root for root in _roots(text) if root.tag != NULL)
            value = ValueBuilder().build(roots[0]) if roots else {}
        except OddError as odd:
            raise self._bad(complaints(roots[0] if roots else odd.node, odd, file), text) from odd
        except TooMuchError as error:
            span = span_of(error.node, file) if error.node is not None else Span(file)
            found = Diagnostic(Severity.ERROR, span, error.message)
            raise self._bad([found], text) from error
        except YAMLError as error:
            raise self._bad([syntax_error(error, text, file)], text) from error
        if not roots:
            return None
        if not isinstance(value, dict):
            hint = "write steps: and a list below it"
            if not self.source.file.lower().endswith(_TASK_FILES):
                hint = f"{hint}; a Dockerfile is built with gitops build"
            raise self._wrong(roots[0], "a task file holds a mapping", hint, text)
        if len(roots) > 1:
            raise self._wrong(
                roots[1], "a task file holds one document", "remove the line ---", text
            )
        return Loaded(text, roots[0], value)

    def told(self, findings: list[Finding], text: str) -> list[Diagnostic]:
        """Return findings in a document, placed in the file."""
        found = placed({0: findings}, text, self.source.file)
        return self._traced(found, text)

    def _aliases(self, section: str) -> Aliases:
        loaded = self.loaded(section)
        reader = AliasReader(self.source, self.fetch, [])
        aliases = reader.read(loaded.values if loaded else {})
        if reader.findings:
            raise BadTextError(self.told(reader.findings, section))
        return aliases if aliases.names else NONE

    def _wrong(self, node: Node, message: str, hint: str, text: str) -> BadTextError:
        span = span_of(node, self.source.file)
        return self._bad([Diagnostic(Severity.ERROR, span, message, hint)], text)

    def _bad(self, found: list[Diagnostic], text: str) -> BadTextError:
        return BadTextError(self._traced(found, text))

    def _traced(self, found: list[Diagnostic], text: str) -> list[Diagnostic]:
        if self.source.made:
            return found
        way = trace(self.source.text, text)
        return [way.traced(each) for each in found]

    def _plain(self, message: str) -> Diagnostic:
        return Diagnostic(Severity.ERROR, Span(self.source.file), message)


def _roots(text: str) -> Iterator[Node]:
    parser = NodeParser(text)
    while (root := parser.next_root()) is not None:
        yield root

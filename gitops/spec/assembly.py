"""Texts to a bundle: reads, checks, decodes and joins the documents of all files.

Pure: texts come in, `Loaded` goes out. What is slow and seldom needed (templates, explanations,
columns) is imported and worked out only when a text asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gitops.model.address import KINDS, Address
from gitops.model.bundle import Bundle, Loaded
from gitops.model.diagnostics import Diagnostic, Severity, Span, has_errors
from gitops.model.resources import Resource
from gitops.spec.decode.resources import decode
from gitops.spec.document import API_VERSION, UNREAD, Document, Parsed, parse
from gitops.spec.findings import Finding
from gitops.spec.limits import EXPLAINED, PROBLEMS
from gitops.spec.references import Trouble, check, with_targets
from gitops.spec.schema import validator
from gitops.spec.scope import Reader, Scope, no_files

NOT_OURS = f"passed over: no apiVersion: {API_VERSION}"


class LoadRequest(NamedTuple):
    """What a load needs to know beside its files: whose project it is, and template values.

    `read` gives the files that specs take in.
    """

    project: str
    values: Mapping[str, object] = {}
    read: Reader = no_files


class Text(NamedTuple):
    """One file: `name` for people, `path` absolute, `named` when the user named the file itself."""

    name: str
    path: str
    text: str
    named: bool = False


class _Home(NamedTuple):
    """Where a resource was written: document `number` of a file, beginning at `line`."""

    file: str
    number: int
    line: int


class Assembly:
    """Takes texts one by one; `finish` says what they make together."""

    def __init__(self, request: LoadRequest) -> None:
        self.resources: dict[Address, Resource] = {}
        self._request = request
        self._homes: dict[Address, _Home] = {}
        self._declared: set[Address] = set()
        self._documents = 0
        self._diagnostics: list[Diagnostic] = []
        self._texts: dict[str, Text] = {}
        self._order: dict[str, int] = {}
        self._unexplained: dict[str, int] = {}
        self._room = EXPLAINED
        self._pending: dict[str, dict[int, list[Finding]]] = {}
        self._lines: dict[str, tuple[int, ...]] = {}

    def refuse(self, diagnostic: Diagnostic) -> None:
        """Note that a file could not be read."""
        self._declared.add(UNREAD)
        self._order.setdefault(diagnostic.span.file, len(self._order))
        self._diagnostics.append(diagnostic)

    def add(self, given: Text) -> None:
        """Read the documents of one text, of a template after rendering it."""
        self._order.setdefault(given.name, len(self._order))
        text = self._rendered(given) if given.name.endswith(".j2") else given
        if text is None:
            return
        self._texts[text.name] = text
        parsed = parse(text.text, text.name)
        self._documents += len(parsed.documents)
        self._declared.update(parsed.broken)
        self._diagnostics += [self._moved(found) for found in parsed.diagnostics]
        self._pass_over(text, parsed)
        folder = str(Path(text.path).parent)
        for document in parsed.documents:
            self._take(document, text.name, folder)

    def _rendered(self, given: Text) -> Text | None:
        from gitops.spec.template import render  # noqa: PLC0415 - Jinja2 takes 60 ms to import

        rendered = render(given.text, given.name, self._request.values)
        if isinstance(rendered, Diagnostic):
            self.refuse(rendered)
            return None
        self._lines[given.name] = rendered.lines
        return given._replace(text=rendered.text)

    def _pass_over(self, text: Text, parsed: Parsed) -> None:
        wrong = text.named and not parsed.documents and not parsed.diagnostics
        severity = Severity.ERROR if wrong else Severity.NOTE
        hint = f"write apiVersion: {API_VERSION} and a kind" if wrong else ""
        message = f"not a document of ours: no apiVersion: {API_VERSION}" if wrong else NOT_OURS
        self._diagnostics += [
            self._moved(Diagnostic(severity, span, message, hint))
            for span in parsed.foreign[:PROBLEMS]
        ]

    def _take(self, document: Document, file: str, folder: str) -> None:
        value = document.value
        kind = value.get("kind")
        known = value.get("apiVersion") == API_VERSION and kind in KINDS
        if not (known and validator(str(kind)).is_valid(value)):
            self._explain(document, file, known=known)
            return
        project, values, read = self._request
        scope = Scope(project, folder, [], values, read)
        resource = decode(value, scope)
        address = resource.address
        home = _Home(file, document.number, document.line)
        if scope.findings:
            self._pend(home, scope.findings)
        if address in self._homes:
            self._pend(home, [self._again(address)])
            return
        self.resources[address] = resource
        self._homes[address] = home

    def _explain(self, document: Document, file: str, *, known: bool) -> None:
        from gitops.spec.explain import explain, misdirected  # noqa: PLC0415 - jsonschema: 90 ms

        value = document.value
        self._room -= 1
        if self._room < 0:
            self._unexplained[file] = self._unexplained.get(file, 0) + 1
            return
        findings = explain(value["kind"], value) if known else misdirected(value)
        self._pend(_Home(file, document.number, document.line), findings)
        metadata: Any = value.get("metadata")
        if isinstance(metadata, dict):
            name = str(metadata.get("name"))
            self._declared.add(Address(str(value.get("kind")), name))

    def _again(self, address: Address) -> Finding:
        first = self._span(self._homes[address])
        hint = f"it is at {first.file}:{first.line} already; give one of the two another name"
        return Finding(("metadata", "name"), f"{address} is declared twice", hint)

    def trouble(self, trouble: Trouble) -> None:
        """Note a finding about a resource, to be placed in its file."""
        finding = trouble.finding
        if trouble.wanted is not None:
            if not self._declared.isdisjoint((trouble.wanted, UNREAD)):
                return  # what is wanted may be in what could not be read
            self._room -= 1
            hint = self._nearest(trouble.wanted) if self._room >= 0 else ""
            finding = finding._replace(hint=finding.hint or hint)
        if trouble.first not in (None, trouble.address):
            place = self._span(self._homes[trouble.first])
            hint = f"that one is at {place.file}:{place.line}; {finding.hint}"
            finding = finding._replace(hint=hint)
        self._pend(self._homes[trouble.address], [finding])

    def _nearest(self, wanted: Address) -> str:
        from gitops.spec.nearest import nearest  # noqa: PLC0415 - only after an error

        names = [address.name for address in self.resources if address.kind == wanted.kind]
        return nearest(wanted.name, names) or f"declare a {wanted.kind} of this name"

    def _pend(self, home: _Home, findings: list[Finding]) -> None:
        pending = self._pending.setdefault(home.file, {}).setdefault(home.number, [])
        pending.extend(findings[: PROBLEMS - len(pending)])

    def finish(self, files: tuple[str, ...]) -> Loaded:
        """Check how everything hangs together; the bundle is there unless there are errors."""
        complete, troubles = with_targets(self.resources)
        for trouble in (*troubles, *check(complete)):
            self.trouble(trouble)
        self._place()
        if not self._documents and not has_errors(tuple(self._diagnostics)):
            self._diagnostics.append(_nothing(files))
        found = tuple(sorted(self._diagnostics, key=self._position))
        if has_errors(found):
            return Loaded(None, found, self._documents, files)
        origins = {address: self._span(home) for address, home in self._homes.items()}
        bundle = Bundle(self._request.project, complete, origins, files)
        return Loaded(bundle, found, self._documents, files)

    def _position(self, found: Diagnostic) -> tuple[int, int, int]:
        """Return what findings are sorted by: files as they were read, then line and column."""
        file, line, column = found.span
        return self._order.get(file, -1), line, column

    def _place(self) -> None:
        for file, count in self._unexplained.items():
            message = f"{count} more documents do not fit their schemas"
            hint = "mend the ones above first"
            self._diagnostics.append(Diagnostic(Severity.ERROR, Span(file), message, hint))
        if not self._pending:
            return
        from gitops.spec.places import placed  # noqa: PLC0415 - only after an error

        for file, findings in self._pending.items():
            placed_here = placed(findings, self._texts[file].text, file)
            self._diagnostics += [self._moved(found) for found in placed_here]

    def _span(self, home: _Home) -> Span:
        return self._moved_span(Span(home.file, home.line))

    def _moved(self, found: Diagnostic) -> Diagnostic:
        return found._replace(span=self._moved_span(found.span))

    def _moved_span(self, span: Span) -> Span:
        """Return a place in a template for one in the text that it renders to."""
        lines = self._lines.get(span.file)
        return span._replace(line=lines[min(span.line, len(lines)) - 1]) if lines else span


def _nothing(files: tuple[str, ...]) -> Diagnostic:
    where = Span(files[0] if files else ".")
    message = f"there is no document with apiVersion: {API_VERSION}"
    hint = "an empty set of specs is refused, so that nothing is removed by mistake"
    return Diagnostic(Severity.ERROR, where, message, hint)


def load_texts(
    texts: Mapping[str, str], request: LoadRequest, *, named: bool = False, folder: str = "/spec"
) -> Loaded:
    """Return what texts by file name make together; nothing of the disk is looked at."""
    assembly = Assembly(request)
    for name, text in texts.items():
        assembly.add(Text(name, f"{folder}/{name}", text, named))
    return assembly.finish(tuple(texts))

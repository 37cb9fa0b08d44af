"""Jinja2 templates (`*.yaml.j2`) to YAML text, with the template's line of every rendered line.

In: the text of a template and values. Out: YAML text. The sandbox keeps a template from reaching
Python's objects; an undefined value is an error. Imported only when there is a template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gitops.model.diagnostics import Diagnostic, Severity, Span
from gitops.spec.limits import FILE_BYTES

# A private-use character marks where a line of the template begins in the rendered text.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


_TEXT = "text of a spec"


class Fault(NamedTuple):
    """Why a text cannot be rendered, and on which of its lines."""

    line: int
    message: str


class Rendered(NamedTuple):
    """YAML text, and for each of its lines the line of the template that it comes from."""

    text: str
    lines: tuple[int, ...]


class _Sandbox(ImmutableSandboxedEnvironment):
    """Refuses the operators by which ten characters make a gigabyte."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja2's own signature
        """Apply an operator to small numbers only."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" and not (numbers and abs(left) <= 1024 and abs(right) <= 64):  # noqa: PLR2004
            raise SecurityError("** is for small numbers only")
        if operator == "*" and not numbers:
            raise SecurityError("* is for numbers only")
        if operator == "%" and not numbers:
            raise SecurityError("% is for numbers only; use the filter `format` for small texts")
        return super().call_binop(context, operator, left, right)


def render(text: str, file: str, values: Mapping[str, object]) -> Rendered | Diagnostic:
    """Return the rendered template, or what is wrong with it and on which line of the template."""
    sandbox = _sandbox()
    try:
        tree = sandbox.parse(text, filename=file)
        plain = _output(sandbox, tree, file, values)
        marked = _output(sandbox, _marked(sandbox.parse(text, filename=file)), file, values)
    except (TemplateError, *_FAILURES) as error:
        return _wrong(file, *_fault(error, file))
    if len(plain) > FILE_BYTES:
        return _wrong(file, 1, f"it renders to more than {FILE_BYTES} characters")
    return Rendered(plain, _lines(plain, marked))


def fill(text: str, values: Mapping[str, object], limit: int) -> str | Fault:
    """Return a text of a spec rendered, or why it cannot be; it is cut soon after `limit`."""
    sandbox = _sandbox()
    try:
        return _output(sandbox, sandbox.parse(text, filename=_TEXT), _TEXT, values, limit)
    except (TemplateError, *_FAILURES) as error:
        return _fault(error, _TEXT)


def _sandbox() -> _Sandbox:
    return _Sandbox(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=_spelled,
    )


def _fault(error: Exception, file: str) -> Fault:
    if isinstance(error, TemplateSyntaxError):
        return Fault(error.lineno, error.message or "it cannot be read")
    return Fault(_line_of(error, file), str(error) or type(error).__name__)


def _spelled(value: object) -> object:
    """Return a truth value or nothing as YAML spells it, not as Python does."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else value


def _output(
    sandbox: _Sandbox,
    tree: nodes.Template,
    file: str,
    values: Mapping[str, object],
    room: int = FILE_BYTES,
) -> str:
    code = sandbox.compile(tree, filename=file)
    template = sandbox.template_class.from_code(sandbox, code, sandbox.make_globals(None))
    pieces: list[str] = []
    for piece in template.generate(values):
        pieces.append(piece)
        room -= len(_MARK.sub("", piece))
        if room < 0:
            break
    return "".join(pieces)


def _marked(tree: nodes.Template) -> nodes.Template:
    """Return the tree with a mark at the start of each line of its text, and at each expression."""
    for output in tree.find_all(nodes.Output):
        parts: list[nodes.Expr] = []
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                lines = part.data.split("\n")
                marks = [f"{_OPEN}{part.lineno + n}{_CLOSE}{line}" for n, line in enumerate(lines)]
                parts.append(nodes.TemplateData("\n".join(marks), lineno=part.lineno))
            else:
                mark = f"{_OPEN}{part.lineno}{_CLOSE}"
                parts += [nodes.TemplateData(mark, lineno=part.lineno), part]
        output.nodes = parts
    return tree


def _lines(plain: str, marked: str) -> tuple[int, ...]:
    """Return the template's line of each rendered line.

    Where the marks changed what the template does (it measured or compared a text of its own), the
    rendered lines count as they are: a guess would name a wrong line with certainty.
    """
    if _MARK.sub("", marked) != plain:
        return ()
    found: list[int] = []
    last = 1
    for line in marked.split("\n"):
        marks = [int(number) for number in _MARK.findall(line)]
        found.append(marks[0] if marks else last)
        last = marks[-1] if marks else last
    return tuple(found)


def _line_of(error: BaseException, file: str) -> int:
    """Return the template's line in the innermost frame; Jinja2 rewrites tracebacks to have it."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _wrong(file: str, line: int, message: str) -> Diagnostic:
    hint = ""
    if "is undefined" in message:
        hint = "give it with --set NAME=VALUE or --values FILE; placeholders of a build task "
        hint += "stand between {% raw %} and {% endraw %}"
    return Diagnostic(Severity.ERROR, Span(file, line), f"template: {message}", hint)

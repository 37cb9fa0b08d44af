"""Renders a parsed template: walks its nodes and collects the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial

from gitops.spec.gotemplate import limits
from gitops.spec.gotemplate.evaluate import Evaluator
from gitops.spec.gotemplate.faults import Complaint, TemplateFault
from gitops.spec.gotemplate.nodes import Action, Branch, Include, Node, Parsed, Text
from gitops.spec.gotemplate.parser import parse
from gitops.spec.gotemplate.printing import show
from gitops.spec.gotemplate.signature import Function
from gitops.spec.gotemplate.values import Missing, absent, plain, truth, type_of
from gitops.spec.nearest import nearest


class _Renderer(Evaluator):
    """Walks nodes; the value of each pipeline comes from the class it builds on."""

    def __init__(self, parsed: Parsed, now: float) -> None:
        super().__init__(parsed.text, cache(partial(_functions, now)))
        self.templates = parsed.templates
        self.out: list[str] = []
        self.size = 0
        self.calls = 0

    def walk(self, nodes: tuple[Node, ...], dot: object) -> str:
        """Render nodes; return `break` or `continue` when one of them was met, else nothing."""
        for node in nodes:
            if isinstance(node, Text):
                self._write(node.text, node.at)
            elif isinstance(node, Action):
                self._action(node, dot)
            elif isinstance(node, Include):
                self._include(node, dot)
            elif isinstance(node, Branch):
                if jump := self._branch(node, dot):
                    return jump
            else:
                return node.word
        return ""

    def _write(self, text: str, at: int) -> None:
        self.spend(at, 1)
        self.size += len(text)
        if self.size > limits.OUTPUT:
            raise self.fault(at, f"the output has more than {limits.OUTPUT} characters")
        self.out.append(text)

    def _action(self, node: Action, dot: object) -> None:
        at = node.pipe.commands[-1].at
        value = self.pipeline(node.pipe, dot)
        if node.pipe.variables:
            return
        if isinstance(value, Missing) and self._in_comment(at):
            return  # what is commented out may name what is not given any more
        value = self._given(value, at)
        if value is None:
            raise self.fault(at, "the value is nil", 'give it another one: `default "x"`')
        try:
            self.spend(at, limits.weight(value))
        except Complaint as complaint:
            raise self.fault(at, complaint.message) from None
        self._write(show(value), at)

    def _given(self, value: object, at: int) -> object:
        """Return a value that is there; a variable may hold a missing key until it is used."""
        if isinstance(value, Missing):
            complaint = absent(value)
            raise self.fault(at, complaint.message, complaint.hint, complaint.missing)
        return value

    def _in_comment(self, at: int) -> bool:
        """Say whether only white space and a `#` stand before a place on its line."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return line.lstrip().startswith("#")

    def _include(self, node: Include, dot: object) -> None:
        if node.name not in self.templates:
            hint = nearest(node.name, self.templates, "defined are")
            raise self.fault(node.at, f"there is no template {node.name!r}", hint)
        if self.calls >= limits.CALLS:
            raise self.fault(node.at, f"templates call each other more than {limits.CALLS} deep")
        inner = None if node.pipe is None else self.pipeline(node.pipe, dot)
        outside, self.variables = self.variables, [("$", inner)]
        self.calls += 1
        self.walk(self.templates[node.name], inner)
        self.calls -= 1
        self.variables = outside

    def _branch(self, node: Branch, dot: object) -> str:
        in_view = len(self.variables)
        if node.word == "range":
            jump = self._range(node, dot)
        else:
            value = self.pipeline(node.pipe, dot)
            chosen = node.body if truth(value) else node.otherwise
            inner = value if node.word == "with" and truth(value) else dot
            jump = self.walk(chosen, inner)
        del self.variables[in_view:]
        return jump

    def _range(self, node: Branch, dot: object) -> str:
        value = self.pipeline(node.pipe._replace(variables=()), dot)
        if not (node.has_else and isinstance(value, Missing)):
            value = self._given(value, node.pipe.at)
        empty = True
        for index, item in self._items(value, node.pipe.at):
            empty = False
            in_view = len(self.variables)
            names = node.pipe.variables
            pairs = zip(names, (index, item) if len(names) > 1 else (item,), strict=False)
            for name, each in pairs:
                self.set(name, each, assigns=node.pipe.assigns)
            self.spend(node.at, 1)
            jump = self.walk(node.body, item)
            del self.variables[in_view:]
            if jump == "break":
                break
        return self.walk(node.otherwise, dot) if empty else ""

    def _items(self, value: object, at: int) -> Iterator[tuple[object, object]]:
        if isinstance(value, dict):
            return iter([(key, value[key]) for key in sorted(value)])
        if isinstance(value, list):
            return iter(list(enumerate(value)))
        if value is None or isinstance(value, Missing):
            return iter(())
        if isinstance(value, int) and not isinstance(value, bool):
            return ((number, number) for number in range(value))
        hint = "a list, a mapping or a whole number is wanted"
        raise self.fault(at, f"range cannot go over a {type_of(value)}", hint)


def _functions(now: float) -> Mapping[str, Function]:
    from gitops.spec.gotemplate.catalogue import (  # noqa: PLC0415 - few templates call any
        functions,
    )

    return functions(now)


def render(text: str, data: Mapping[str, object], now: float = 0.0) -> str:
    """Return the text with its actions carried out; raise TemplateFault where that fails.

    `data` is the dot: mappings, lists, texts, numbers, bools and None, nested in any way. `now`,
    seconds since 1970, is the time that `now` gives.
    """
    if "{{" not in text:
        return text
    parsed = parse(text)
    try:
        root = plain(data)
        renderer = _Renderer(parsed, now)
        renderer.variables.append(("$", root))
        renderer.walk(parsed.nodes, root)
    except Complaint as complaint:
        raise TemplateFault(complaint.message, hint=complaint.hint) from None
    except RecursionError:
        raise TemplateFault("the template or a value in it is nested too deeply") from None
    return "".join(renderer.out)

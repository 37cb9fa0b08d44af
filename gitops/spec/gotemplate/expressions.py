"""Parses pipelines: commands, words, parentheses, and the variables in view."""

from __future__ import annotations

from gitops.spec.gotemplate.faults import Complaint, TemplateFault, fault_at
from gitops.spec.gotemplate.limits import NESTING
from gitops.spec.gotemplate.literals import read_char, read_number, read_string
from gitops.spec.gotemplate.nodes import Chain, Command, Literal, Name, Path, Pipe, Word
from gitops.spec.gotemplate.tokens import Token
from gitops.spec.nearest import nearest

CONSTANTS: dict[str, object] = {"true": True, "false": False, "nil": None}
KEYWORDS = frozenset(
    {"if", "else", "end", "with", "range"} | {"define", "template", "block", "break", "continue"}
)
READERS = {"string": read_string, "char": read_char, "number": read_number}
STARTS = frozenset({"string", "char", "number", "variable", "field", "dot", "name"})


class Expressions:
    """Reads pipelines off a list of tokens, one after the other."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.next = 0
        self.variables = ["$"]
        self.depth = 0

    def fault(self, token: Token, message: str, hint: str = "") -> TemplateFault:
        """Return the fault at a token."""
        return fault_at(self.text, token.at, message, hint)

    @property
    def ahead(self) -> Token:
        """The token that is read next."""
        return self.tokens[self.next]

    def take(self) -> Token:
        """Return the next token and go on; the last one (`end`) is given again and again."""
        token = self.ahead
        self.next = min(self.next + 1, len(self.tokens) - 1)
        return token

    def close(self, where: str) -> None:
        """Take the end of an action."""
        token = self.take()
        if token.kind != "close":
            raise self.fault(token, f"unexpected {token.text!r} in {where}")

    def pipeline(self, where: str) -> Pipe:
        """Read a pipeline up to the end of the action or the parenthesis around it."""
        at = self.ahead.at
        variables, assigns = self._declared(where)
        commands = [self._command(where)]
        while self.ahead.text == "|":
            self.take()
            commands.append(self._command(where))
            if not isinstance(commands[-1].first, Name):
                raise fault_at(self.text, commands[-1].at, "only a function can stand after `|`")
        if not assigns:
            self.variables.extend(variables)
        return Pipe(variables, assigns, tuple(commands), at)

    def _declared(self, where: str) -> tuple[tuple[str, ...], bool]:
        marks = [token.text for token in self.tokens[self.next : self.next + 4]]
        if self.ahead.kind != "variable":
            return (), False
        if marks[1:2] in ([":="], ["="]):
            first = self.take()
            assigns = self.take().text == "="
            if assigns:
                self._check_variable(first)
            return (first.text,), assigns
        if where == "range" and marks[1:2] == [","]:
            first, _, second, mark = self.take(), self.take(), self.take(), self.take()
            if second.kind != "variable" or mark.text not in {":=", "="}:
                raise self.fault(second, "range takes `$index, $item := list`")
            if mark.text == "=":
                self._check_variable(first)
                self._check_variable(second)
            return (first.text, second.text), mark.text == "="
        return (), False

    def _check_variable(self, token: Token) -> None:
        if token.text not in self.variables:
            raise self.fault(
                token,
                f"the variable {token.text} is not declared here",
                nearest(token.text, self.variables, "declared are"),
            )

    def _command(self, where: str) -> Command:
        words: list[Word] = []
        start = self.ahead
        while self.ahead.kind in STARTS or self.ahead.text == "(":
            if words and not self.ahead.spaced and self.ahead.text != "(":
                raise self.fault(
                    self.ahead, f"unexpected {self.ahead.text!r}", "a space is missing"
                )
            words.append(self._word())
        if not words:
            what = self.ahead.text if self.ahead.kind != "close" else "the end of the action"
            raise self.fault(self.ahead, f"a value is missing in {where}, before {what}")
        first = words[0]
        if isinstance(first, Literal) and first.value is None:
            raise self.fault(start, "nil is not a command")
        if len(words) > 1 and not isinstance(first, Name):
            raise self.fault(
                start,
                f"{self._source(start)} is not a function and takes no arguments",
                "join with `|`",
            )
        return Command(first, tuple(words[1:]), start.at)

    def _source(self, start: Token) -> str:
        end = next(
            token.at for token in self.tokens[self.tokens.index(start) + 1 :] if token.spaced
        )
        return self.text[start.at : end].strip()

    def _word(self) -> Word:
        token = self.take()
        if token.text == "(" and token.kind == "mark":
            return self._parenthesis(token)
        if token.kind in READERS:
            return self._literal(token)
        if token.kind == "name" and token.text in CONSTANTS:
            return Literal(CONSTANTS[token.text], token.at)
        if token.kind == "name":
            return self._function(token)
        if token.kind == "variable":
            self._check_variable(token)
            return Path(token.text, self._names(), token.at)
        first = (token.text[1:],) if token.kind == "field" else ()
        return Path("", first + self._names(), token.at)

    def _literal(self, token: Token) -> Literal:
        try:
            return Literal(READERS[token.kind](token.text), token.at)
        except Complaint as complaint:
            raise self.fault(token, complaint.message, complaint.hint) from None

    def _function(self, token: Token) -> Name:
        if token.text in KEYWORDS:
            raise self.fault(token, f"`{token.text}` must stand first in its action")
        from gitops.spec.gotemplate.catalogue import (  # noqa: PLC0415 - few templates call any
            FUNCTIONS,
            REFUSED,
        )

        if token.text in REFUSED:
            raise self.fault(token, f"the function {token.text} is refused: {REFUSED[token.text]}")
        if token.text not in FUNCTIONS:
            hint = nearest(token.text, FUNCTIONS)
            raise self.fault(token, f"there is no function {token.text!r}", hint)
        return Name(token.text, token.at)

    def _parenthesis(self, opened: Token) -> Chain:
        self.depth += 1
        if self.depth > NESTING:
            raise self.fault(opened, f"parentheses are nested deeper than {NESTING}")
        pipe = self.pipeline("parentheses")
        if self.take().text != ")":
            raise self.fault(opened, "the parenthesis is not closed", "end it with )")
        self.depth -= 1
        return Chain(pipe, self._names(), opened.at)

    def _names(self) -> tuple[str, ...]:
        names: list[str] = []
        while self.ahead.kind == "field" and not self.ahead.spaced:
            names.append(self.take().text[1:])
        return tuple(names)

"""Parses a template: the blocks that `if`, `with`, `range`, `define` and `block` open."""

from __future__ import annotations

from typing import NamedTuple

from gitops.spec.gotemplate.expressions import Expressions
from gitops.spec.gotemplate.limits import NESTING
from gitops.spec.gotemplate.nodes import Action, Branch, Include, Jump, Node, Parsed, Text
from gitops.spec.gotemplate.tokens import Token, tokens


class _Block(NamedTuple):
    """A list of nodes and the word that ended it: `end`, `else`, or nothing at the file's end."""

    nodes: tuple[Node, ...]
    word: Token


class _Parser(Expressions):
    """Reads blocks; the pipelines inside are read by the class it builds on."""

    def __init__(self, text: str) -> None:
        super().__init__(text, tokens(text))
        self.templates: dict[str, tuple[Node, ...]] = {}
        self.blocks = 0
        self.loops = 0

    def parsed(self) -> Parsed:
        """Return the whole template."""
        block = self._block(top=True)
        return Parsed(self.text, block.nodes, self.templates)

    def _block(self, *, top: bool = False) -> _Block:
        nodes: list[Node] = []
        while True:
            token = self.take()
            if token.kind == "text":
                nodes.append(Text(token.text, token.at))
            elif token.kind == "end":
                return _Block(tuple(nodes), token)
            elif self.ahead.kind == "name" and self.ahead.text in {"end", "else"}:
                word = self.take()
                if top:
                    raise self.fault(word, f"`{word.text}` closes nothing: no block is open")
                return _Block(tuple(nodes), word)
            else:
                nodes.extend(self._action(token))

    def _action(self, opened: Token) -> list[Node]:
        word = self.ahead.text if self.ahead.kind == "name" else ""
        if word in {"if", "with", "range"}:
            self.take()
            return [self._branch(word, opened)]
        if word in {"define", "block", "template"}:
            return self._named(self.take())
        if word in {"break", "continue"}:
            token = self.take()
            if not self.loops:
                raise self.fault(token, f"`{word}` outside of a range")
            self.close(word)
            return [Jump(word, token.at)]
        pipe = self.pipeline("an action")
        self.close("an action")
        return [Action(pipe, opened.at)]

    def _branch(self, word: str, opened: Token) -> Branch:
        in_view = len(self.variables)
        self._enter(opened)
        pipe = self.pipeline(word)
        self.close(word)
        self.loops += word == "range"
        body = self._ended(opened, word)
        self.loops -= word == "range"
        otherwise: tuple[Node, ...] = ()
        if body.word.text == "else":
            otherwise = self._else(word, opened)
        else:
            self.close("end")
        del self.variables[in_view:]
        self.blocks -= 1
        return Branch(word, pipe, body.nodes, otherwise, body.word.text == "else", opened.at)

    def _else(self, word: str, opened: Token) -> tuple[Node, ...]:
        follows = self.ahead
        if follows.kind == "name" and follows.text in {"if", "with"}:
            if follows.text != word:
                raise self.fault(follows, f"`else {follows.text}` cannot follow `{word}`")
            return (self._branch(self.take().text, opened),)
        self.close("else")
        block = self._ended(opened, word)
        if block.word.text == "else":
            raise self.fault(block.word, f"`{word}` has an `else` already")
        self.close("end")
        return block.nodes

    def _named(self, word: Token) -> list[Node]:
        name = self.take()
        if name.kind != "string":
            raise self.fault(name, f'`{word.text}` wants a name in quotes: {word.text} "name"')
        title = str(self._literal(name).value)
        pipe = None
        if word.text == "block" or (word.text == "template" and self.ahead.kind != "close"):
            pipe = self.pipeline(word.text)
        self.close(word.text)
        if word.text != "template":
            self.templates[title] = self._definition(word)
        return [] if word.text == "define" else [Include(title, pipe, name.at)]

    def _definition(self, word: Token) -> tuple[Node, ...]:
        if word.text == "define" and self.blocks:
            raise self.fault(word, "`define` cannot stand inside another block")
        outside, self.variables = self.variables, ["$"]
        loops, self.loops = self.loops, 0
        self._enter(word)
        block = self._ended(word, word.text)
        if block.word.text == "else":
            raise self.fault(block.word, f"`else` cannot stand in `{word.text}`")
        self.close("end")
        self.blocks -= 1
        self.variables, self.loops = outside, loops
        return block.nodes

    def _enter(self, opened: Token) -> None:
        self.blocks += 1
        if self.blocks > NESTING:
            raise self.fault(opened, f"blocks are nested deeper than {NESTING}")

    def _ended(self, opened: Token, word: str) -> _Block:
        block = self._block()
        if block.word.kind == "end":
            raise self.fault(opened, f"`{word}` is not closed", "end it with {{ end }}")
        return block


def parse(text: str) -> Parsed:
    """Return the parsed template; raise TemplateFault where its syntax is wrong."""
    return _Parser(text).parsed()

"""What the Dockerfile of a stranger may not do on an engine that others build on. Pure.

A build is not a sandbox: its frontend, and what it fetches from URLs, run where the engine runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitops.model.dockerfile.lines import Instruction, read

LONGEST = 1 << 20
"""Characters of a Dockerfile."""
MOST_INSTRUCTIONS = 2_000
LONGEST_VALUE = 1 << 16
"""Characters that a variable may come to: values that double themselves stop a builder."""

FORBIDDEN_ARGS = re.compile(
    r"(?:http|https|ftp|no|all)_proxy|buildkit_.*", re.IGNORECASE | re.ASCII
)
"""Build args that lead the builder elsewhere, or that it leaves out of the keys of its cache."""

_SYNTAX = re.compile(r"\s*(?:#|//)\s*syntax\s*=\s*(\S+)", re.IGNORECASE)
_OFFICIAL = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_SETTING = re.compile(r"([A-Za-z_]\w*)=((?:\\.|'[^']*'|\"(?:\\.|[^\"\\])*\"|\S)*)")


def objections(dockerfile: str, args: Mapping[str, str]) -> Iterator[str]:
    """Give a sentence for each thing that may not be done; `args` are the build's."""
    if len(dockerfile) > LONGEST:
        yield f"the Dockerfile has more than {LONGEST} characters"
        return
    yield from _frontend(dockerfile)
    # As each kind of builder reads it: one takes for an instruction what is text to the other.
    both = (read(dockerfile, heredocs=heredocs).instructions for heredocs in (True, False))
    yield from dict.fromkeys(said for one in both for said in _of(one, args))


def _of(instructions: tuple[Instruction, ...], args: Mapping[str, str]) -> Iterator[str]:
    if len(instructions) > MOST_INSTRUCTIONS:
        yield f"the Dockerfile has more than {MOST_INSTRUCTIONS} instructions"
        return
    for instruction in instructions:
        yield from _fetches(instruction)
    yield from _bombs(instructions, args)


def _frontend(dockerfile: str) -> Iterator[str]:
    """Refuse any program but the official one in the place of the builder's own reader."""
    text = dockerfile.lstrip("\ufeff")
    if text.lstrip().startswith("{"):
        yield "the Dockerfile is JSON, which may name another frontend"
    for line in text.splitlines():
        found = _SYNTAX.match(line)
        if found and not _OFFICIAL.fullmatch(found[1]):
            yield f"`# syntax={found[1]}` runs a program in the place of the builder's frontend"
        if not line.lstrip().startswith(("#", "//")):
            return  # directives stand before anything else


def _fetches(outer: Instruction) -> Iterator[str]:
    """Refuse what the engine itself would fetch: it can reach its own machine."""
    instruction = outer.inner() if outer.keyword == "ONBUILD" else outer
    text = instruction.rest.text
    if instruction.keyword == "ADD" and ("://" in text or "git@" in text or "$" in text):
        yield (
            f"line {outer.line}: ADD of a URL, or of a variable that may be one, is fetched by the"
            " engine, which reaches what it should not; fetch it in a RUN, or use COPY"
        )


def _bombs(instructions: tuple[Instruction, ...], args: Mapping[str, str]) -> Iterator[str]:
    """Refuse values that grow from one instruction to the next."""
    lengths = {name: len(value) for name, value in args.items()}
    for instruction in instructions:
        text = instruction.rest.text
        if _length(text, lengths) > LONGEST_VALUE + len(text):
            what = f"come to more than {LONGEST_VALUE} characters"
            yield f"line {instruction.line}: its variables {what}"
            return
        if instruction.keyword in ("ARG", "ENV"):
            for name, value in _SETTING.findall(text):
                lengths[name] = max(lengths.get(name, 0), _length(value, lengths))


def _length(text: str, lengths: Mapping[str, int]) -> int:
    return len(text) + sum(lengths.get(name, 0) for name in _VARIABLE.findall(text))

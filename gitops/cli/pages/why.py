"""An explanation as a page for people: a line that says it all, then what it rests on."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable

import click

from gitops.cli.pages.moments import ago, moment
from gitops.model.conditions import Truth
from gitops.model.explanation import Explanation, Failure, Running
from gitops.plan.deploys.holds import described
from gitops.plan.describe import kebab

_LABEL = 11
_NARROWEST = 60
_HUES = {Truth.TRUE: "green", Truth.FALSE: "red", Truth.UNKNOWN: "yellow"}


class _Paper:
    """Lines under labels. Lines are broken at the terminal's width, and in a pipe not at all."""

    def __init__(self, *, color: bool) -> None:
        on_terminal = sys.stdout.isatty()
        self._color = color and on_terminal
        self._width = max(shutil.get_terminal_size().columns, _NARROWEST) if on_terminal else 0
        self._lines: list[str] = []

    def head(self, text: str, hue: str) -> None:
        self._lines += [self._style(line, fg=hue, bold=True) for line in self._broken(text, 0)]

    def plain(self, text: str) -> None:
        self._lines += self._broken(text, 0)

    def item(self, label: str, text: str, hue: str | None = None) -> None:
        """Put a text behind its label, or below the last one when the label is empty."""
        for number, line in enumerate(self._broken(text, _LABEL)):
            name = self._style(f"{label if number == 0 else '':<{_LABEL}}", bold=True)
            self._lines.append(f"{name}{self._style(line, fg=hue)}".rstrip())

    def quote(self, label: str, lines: Iterable[str]) -> None:
        """Put the lines of a log below one another, as they are."""
        for number, line in enumerate(lines):
            name = self._style(f"{label if number == 0 else '':<{_LABEL}}", bold=True)
            self._lines.append(f"{name}{self._style(f'| {line}', dim=True)}")

    def gap(self) -> None:
        self._lines.append("")

    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)

    def _broken(self, text: str, indent: int) -> list[str]:
        if not self._width:
            return [text]
        return textwrap.wrap(text, self._width - indent, break_on_hyphens=False) or [""]

    def _style(
        self, text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False
    ) -> str:
        if not self._color or not (fg or bold or dim):
            return text
        return click.style(text, fg=fg, bold=bold or None, dim=dim or None)


def page(found: Explanation, now: float, *, color: bool) -> str:
    """Return the page; two lines when all is and was well and none is held. `now` is for ages."""
    paper = _Paper(color=color)
    _head(paper, found, now)
    if found.ready.status is Truth.TRUE:
        paper.plain(_in_short(found))
        _troubles(paper, found)
        _killed(paper, found, now)
        if found.held is not None:
            _held(paper, found, now)
            _advise(paper, found)
        return paper.text()
    paper.gap()
    if found.wanted:
        paper.item("wanted", _wanted(found))
    _containers(paper, found)
    _killed(paper, found, now)
    if found.held is not None:
        _held(paper, found, now)
    if found.next_step:
        paper.item("next", found.next_step)
    if found.failure is not None:
        _failed(paper, found.failure, now)
    if not found.remembered:
        paper.item("history", "none on this machine: what failed before is not known here")
    _advise(paper, found)
    return paper.text()


def _head(paper: _Paper, found: Explanation, now: float) -> None:
    ready = found.ready
    state = {Truth.TRUE: "is ready", Truth.FALSE: "is not ready", Truth.UNKNOWN: "is unknown"}
    since = f", since {_when(found.since, now)}" if found.since else ""
    reason = "" if ready.reason == "Ready" else f" {ready.reason}:"
    message = ready.message.partition("\n")[0]
    url = f"  {found.url}" if ready.status is Truth.TRUE and found.url else ""
    told = f"{found.address} {state[ready.status]}:{reason} {message}{since}{url}"
    paper.head(told, _HUES[ready.status])


def _in_short(found: Explanation) -> str:
    parts = [_wanted(found)] if found.wanted else []
    parts += [f"{one.name}: {one.status}{_restarts(one)}" for one in found.running]
    return "; ".join(parts) or "nothing runs for it by itself"


def _troubles(paper: _Paper, found: Explanation) -> None:
    """Put what is or was wrong with a container, though all is well as a whole."""
    for one in found.running:
        if one.cause:
            paper.plain(f"{one.name}: {one.cause}{f'; {one.todo}' if one.todo else ''}")


def _killed(paper: _Paper, found: Explanation, now: float) -> None:
    killed = found.killed
    if killed is not None:
        often = f", {killed.times} times since {moment(killed.first)}" if killed.times > 1 else ""
        paper.item("killed", f"{killed.message}; {_when(killed.last, now)}{often}")


def _wanted(found: Explanation) -> str:
    count = "1 replica" if found.replicas == 1 else f"{found.replicas} replicas"
    of = f"{count} of " if found.address.kind == "WebApp" else ""
    commit = f", commit {found.commit[:8]}" if found.commit else ""
    return f"{of}{found.wanted}{commit}"


def _containers(paper: _Paper, found: Explanation) -> None:
    if not found.running and found.address.kind in ("WebApp", "Registry", "Target"):
        paper.item("running", "nothing")
    for number, one in enumerate(found.running):
        paper.item("running" if number == 0 else "", _container(one))
        if one.cause:
            paper.item("", one.cause, "red")
            paper.quote("", one.log)


def _container(one: Running) -> str:
    parts = [f"{one.name} {one.state} ({one.status})"]
    parts += [f"revision {one.revision}"] if one.revision else []
    parts += ["gets requests" if one.state == "running" else "routed"] if one.routed else []
    parts += [f"gateway: {one.gateway}"] if one.gateway else []
    return ", ".join(parts) + _restarts(one)


def _restarts(one: Running) -> str:
    return f", restarts: {one.restarts}" if one.restarts > 0 else ""


def _held(paper: _Paper, found: Explanation, now: float) -> None:
    if found.held is not None:
        paper.item("held", f"{described(found.held)}, since {_when(found.held.since, now)}")


def _failed(paper: _Paper, failure: Failure, now: float) -> None:
    where = [_when(failure.time, now)] if failure.time else []
    if failure.run:
        step = f", step {failure.step}" if failure.step else ""
        where.append(f"run {failure.run}{step}")
    action = kebab(failure.action)
    what = f"{action}: {failure.what}" if action else failure.what
    paper.gap()
    paper.item("failed", what)
    if where:
        paper.item("", ", ".join(where))
    paper.item("cause", failure.cause, "red")
    if failure.answer:
        paper.item("answer", failure.answer)
    if failure.exit_code:
        paper.item("exit code", failure.exit_code)
    for number, fact in enumerate(failure.facts):
        paper.item("details" if number == 0 else "", fact)
    paper.quote("log", failure.log)


def _advise(paper: _Paper, found: Explanation) -> None:
    if not found.todo:
        return
    paper.gap()
    for number, line in enumerate(found.todo):
        paper.item("what to do" if number == 0 else "", f"- {line}")


def _when(seconds: float, now: float) -> str:
    return f"{moment(seconds)} ({ago(now - seconds)})"

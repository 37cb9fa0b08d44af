"""Whether a container ended by itself is asked of the engine's events."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlparse

import pytest

from gitops.drivers.base import DriverError
from gitops.drivers.engine.http import Answer
from gitops.drivers.tasks.outside_end import Span, check_own_end

KILLED = json.dumps({"Actor": {"Attributes": {"signal": "15"}}}).encode()


class Engine:
    """Remembers what it was asked for, and answers with one body."""

    def __init__(self, body: bytes = b"") -> None:
        self.body = body
        self.asked = ""

    def call(self, _method: str, path: str) -> Answer:
        """Answer any call."""
        self.asked = path
        return Answer(200, self.body, "")


def test_a_start_that_was_written_down_after_the_end() -> None:
    """A busy engine may date the start of a short container after its end: no reason to fail."""
    engine = Engine()
    span = Span(
        StartedAt="2026-11-24T02:07:36.03435114Z", FinishedAt="2026-11-24T02:07:36.010329597Z"
    )
    check_own_end(engine, "c1", span)  # type: ignore[arg-type]
    asked = parse_qs(urlparse(engine.asked).query)
    assert asked["since"] == ["1795486056.034351140"]
    assert asked["until"] == ["1795486056.084351140"]


def test_a_signal_through_the_engine_is_no_end_of_its_own() -> None:
    """A container that was asked to end did not end by itself."""
    span = Span(StartedAt="2026-11-24T02:07:36Z", FinishedAt="2026-11-24T02:07:37.5Z")
    with pytest.raises(DriverError, match="signal 15"):
        check_own_end(Engine(KILLED), "c1", span)  # type: ignore[arg-type]
